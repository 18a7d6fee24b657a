# DeepLesion gives types for its validation and test splits only, so the
# validation split is trained on, and nothing is left to validate with.
_base_ = './deeplesion.py'

lesion_types = 'known'

train_dataloader = dict(
    dataset=dict(ann_file='val.json', lesion_types=lesion_types))
val_dataloader = None
val_evaluator = None
test_dataloader = dict(dataset=dict(lesion_types=lesion_types))
test_evaluator = dict(lesion_types=lesion_types)
