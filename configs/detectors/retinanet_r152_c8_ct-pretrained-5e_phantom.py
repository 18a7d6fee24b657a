_base_ = [
    '../_base_/models/ct_pretrained/retinanet_r152_c8.py',
    '../_base_/datasets/phantom_boxes_ct-pretrained.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
