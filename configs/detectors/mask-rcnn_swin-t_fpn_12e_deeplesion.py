_base_ = [
    '../_base_/models/mask-rcnn_swin-t_fpn.py',
    '../_base_/datasets/deeplesion.py',
    '../_base_/schedules/adamw_12e.py',
    '../_base_/default_runtime.py',
]

# As in mmdet: no weight decay of norms and position embeddings.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys=dict(
            absolute_pos_embed=dict(decay_mult=0.0),
            relative_position_bias_table=dict(decay_mult=0.0),
            norm=dict(decay_mult=0.0))))
# Beyond the eight epochs before the rate first falls.
default_hooks = dict(early_stopping=dict(patience=9))
