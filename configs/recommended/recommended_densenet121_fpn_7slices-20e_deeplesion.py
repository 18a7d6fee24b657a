# The recommended recipe: AlignShift on slices cropped to the body, of random
# size and position, with anchors, samples and masks for real lesions.
#
# GPUs  images a GPU  images an iteration  rate   warm-up, iterations
#    1            16                   16  0.02                   500
#    8             8                   64  0.08                   500
#   32             4                  128  0.16                   500
_base_ = [
    '../_base_/models/context/a3d_densenet121_fpn.py',
    '../_base_/datasets/deeplesion_7slices.py',
    '../_base_/datasets/crop_to_body.py',
    '../_base_/schedules/sgd_20e.py',
    '../_base_/schedules/gpus.py',
    '../_base_/default_runtime.py',
    '../_base_/variants/align_shift.py',
    '../_base_/variants/dense_anchors.py',
    '../_base_/variants/fitted_masks.py',
    '../_base_/variants/position_jitter.py',
]

model = dict(_base_.align_shift, **_base_.dense_anchors)

load, window, masks, annotations = _base_.train_pipeline[:4]
start = [
    load,
    _base_.crop_to_body,
    window,
    dict(masks, **_base_.fitted_masks),
    annotations,
]
train_pipeline = [
    *start,
    dict(_base_.resize, type='mmuldor.RandomResizeToSpacing'),
    _base_.position_jitter,
    *_base_.train_pipeline[5:],
]
val_loss_pipeline = [*start, *_base_.val_loss_pipeline[4:]]
test_pipeline = [load, _base_.crop_to_body, *_base_.test_pipeline[1:]]
# `--cfg-options train_dataloader.batch_size=8` on 8 GPUs.
train_dataloader = dict(
    _base_.on_1_gpu, dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
# Beyond the nine epochs before the rate first falls.
default_hooks = dict(early_stopping=dict(patience=10))
del load, window, masks, annotations, start
