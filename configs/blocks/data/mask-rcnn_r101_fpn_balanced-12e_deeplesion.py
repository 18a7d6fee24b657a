_base_ = '../../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'

train_dataloader = dict(
    sampler=dict(_delete_=True, type='mmuldor.BalancedSampler', by='size'))
