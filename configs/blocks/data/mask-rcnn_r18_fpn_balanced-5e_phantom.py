_base_ = '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'

train_dataloader = dict(
    sampler=dict(_delete_=True, type='mmuldor.BalancedSampler', by='size'))
