_base_ = [
    '../_base_/models/ct_pretrained/mask-rcnn_r152_fpn.py',
    '../_base_/datasets/deeplesion_ct-pretrained.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]
