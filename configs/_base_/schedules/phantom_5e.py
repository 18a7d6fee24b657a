# Short, from random weights: AdamW converges faster than the paper's SGD.
_base_ = './uldor_12e.py'

train_cfg = dict(max_epochs=5, val_interval=5)
optim_wrapper = dict(
    optimizer=dict(
        _delete_=True, type='AdamW', lr=0.0008, weight_decay=0.01),
    clip_grad=dict(max_norm=10, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR',
        eta_min=0,
        begin=0,
        end=5,
        T_max=5,
        by_epoch=True,
        convert_to_iter_based=True),
]
