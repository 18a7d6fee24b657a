# The same with pasted lesions and the average of the weights.
_base_ = ['./crop-fine-gn.py', '../../../configs/_base_/variants/ema.py']

load, crop, window, masks, *rest = _base_.train_pipeline
train_pipeline = [
    load,
    crop,
    masks,
    dict(type='mmuldor.CopyPasteLesions', prob=0.5),
    window,
    *rest,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(ema=_base_.ema_short)
del load, crop, window, masks, rest
