# Six epochs, a tenth of the rate after the fourth and the fifth, and five
# times the weight decay of ULDor: default.yml of lesion_detector_3DCE.
_base_ = './uldor_12e.py'

train_cfg = dict(max_epochs=6)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005))
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, milestones=[4, 5], gamma=0.1),
]
