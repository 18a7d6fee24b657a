_base_ = 'mmdet::_base_/default_runtime.py'

# Registers mmuldor's modules, and mmcv's stand-in operators where needed;
# `models` makes RoI features independent of the maps' layout and type.
custom_imports = dict(
    imports=['mmuldor.registry', 'mmuldor.models'],
    allow_failed_imports=False)

default_hooks = dict(
    logger=dict(interval=20),
    # 20 % faster on a CPU with AVX-512; results change by rounding only.
    channels_last=dict(type='mmuldor.ChannelsLastHook'),
    # ULDor trains "until minimizing the validation loss" (section 2.3).
    val_loss=dict(type='mmuldor.ValLossHook'),
    checkpoint=dict(
        type='mmuldor.CarefulCheckpointHook',
        interval=1,
        max_keep_ckpts=3,
        save_best=['val_loss', 'froc/mean'],
        rule=['less', 'greater']),
    # Patience is one epoch more than the four between two steps of the
    # learning rate; configs of other schedules set their own. MMEngine's
    # default `min_delta` of 0.1 is above the usual improvement of an epoch.
    early_stopping=dict(
        type='mmuldor.TrainingEarlyStoppingHook',
        monitor='val_loss',
        rule='less',
        min_delta=1e-6,
        patience=5),
    # Averages BatchNorm's running statistics before mining and validation.
    sync_buffers=dict(type='mmuldor.SyncBuffersHook'),
    repeat=dict(type='mmuldor.RepeatHook'),
    # Checks classes and channels before the first iteration.
    model_check=dict(type='mmuldor.ModelCheckHook'),
    heads=dict(type='mmuldor.HeadExpansionHook'),
    visualization=dict(_delete_=True, type='mmuldor.CTVisualizationHook'))

# Timeout of processes that wait for each other, 3 h in seconds. A check of all
# files or a mining round may take longer than NCCL's default of 10 minutes.
env_cfg = dict(dist_cfg=dict(timeout=10800))

# Views of test-time augmentation, `--tta` of tools/test.py and tools/infer.py.
tta = dict(
    flips=['horizontal'], slice_offsets_mm=[-1.0, 0.0, 1.0], iou_thr=0.5)

# To repeat a training with another seed: --cfg-options randomness.seed=1.
randomness = dict(seed=0)
