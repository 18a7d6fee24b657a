_base_ = [
    './uldor_r101_fpn_hnem-12e_deeplesion.py',
    '../_base_/variants/spare.py',
]

default_hooks = dict(hnem=_base_.spare_hook)
