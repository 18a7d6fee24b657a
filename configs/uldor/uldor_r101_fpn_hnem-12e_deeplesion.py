# "Mask R-CNN + HNEM" of ULDor's Table 1.
_base_ = [
    '../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
    '../_base_/variants/hnem.py',
]

model = _base_.hnem_model
default_hooks = dict(hnem=dict(type='mmuldor.HNEMHook'))

# Directly after RecistToMask: before steps that read or paste instances.
train_pipeline = _base_.train_pipeline
names = [step.type for step in train_pipeline]
train_pipeline.insert(
    names.index('mmuldor.RecistToMask') + 1,
    dict(type='mmuldor.AddHardNegatives'))
train_dataloader = dict(
    dataset=dict(_base_.hnem_data, pipeline=train_pipeline))
del names
