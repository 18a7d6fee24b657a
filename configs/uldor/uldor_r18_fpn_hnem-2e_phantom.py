# Starts from a Mask R-CNN after three of five epochs, as the paper's rounds do,
# so that both have the same number of iterations. Set `load_from` to
# epoch_3.pth of mask-rcnn_r18_fpn_5e_phantom.
_base_ = [
    '../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    '../_base_/variants/hnem.py',
]

model = _base_.hnem_model
default_hooks = dict(
    hnem=dict(
        type='mmuldor.HNEMHook',
        mine_before_training=True,
        # On two cores, workers would slow down the detector as much as they
        # save.
        num_workers=0))

# Directly after RecistToMask: before steps that read or paste instances.
train_pipeline = _base_.train_pipeline
names = [step.type for step in train_pipeline]
train_pipeline.insert(
    names.index('mmuldor.RecistToMask') + 1,
    dict(type='mmuldor.AddHardNegatives'))
train_dataloader = dict(
    dataset=dict(_base_.hnem_data, pipeline=train_pipeline))
del names

# The learning rate of Mask R-CNN's cosine schedule after three of five epochs:
# 0.0008 * (1 + cos(0.6 pi)) / 2.
train_cfg = dict(max_epochs=2, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.00028))
param_scheduler = [dict(_base_.param_scheduler[1], end=2, T_max=2)]
