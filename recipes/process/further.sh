#!/bin/sh
# What the log reports beside run.sh, after it: the choice of a use on validation questions, probes, GRPO with and
# without the penalty, two models as scorers of each other, and real responses where their folders are named.
#   MATHV=path/to/mathvision LOGICVISTA=path/to/logicvista sh recipes/process/further.sh
# MATHV and LOGICVISTA hold the benchmark's own records (items.jsonl), its images/ and responses.jsonl: a row for each
# response with id, the model's name as run, and the text as response (LogicVista: answer.answer).
set -eu
seethink=${SEETHINK:-seethink}
here=recipes/process
out=runs/process
train="--data $out/train/items.jsonl --images $out/train/images"
test="--data $out/test/items.jsonl --images $out/test/images"

# Which aggregation suits which use is decided here, and nowhere on held-out questions.
[ -e $out/validation ] || $seethink world items --out $out/validation count=400 seed=0 split=validation
validation="--data $out/validation/items.jsonl --images $out/validation/images"
$seethink eval $validation --out $out/validation_pool draws=16
$seethink process bench $validation --responses $out/validation_pool --out $out/validation_bench --config $here/bench.yaml

$seethink process probe $test --out $out/probes --config $here/errors.yaml

# false_steps and right of every response stand in $out/grpo_*_traces/table, those of the base in base_traces/table.
$seethink train grpo $train --out $out/grpo_plain --config $here/grpo.yaml process=null
$seethink train grpo $train --out $out/grpo_penalty --config $here/grpo.yaml
for run in plain penalty; do
    $seethink eval $test --model $out/grpo_$run/model --out $out/grpo_${run}_test draws=4
    $seethink analyse traces $out/grpo_${run}_test/responses $test --out $out/grpo_${run}_traces
done
$seethink eval $test --out $out/base_test draws=4
$seethink analyse traces $out/base_test/responses $test --out $out/base_traces

# Own accuracy against worth as a scorer, of the base and of what GRPO made of it, and the other figures of two_models.yaml.
$seethink process train --rows $out/labels_truth/rows.jsonl --images $out/labels_truth --splitting lines \
    --model $out/grpo_plain/model --out $out/prm_grpo --config $here/prm.yaml
$seethink process bench $test --responses $out/base_test --responses $out/grpo_plain_test --out $out/two_models \
    --config $here/two_models.yaml
$seethink process figures $out/two_models/results.json --out $out/two_models/figures

if [ -n "${MATHV:-}" ]; then
    $seethink process bench --data $MATHV/items.jsonl --images $MATHV --format mathvision \
        --responses $MATHV/responses.jsonl --maker run --out $out/mathv --config $here/real.yaml
fi
if [ -n "${LOGICVISTA:-}" ]; then
    # Its responses are letters without reasoning: nothing but an outcome can be scored.
    $seethink process bench --data $LOGICVISTA/items.jsonl --images $LOGICVISTA/images --format logicvista \
        --responses $LOGICVISTA/responses.jsonl --response answer.answer --maker run --out $out/logicvista \
        --config $here/real_outcome.yaml
fi
