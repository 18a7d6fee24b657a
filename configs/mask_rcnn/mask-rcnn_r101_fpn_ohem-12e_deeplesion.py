_base_ = [
    './mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../_base_/variants/ohem.py',
]

model = _base_.ohem
