#!/bin/sh
# Other heads, and another use, on the validation questions of further.sh, after it: a head of two words, heads on a body
# that is not trained, and step-level beam search.
#   sh recipes/process/variants.sh
set -eu
seethink=${SEETHINK:-seethink}
here=recipes/process
out=runs/process
validation="--data $out/validation/items.jsonl --images $out/validation/images"

rows="--rows $out/labels_truth/rows.jsonl --images $out/labels_truth --splitting lines"
$seethink process train $rows --out $out/prm_tokens --config $here/prm.yaml head.kind=tokens
$seethink process train $rows --out $out/prm_frozen --config $here/prm.yaml 'frozen=[vision,merger,language]'
$seethink process bench $validation --responses $out/validation_pool --out $out/variants --config $here/variants.yaml

for aggregation in last min product; do
    $seethink process search $validation --out $out/search_$aggregation --config $here/search.yaml beam.aggregation=$aggregation
done

# Wider, and with exact truth in the place of the scorer: what of the loss is the search's.
$seethink process search $validation --out $out/search_four --config $here/search.yaml beam.aggregation=min beam.beams=4
$seethink process search $validation --out $out/search_truth --config $here/search.yaml beam.aggregation=min 'scorer={kind: truth}'
