_base_ = 'mmdet::_base_/default_runtime.py'

# Registers mmuldor's modules, and mmcv's stand-in operators where needed.
custom_imports = dict(imports=['mmuldor.registry'], allow_failed_imports=False)

default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(
        interval=1, max_keep_ckpts=3, save_best='froc/mean', rule='greater'),
    heads=dict(type='mmuldor.HeadExpansionHook'),
    visualization=dict(_delete_=True, type='mmuldor.CTVisualizationHook'))
