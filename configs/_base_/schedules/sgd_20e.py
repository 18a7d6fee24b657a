# For a pretrained backbone: epochs, steps, warm-up and clipping of AlignShift's
# code (Yang et al., MICCAI 2020). Its rate is twice as high; 0.02 for 16 images
# is MMDetection's, which held up to 256 images an iteration (MegDet, Peng et
# al., CVPR 2018).
# With it: `default_hooks = dict(early_stopping=dict(patience=10))`, which is
# beyond the nine epochs before the rate first falls.
_base_ = './uldor_12e.py'

train_cfg = dict(max_epochs=20)
optim_wrapper = dict(
    optimizer=dict(lr=0.0025), clip_grad=dict(max_norm=35, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=True, milestones=[9, 16], gamma=0.1),
]
