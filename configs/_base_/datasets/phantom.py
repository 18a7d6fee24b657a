_base_ = './deeplesion.py'

data_root = 'work_dirs/demo/phantom/'
load_pipeline = [
    dict(type='mmuldor.LoadCTSlices', num_slices=3),
    # Narrower than for DeepLesion: contrast helps a training from scratch.
    dict(type='mmuldor.WindowHU', windows=[(-250, 250)]),
]
# About half of the pixels of the full-size configs, for two CPU cores.
resize = dict(type='mmuldor.ResizeToSpacing', spacing_mm=1.2, max_size=352)

# RecistToMask and LoadAnnotations, then the steps after resizing.
train_pipeline = [
    *load_pipeline,
    *_base_.train_pipeline[2:4],
    resize,
    *_base_.train_pipeline[5:],
]
val_loss_pipeline = [
    step for step in train_pipeline if step['type'] != 'RandomFlip'
]
test_pipeline = [*load_pipeline, resize, _base_.test_pipeline[-1]]

train_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=test_pipeline))
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = dict(ann_file=data_root + 'test.json')
