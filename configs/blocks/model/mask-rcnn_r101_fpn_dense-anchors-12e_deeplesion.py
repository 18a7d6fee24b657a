_base_ = [
    '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../../_base_/variants/dense_anchors.py',
]

model = _base_.dense_anchors
