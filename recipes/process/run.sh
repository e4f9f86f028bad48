#!/bin/sh
# From nothing to a benchmark of reward models on the embedded world, from the checkout:
#   sh recipes/process/run.sh
# It calls seethink: activate its environment first, or name the command: SEETHINK=.venv/bin/seethink. Give it again
# after a kill: what is finished is not done twice, what was begun goes on.
set -eu
seethink=${SEETHINK:-seethink}
here=recipes/process
out=runs/process

[ -e $out/train ] || $seethink world items --out $out/train count=1600 seed=1 split=train
[ -e $out/test ] || $seethink world items --out $out/test count=800 seed=0 split=heldout
train="--data $out/train/items.jsonl --images $out/train/images"
test="--data $out/test/items.jsonl --images $out/test/images"

$seethink eval $train --out $out/pool draws=8
for labels in truth monte_carlo outcome; do
    $seethink process label $train --responses $out/pool --out $out/labels_$labels --config $here/labels_$labels.yaml
    $seethink process train --rows $out/labels_$labels/rows.jsonl --images $out/labels_$labels --splitting lines \
        --out $out/prm_$labels --config $here/prm.yaml
done

$seethink eval $test --out $out/test_pool draws=16
$seethink process bench $test --responses $out/test_pool --out $out/bench --config $here/bench.yaml
$seethink process figures $out/bench/results.json --out $out/bench/figures
$seethink process errors $test --benchmark world --responses $out/test_pool --out $out/errors --config $here/errors.yaml
