_base_ = [
    '../_base_/models/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
    '../_base_/variants/lesion_types.py',
]

# Copies all settings of the variant into this config.
globals().update(_base_.typed)
