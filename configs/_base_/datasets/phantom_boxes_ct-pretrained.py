# The input of weights that were trained on CT: HU -1000 to 1000.
_base_ = './phantom_boxes.py'

load_pipeline = [
    _base_.load_pipeline[0],
    dict(type='mmuldor.WindowHU', windows=[(-1000, 1000)]),
]
train_pipeline = [*load_pipeline, *_base_.train_pipeline[2:]]
val_loss_pipeline = [*load_pipeline, *_base_.val_loss_pipeline[2:]]
test_pipeline = [*load_pipeline, *_base_.test_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
