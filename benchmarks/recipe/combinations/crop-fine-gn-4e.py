# The same for four epochs.
_base_ = './crop-fine-gn.py'

train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], end=4, T_max=4),
]
