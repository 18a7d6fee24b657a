_base_ = [
    '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../../_base_/variants/dense_anchors.py',
]

model = _base_.dense_anchors
