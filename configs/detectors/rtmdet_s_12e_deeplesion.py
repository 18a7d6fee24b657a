_base_ = [
    '../_base_/models/rtmdet_s.py',
    '../_base_/datasets/deeplesion_boxes.py',
    '../_base_/schedules/adamw_12e.py',
    '../_base_/default_runtime.py',
]

optim_wrapper = dict(
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0))
# Beyond the eight epochs before the rate first falls.
default_hooks = dict(early_stopping=dict(patience=9))
