_base_ = [
    '../_base_/models/densenet/mask-rcnn_densenet121_fpn.py',
    '../_base_/datasets/deeplesion.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]
