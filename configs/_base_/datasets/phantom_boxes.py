# Without masks, for detectors that have no use for them.
_base_ = './phantom.py'

train_pipeline = [
    dict(type='LoadAnnotations', with_bbox=True)
    if step['type'] == 'LoadAnnotations' else step
    for step in _base_.train_pipeline
    if step['type'] != 'mmuldor.RecistToMask'
]
val_loss_pipeline = [
    step for step in train_pipeline if step['type'] != 'RandomFlip'
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
