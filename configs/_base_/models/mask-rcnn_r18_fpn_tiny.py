_base_ = ['./mask-rcnn_r101_fpn.py', '../small.py']

model = dict(
    _base_.small_two_stage,
    roi_head=dict(
        _base_.small_two_stage.roi_head, **_base_.small_mask_branch))
