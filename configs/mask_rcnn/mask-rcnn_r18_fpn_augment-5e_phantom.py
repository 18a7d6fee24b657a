# Augmentation of window, slice, size, and flips in both directions.
_base_ = './mask-rcnn_r18_fpn_5e_phantom.py'

load_pipeline = [
    dict(type='mmuldor.RandomSlice', max_mm=1.0),
    _base_.load_pipeline[0],
    dict(_base_.load_pipeline[1], type='mmuldor.RandomWindowHU'),
]
train_pipeline = [
    *load_pipeline,
    *_base_.train_pipeline[2:4],
    dict(_base_.resize, type='mmuldor.RandomResizeToSpacing'),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal']),
    _base_.train_pipeline[-1],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
