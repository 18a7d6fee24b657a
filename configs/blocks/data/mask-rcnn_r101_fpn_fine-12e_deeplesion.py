_base_ = [
    '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../../_base_/variants/fine_spacing.py',
]

resize = dict(_base_.resize, **_base_.fine_spacing)
train_pipeline = [
    *_base_.train_pipeline[:4], resize, *_base_.train_pipeline[5:]]
val_loss_pipeline = [
    *_base_.val_loss_pipeline[:4], resize, *_base_.val_loss_pipeline[5:]]
test_pipeline = [
    *_base_.test_pipeline[:2], resize, *_base_.test_pipeline[3:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
