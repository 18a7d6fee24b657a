# AdamW with a warm-up, for transformers and RTMDet; two images a GPU.
# With it: `default_hooks = dict(early_stopping=dict(patience=9))`, which is
# beyond the eight epochs before the rate first falls.
_base_ = './uldor_12e.py'

optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.0001, weight_decay=0.05),
    clip_grad=dict(max_norm=35, norm_type=2))
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.001,
        by_epoch=False,
        begin=0,
        end=1000),
    dict(type='MultiStepLR', by_epoch=True, milestones=[8, 11], gamma=0.1),
]
