_base_ = ['./uldor_r18_fpn_hnem-2e_phantom.py', '../_base_/variants/spare.py']

default_hooks = dict(hnem=_base_.spare_hook)
