_base_ = [
    '../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../_base_/variants/lesion_types.py',
]

# Every setting of the variant.
globals().update(_base_.typed)
