# GroupNorm, slices cropped to the body, finer pixels, random size and position.
_base_ = [
    '../../../configs/blocks/model/mask-rcnn_r18_fpn_gn-5e_phantom.py',
    '../../../configs/_base_/datasets/crop_to_body.py',
    '../../../configs/_base_/variants/position_jitter.py',
    '../../../configs/_base_/variants/fine_spacing.py',
]

# Of training and validation loss: window, masks, annotations, then resizing.
load, *masks = _base_.train_pipeline[:4]
start = [load, _base_.crop_to_body, *masks]
resize = dict(_base_.resize, **_base_.fine_spacing_phantom)
train_pipeline = [
    *start,
    dict(resize, type='mmuldor.RandomResizeToSpacing'),
    _base_.position_jitter,
    *_base_.train_pipeline[5:],
]
val_loss_pipeline = [*start, resize, *_base_.val_loss_pipeline[5:]]
window = _base_.test_pipeline[1]
test_pipeline = [
    load, _base_.crop_to_body, window, resize, *_base_.test_pipeline[3:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
del load, masks, start, window
