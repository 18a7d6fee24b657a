_base_ = './deeplesion.py'

data_root = 'work_dirs/demo/phantom/'
load_pipeline = [
    dict(type='mmuldor.LoadCTSlices', num_slices=3),
    # Narrower than for DeepLesion: from scratch, contrast helps.
    dict(type='mmuldor.WindowHU', windows=[(-250, 250)]),
]
# Half of the pixels of the full-size configs, for two CPU cores.
resize = dict(type='mmuldor.ResizeToSpacing', spacing_mm=1.2, max_size=352)

train_pipeline = [
    *load_pipeline,
    dict(type='mmuldor.RecistToMask', shape='quarter_ellipses'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True,
         poly2mask=False),
    resize,
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys),
]
val_loss_pipeline = [
    step for step in train_pipeline if step['type'] != 'RandomFlip'
]
test_pipeline = [
    *load_pipeline,
    resize,
    dict(type='PackDetInputs', meta_keys=_base_.meta_keys),
]

train_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = dict(ann_file=data_root + 'test.json')
