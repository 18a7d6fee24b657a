# Slices cropped to the body.
_base_ = [
    '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../../_base_/datasets/crop_to_body.py',
]

train_pipeline, val_loss_pipeline, test_pipeline = (
    [load, _base_.crop_to_body, *steps]
    for load, *steps in (
        _base_.train_pipeline,
        _base_.val_loss_pipeline,
        _base_.test_pipeline))
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
