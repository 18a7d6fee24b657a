# "Mask R-CNN + HNEM" of ULDor's Table 1.
_base_ = '../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'

classes = ('lesion', 'false_positive')
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=len(classes)),
        mask_head=dict(num_classes=len(classes))),
    # The limit is over both classes together: room for 100 lesions still.
    test_cfg=dict(rcnn=dict(max_per_img=200)))

train_pipeline = _base_.train_pipeline
# After RecistToMask, before the masks become arrays.
train_pipeline.insert(3, dict(type='mmuldor.AddHardNegatives'))
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=classes), pipeline=train_pipeline))

default_hooks = dict(hnem=dict(type='mmuldor.HNEMHook'))
