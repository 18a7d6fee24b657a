_base_ = [
    '../_base_/models/retinanet_r101_fpn.py',
    '../_base_/datasets/deeplesion_boxes.py',
    '../_base_/schedules/uldor_12e.py',
    '../_base_/default_runtime.py',
]

# The loss is a sum over all anchors: without gradient clipping the first steps
# diverge.
optim_wrapper = dict(clip_grad=dict(max_norm=35, norm_type=2))
