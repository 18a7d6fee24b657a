# The baseline of ULDor's Table 1, its reference [4]: Yan et al. 2018.
_base_ = [
    '../_base_/models/faster-rcnn_vgg16.py',
    '../_base_/datasets/deeplesion.py',
    '../_base_/schedules/vgg16_6e.py',
    '../_base_/default_runtime.py',
]
