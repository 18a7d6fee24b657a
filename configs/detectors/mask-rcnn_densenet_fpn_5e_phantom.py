_base_ = [
    '../_base_/models/densenet/mask-rcnn_densenet_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
