# Three slices at intervals of 2 mm, interpolated between the stored slices: of
# DeepLesion's 1 mm slices every second, of its 5 mm slices what lies between.
_base_ = '../deeplesion.py'

load_pipeline = [
    dict(_base_.load_pipeline[0], slice_interval_mm=2.0),
    _base_.load_pipeline[1],
]
train_pipeline = [*load_pipeline, *_base_.train_pipeline[2:]]
val_loss_pipeline = [*load_pipeline, *_base_.val_loss_pipeline[2:]]
test_pipeline = [*load_pipeline, *_base_.test_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
