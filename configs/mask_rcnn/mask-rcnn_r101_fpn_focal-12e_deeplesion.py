_base_ = [
    './mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../_base_/variants/focal.py',
]

model = _base_.focal
