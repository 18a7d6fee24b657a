#!/usr/bin/env bash
# The whole method on a synthetic CT set: the commands of the README, in order.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=work_dirs/demo
# Threads that spin for long while they wait stall each other on a busy machine.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-30000}
data=$demo/phantom
start=$SECONDS
step() { printf '\n[%3d s] %s\n' $((SECONDS - start)) "$1"; }

# train_and_test NAME CONFIG [OPTIONS of tools/train.py]
train_and_test() {
    local work=$demo/$1 config=$2 began=$SECONDS
    step "Training $1"
    python tools/train.py "$config" --work-dir "$work" "${@:3}"
    echo $((SECONDS - began)) > "$work/seconds"
    step "Testing $1"
    python tools/test.py "$config" "$(cat "$work/last_checkpoint")" \
        --work-dir "$work" --out "$work/results.json"
}

step 'Making a synthetic CT set'
python data_prep/make_phantom.py $data --splits 400 20 120 --size 384 \
    --neighbours 1 --seed 0 --overwrite
python data_prep/deeplesion_to_coco.py --csv $data/DL_info.csv \
    --images $data/Images_png --out $data

train_and_test faster_rcnn configs/faster_rcnn/faster-rcnn_r18_fpn_5e_phantom.py
train_and_test mask_rcnn configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py
# HNEM continues from the Mask R-CNN of three epochs out of five: equal
# iterations for both.
train_and_test uldor configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py \
    --cfg-options load_from=$demo/mask_rcnn/epoch_3.pth

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
    --out $demo/report

step 'Finding the lesions of a whole synthetic scan'
scan=$demo/scan
python data_prep/make_phantom.py $scan --images 3 --neighbours 30 --size 384 \
    --seed 11 --overwrite
python data_prep/convert_volumes.py to-nifti $scan/Images_png \
    --csv $scan/DL_info.csv --out $scan
python tools/infer.py $scan/000002_01_01_*.nii.gz \
    configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py \
    "$(cat $demo/uldor/last_checkpoint)" --score-thr 0.8 --out $scan/found
step "Done. Open $demo/report/index.html and $scan/found/report.html"
