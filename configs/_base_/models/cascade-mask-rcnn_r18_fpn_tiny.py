_base_ = ['./cascade-mask-rcnn_r101_fpn.py', '../small.py']

# Configs cannot merge lists, so heads and samplers of all stages are stated.
model = dict(
    _base_.small_two_stage,
    roi_head=dict(
        _base_.small_two_stage.roi_head,
        bbox_head=[
            dict(head, **_base_.small_two_stage.roi_head.bbox_head)
            for head in _base_.model.roi_head.bbox_head
        ],
        **_base_.small_mask_branch),
    train_cfg=dict(
        _base_.small_two_stage.train_cfg,
        rcnn=[
            dict(stage, sampler=dict(stage.sampler, num=64))
            for stage in _base_.model.train_cfg.rcnn
        ]))
