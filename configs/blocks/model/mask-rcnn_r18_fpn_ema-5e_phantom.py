_base_ = [
    '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../../_base_/variants/ema.py',
]

default_hooks = dict(ema=_base_.ema_short)
