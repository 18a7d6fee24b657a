_base_ = 'mmdet::_base_/default_runtime.py'

# Registers mmuldor's modules, and mmcv's stand-in operators where needed;
# `models` makes RoI features independent of the maps' layout and type.
custom_imports = dict(
    imports=['mmuldor.registry', 'mmuldor.models'],
    allow_failed_imports=False)

default_hooks = dict(
    logger=dict(interval=20),
    # A fifth faster on a CPU with AVX-512; results change by rounding only.
    channels_last=dict(type='mmuldor.ChannelsLastHook'),
    # ULDor trains "until minimizing the validation loss" (section 2.3).
    val_loss=dict(type='mmuldor.ValLossHook'),
    checkpoint=dict(
        type='mmuldor.CarefulCheckpointHook',
        interval=1,
        max_keep_ckpts=3,
        save_best=['val_loss', 'froc/mean'],
        rule=['less', 'greater']),
    # Epochs without a smaller loss: one more than between two steps of the
    # learning rate. MMEngine's own `min_delta` of 0.1 overlooks small steps.
    early_stopping=dict(
        type='mmuldor.TrainingEarlyStoppingHook',
        monitor='val_loss',
        rule='less',
        min_delta=1e-6,
        patience=5),
    # BatchNorm's running means, before anything is mined or validated.
    sync_buffers=dict(type='SyncBuffersHook'),
    repeat=dict(type='mmuldor.RepeatHook'),
    # Before the first iteration: do classes and channels fit?
    model_check=dict(type='mmuldor.ModelCheckHook'),
    heads=dict(type='mmuldor.HeadExpansionHook'),
    visualization=dict(_delete_=True, type='mmuldor.CTVisualizationHook'))

# Processes wait so long for each other (3 h, in s): longer than a check of all
# files or a round of mining takes. NCCL's own 10 minutes are not.
env_cfg = dict(dist_cfg=dict(timeout=10800))

# Views that `--tta` of tools/test.py and tools/infer.py averages over.
tta = dict(
    flips=['horizontal'], slice_offsets_mm=[-1.0, 0.0, 1.0], iou_thr=0.5)

# Another run of the same config: --cfg-options randomness.seed=1.
randomness = dict(seed=0)
