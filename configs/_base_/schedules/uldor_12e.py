# SGD of ULDor (ISBI 2019), section 2.3; two images a GPU.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=1)
val_cfg = dict(type='mmuldor.DetectionValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.001, momentum=0.9, weight_decay=0.0001))
param_scheduler = [
    dict(type='StepLR', by_epoch=True, step_size=4, gamma=0.1),
]
# Images an iteration for the rate above, which is scaled to other batches.
auto_scale_lr = dict(enable=True, base_batch_size=2)
