# As of DeepLesion: types are known in the validation and test splits only.
_base_ = './phantom.py'

lesion_types = 'known'

train_dataloader = dict(
    dataset=dict(ann_file='val.json', lesion_types=lesion_types))
val_dataloader = None
val_evaluator = None
test_dataloader = dict(dataset=dict(lesion_types=lesion_types))
test_evaluator = dict(lesion_types=lesion_types)
