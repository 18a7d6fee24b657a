_base_ = ['./faster-rcnn_r101_fpn.py', '../small.py']

model = _base_.small_two_stage
