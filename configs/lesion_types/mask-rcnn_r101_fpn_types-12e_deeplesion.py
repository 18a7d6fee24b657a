_base_ = [
    '../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../_base_/variants/lesion_types.py',
]

# Copies all settings of the variant into this config.
globals().update(_base_.typed)
