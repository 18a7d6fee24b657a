# The same on finer pixels.
_base_ = ['./shift-crop.py', '../../../configs/_base_/variants/fine_spacing.py']

resize = dict(_base_.resize, **_base_.fine_spacing_phantom)
train_pipeline = [
    *_base_.train_pipeline[:5],
    dict(resize, type='mmuldor.RandomResizeToSpacing'),
    *_base_.train_pipeline[6:],
]
val_loss_pipeline = [
    *_base_.val_loss_pipeline[:5], resize, *_base_.val_loss_pipeline[6:]]
test_pipeline = [
    *_base_.test_pipeline[:3], resize, *_base_.test_pipeline[4:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

# Three epochs take as long as the paper's system.
train_cfg = dict(max_epochs=3, val_interval=3)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=3, T_max=3),
]
