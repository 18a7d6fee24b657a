# Nine slices at intervals of 2 mm, each in three windows.
_base_ = ['./deeplesion_9slices.py', './mvp_windows.py']

load_pipeline = [_base_.load_pipeline[0], _base_.mvp_windows]
train_pipeline = [*load_pipeline, *_base_.train_pipeline[2:]]
val_loss_pipeline = [*load_pipeline, *_base_.val_loss_pipeline[2:]]
test_pipeline = [*load_pipeline, *_base_.test_pipeline[2:]]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
