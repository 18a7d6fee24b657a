_base_ = [
    './mask-rcnn_r18_fpn_5e_phantom.py',
    '../_base_/variants/focal.py',
]

model = _base_.focal
