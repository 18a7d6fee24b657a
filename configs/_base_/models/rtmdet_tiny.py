# A small model for two CPU cores, trained from scratch, with BN instead of
# SyncBN, which needs GPUs.
_base_ = './rtmdet_s.py'

norm = dict(type='BN')

model = dict(
    backbone=dict(
        deepen_factor=0.167,
        widen_factor=0.25,
        norm_cfg=norm,
        init_cfg=None),
    neck=dict(
        in_channels=[64, 128, 256], out_channels=64, norm_cfg=norm),
    # As in RTMDet-l, so that box sizes are positive from the first iteration.
    bbox_head=dict(
        in_channels=64, feat_channels=64, exp_on_reg=True, norm_cfg=norm))
