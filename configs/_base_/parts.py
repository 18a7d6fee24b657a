# Parts that models of several detectors share, used by name:
# `backbone=_base_.parts.resnet101`.
parts = dict(
    # Grey values after windowing, the same for every slice.
    ct_preprocessor=dict(
        type='mmuldor.CTDataPreprocessor',
        mean=[50.0],
        std=[57.0],
        bgr_to_rgb=False),
    # Measured on 148 real slices, for each of MVP-Net's three windows.
    three_windows=dict(mean=[37.8, 115.5, 26.5], std=[62.5, 62.7, 35.6]),
    # ImageNet weights; a local file works as well.
    resnet101=dict(
        depth=101,
        init_cfg=dict(
            type='Pretrained',
            checkpoint=(
                'https://download.pytorch.org/models/resnet101-63fe2227.pth'))),
    # ImageNet weights, inflated to any number of channels.
    inflated=dict(type='mmuldor.InflatedInit'),
    # Inflated kernels are the same for all channels until they learn, and the
    # bases freeze the first convolution.
    many_channels=dict(
        frozen_stages=-1, init_cfg=dict(type='mmuldor.InflatedInit')),
    swin=dict(_delete_=True, type='SwinTransformer', window_size=7),
    lesion_anchors=dict(
        _delete_=True,
        type='AnchorGenerator',
        base_sizes=[16, 24, 32, 48, 96],
        scales=[1],
        ratios=[0.5, 1.0, 2.0],
        strides=[4, 8, 16, 32, 64]))
