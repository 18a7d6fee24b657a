# Goes on from a Mask R-CNN of three epochs out of five, as the paper's rounds
# do, so that both see the same number of iterations: set `load_from` to
# epoch_3.pth of mask-rcnn_r18_fpn_5e_phantom.
_base_ = '../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'

classes = ('lesion', 'false_positive')
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=len(classes)),
        mask_head=dict(num_classes=len(classes))),
    # The limit is over both classes together: room for 100 lesions still.
    test_cfg=dict(rcnn=dict(max_per_img=200)))

train_pipeline = _base_.train_pipeline
train_pipeline.insert(3, dict(type='mmuldor.AddHardNegatives'))
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=classes), pipeline=train_pipeline))

# Where the cosine of Mask R-CNN stands after three of five epochs:
# 0.0008 * (1 + cos(0.6 pi)) / 2.
train_cfg = dict(max_epochs=2, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.00028))
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        eta_min=0,
        begin=0,
        end=2,
        T_max=2,
        by_epoch=True,
        convert_to_iter_based=True),
]
default_hooks = dict(
    hnem=dict(
        type='mmuldor.HNEMHook',
        mine_before_training=True,
        # On two cores a worker would take from the detector what it spares.
        num_workers=0))
