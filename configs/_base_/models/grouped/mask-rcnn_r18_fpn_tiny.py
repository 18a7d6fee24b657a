# Three groups of three channels.
_base_ = ['./mask-rcnn_r101_fpn.py', '../../small.py']

model = dict(
    _base_.small_two_stage,
    backbone=dict(backbone=_base_.small_two_stage.backbone),
    neck=dict(num_groups=3, neck=_base_.small_two_stage.neck),
    roi_head=dict(
        _base_.small_two_stage.roi_head, **_base_.small_mask_branch))
