_base_ = [
    '../_base_/models/mask-rcnn_swin_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
