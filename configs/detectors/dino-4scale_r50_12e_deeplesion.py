_base_ = [
    '../_base_/models/dino-4scale_r50.py',
    '../_base_/datasets/deeplesion_boxes.py',
    '../_base_/schedules/adamw_12e.py',
    '../_base_/default_runtime.py',
]

# As in mmdet: a lower learning rate of the backbone, gradient clipping.
optim_wrapper = dict(
    optimizer=dict(weight_decay=0.0001),
    clip_grad=dict(max_norm=0.1),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))))
# Beyond the eight epochs before the rate first falls.
default_hooks = dict(early_stopping=dict(patience=9))
