# Goes on from a Mask R-CNN of half the epochs, as the paper's first round
# does, so that both see the same number of iterations: set `load_from` to
# epoch_4.pth of mask-rcnn_r18_fpn_8e_phantom.
_base_ = '../mask_rcnn/mask-rcnn_r18_fpn_8e_phantom.py'

classes = ('lesion', 'false_positive')
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=len(classes)),
        mask_head=dict(num_classes=len(classes))))

train_pipeline = _base_.train_pipeline
train_pipeline.insert(3, dict(type='mmuldor.AddHardNegatives'))
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=classes), pipeline=train_pipeline))

train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50),
    dict(type='MultiStepLR', by_epoch=True, milestones=[2], gamma=0.1),
]
default_hooks = dict(
    hnem=dict(
        type='mmuldor.HNEMHook',
        pipeline=_base_.test_pipeline,
        mine_before_training=True,
        num_workers=1))
