# Without masks, for detectors without a mask head.
_base_ = './deeplesion.py'

load_boxes = [
    *_base_.load_pipeline, dict(type='LoadAnnotations', with_bbox=True)]
train_pipeline = [*load_boxes, *_base_.train_pipeline[4:]]
val_loss_pipeline = [*load_boxes, *_base_.val_loss_pipeline[4:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
