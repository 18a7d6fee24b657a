# Input as in other work of the ULDor group at that time: three neighbouring
# slices, one wide window, 0.8 mm a pixel, long side at most 512 px.
dataset_type = 'mmuldor.DeepLesionDataset'
data_root = 'data/DeepLesion/'

load_pipeline = [
    # None: PNG files, or the packed slices that the tools' `--store` or
    # MMULDOR_STORE names.
    dict(type='mmuldor.LoadCTSlices', num_slices=3, store=None),
    dict(type='mmuldor.WindowHU', windows=[(-1024, 3071)]),
]
resize = dict(type='mmuldor.ResizeToSpacing', spacing_mm=0.8, max_size=512)
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor',
             'flip', 'flip_direction', 'window_hu', 'loaded_interval_mm',
             'crop_bbox', 'whole_shape')

train_pipeline = [
    *load_pipeline,
    dict(type='mmuldor.RecistToMask', shape='quarter_ellipses'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True,
         poly2mask=False),
    resize,
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=meta_keys),
]
# For the validation loss: targets as in training, but no random augmentation.
val_loss_pipeline = [
    step for step in train_pipeline if step['type'] != 'RandomFlip'
]
test_pipeline = [
    *load_pipeline,
    resize,
    dict(type='PackDetInputs', meta_keys=meta_keys),
]

train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='mmuldor.EpochSampler', shuffle=True),
    batch_sampler=dict(type='AspectRatioBatchSampler'),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='train.json',
        data_prefix=dict(img='Images_png/'),
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='val.json',
        data_prefix=dict(img='Images_png/'),
        pipeline=test_pipeline,
        test_mode=True))
test_dataloader = dict(
    val_dataloader,
    dataset=dict(val_dataloader['dataset'], ann_file='test.json'))

val_evaluator = dict(type='mmuldor.FROCMetric', ann_file=data_root + 'val.json')
test_evaluator = dict(
    type='mmuldor.FROCMetric', ann_file=data_root + 'test.json')
