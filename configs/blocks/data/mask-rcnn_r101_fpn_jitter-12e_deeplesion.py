# Random size, 0.8 to 1.2 times, and position.
_base_ = [
    '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../../_base_/variants/position_jitter.py',
]

train_pipeline = [
    *_base_.train_pipeline[:4],
    dict(_base_.resize, type='mmuldor.RandomResizeToSpacing'),
    _base_.position_jitter,
    *_base_.train_pipeline[5:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
