_base_ = ['./dino-4scale_r50.py', '../small.py']

attention = dict(embed_dims=64, num_heads=4, num_levels=4)
ffn = dict(embed_dims=64, feedforward_channels=128)

model = dict(
    num_queries=100,
    backbone=dict(
        _base_.small_two_stage.backbone, norm_cfg=dict(requires_grad=True)),
    neck=dict(in_channels=[64, 128, 256], out_channels=64),
    encoder=dict(
        num_layers=2, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
    decoder=dict(
        num_layers=2,
        layer_cfg=dict(
            self_attn_cfg=dict(embed_dims=64, num_heads=4),
            cross_attn_cfg=attention,
            ffn_cfg=ffn)),
    positional_encoding=dict(num_feats=32),
    bbox_head=dict(embed_dims=64),
    dn_cfg=dict(group_cfg=dict(num_dn_queries=20)))
