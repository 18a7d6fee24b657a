_base_ = [
    './mask-rcnn_r18_fpn_5e_phantom.py',
    '../_base_/variants/ohem.py',
]

model = _base_.ohem
