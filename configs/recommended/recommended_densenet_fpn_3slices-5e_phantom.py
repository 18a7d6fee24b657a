# The recommended recipe in small: AlignShift on slices cropped to the body, of
# random size and position.
_base_ = [
    '../slices/alignshift_densenet_fpn_3slices-5e_phantom.py',
    '../_base_/datasets/crop_to_body.py',
    '../_base_/variants/position_jitter.py',
]

# Of training and validation loss: window, masks, annotations, then resizing.
load, *masks = _base_.train_pipeline[:4]
start = [load, _base_.crop_to_body, *masks]
train_pipeline = [
    *start,
    dict(_base_.resize, type='mmuldor.RandomResizeToSpacing'),
    _base_.position_jitter,
    *_base_.train_pipeline[5:],
]
val_loss_pipeline = [*start, *_base_.val_loss_pipeline[4:]]
test_pipeline = [load, _base_.crop_to_body, *_base_.test_pipeline[1:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del load, masks, start
