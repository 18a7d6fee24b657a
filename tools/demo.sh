#!/usr/bin/env bash
# The whole method on a synthetic CT set: the commands of the README. The
# trainings run beside each other, a core's worth of threads each: a small
# model gains little from a second thread (0.27 s an iteration with two, 0.43 s
# for one of two trainings with one each).
set -euo pipefail
cd "$(dirname "$0")/.."
demo=work_dirs/demo
cores=$(getconf _NPROCESSORS_ONLN)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > 3 ? cores / 2 : 1))}
# Threads that spin for long while they wait stall each other on a busy machine.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-30000}
data=$demo/phantom
start=$SECONDS
step() { printf '\n[%3d s] %s\n' $((SECONDS - start)) "$1"; }
# Nothing goes on alone after an error or Ctrl-C: a job is a process group.
jobs=()
end() {
    trap - EXIT INT TERM
    for job in ${jobs[@]+"${jobs[@]}"}; do
        kill -- "-$job" 2> /dev/null || true
    done
}
trap end EXIT
trap 'end; exit 130' INT TERM
begin() {
    set -m
    "$@" &
    set +m
    jobs+=($!)
}

# train_and_test NAME CONFIG [OPTIONS of tools/train.py]: as `train_then_test`,
# but each line that is printed begins with the name.
train_and_test() {
    train_then_test "$@" 2>&1 | while IFS= read -r line; do
        printf '%-11s | %s\n' "$1" "$line"
    done
}
train_then_test() {
    local work=$demo/$1 config=$2 began=$SECONDS
    step "Training $1"
    python tools/train.py "$config" --work-dir "$work" "${@:3}"
    echo $((SECONDS - began)) > "$work/seconds"
    step "Testing $1"
    python tools/test.py "$config" "$(cat "$work/last_checkpoint")" \
        --work-dir "$work" --out "$work/results.json"
}

# Files are written beside and renamed: what is there is complete. While all
# jobs run; which of them has ended early, and how, `wait` tells.
wait_for() {
    local job
    until [ -e "$1" ]; do
        for job in "${jobs[@]}"; do
            kill -0 "$job" 2> /dev/null || wait "$job"
        done
        sleep 0.2
    done
}

# Of an unfinished training: for the eyes, not for the table.
first_look() {
    local look=$demo/first_look
    look_at_first_epoch "$look" > $demo/first_look.log 2>&1 || {
        cat $demo/first_look.log >&2
        return 1
    }
    step "A first look, after one epoch of five: open $look/index.html"
}
look_at_first_epoch() {
    python tools/test.py configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py \
        $demo/mask_rcnn/epoch_1.pth --work-dir "$1" --out "$1/results.json" &&
        python tools/report.py --ann $data/test.json \
            --images $data/Images_png --truth $data/truth.json \
            --run "Mask R-CNN, epoch 1 of 5=$1/results.json" \
            --title 'A first look: after one epoch of five' \
            --note 'Stage: unfinished training; the report comes later' \
            --out "$1"
}

step 'Making a synthetic CT set'
python data_prep/make_phantom.py $data --splits 400 20 120 --size 384 \
    --neighbours 1 --seed 0 --overwrite
python data_prep/deeplesion_to_coco.py --csv $data/DL_info.csv \
    --images $data/Images_png --out $data

# An earlier demo's would be taken for this one's.
rm -f $demo/*/epoch_*.pth
begin train_and_test mask_rcnn \
    configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py
begin train_and_test faster_rcnn \
    configs/faster_rcnn/faster-rcnn_r18_fpn_5e_phantom.py
wait_for $demo/mask_rcnn/epoch_1.pth
begin first_look
# HNEM continues from the Mask R-CNN of three epochs out of five: equal
# iterations for both.
wait_for $demo/mask_rcnn/epoch_3.pth
begin train_and_test uldor configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py \
    --cfg-options load_from=$demo/mask_rcnn/epoch_3.pth
# The first that failed ends the demo.
for job in "${jobs[@]}"; do wait "$job"; done

step 'Writing the report'
python tools/report.py --ann $data/test.json --images $data/Images_png \
    --run "Mask R-CNN w/o Mask=$demo/faster_rcnn/results.json" \
    --run "Mask R-CNN=$demo/mask_rcnn/results.json" \
    --run "Mask R-CNN + HNEM=$demo/uldor/results.json" \
    --with-fp 'Mask R-CNN + HNEM' \
    --train-ann $data/train.json --bank-dir $demo/uldor/hard_negatives \
    --truth $data/truth.json --title 'ULDor on a synthetic CT set' \
    --note "Training time w/o mask: $(cat $demo/faster_rcnn/seconds) s" \
    --note "Training time Mask R-CNN: $(cat $demo/mask_rcnn/seconds) s" \
    --note "Training time HNEM, last two epochs: $(cat $demo/uldor/seconds) s" \
    --note 'Training times: beside each other' \
    --out $demo/report

step 'Publishing the model as one file'
rm -rf $demo/published
python tools/publish_model.py "$(cat $demo/uldor/last_checkpoint)" \
    --config configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py \
    --froc $demo/report/comparison.json --row 'Mask R-CNN + HNEM' \
    --data 'A synthetic CT set: make demo' --out $demo/published
model=$(echo $demo/published/*.mmuldor)

step 'Finding the lesions of a whole synthetic scan'
scan=$demo/scan
python data_prep/make_phantom.py $scan --images 3 --neighbours 30 --size 384 \
    --seed 11 --overwrite
python data_prep/convert_volumes.py to-nifti $scan/Images_png \
    --csv $scan/DL_info.csv --out $scan
python tools/infer.py $scan/000002_01_01_*.nii.gz --model "$model" \
    --score-thr 0.8 --truth $scan/volumes.json --out $scan/found
step "Done. Open $demo/report/index.html and $scan/found/report.html"
echo "The model as one file: $model"
