# mask-rcnn_r101_fpn_12e_own-data.py with hard negative mining, for data where
# every lesion is annotated, as in masks of whole volumes.
_base_ = '../uldor/uldor_r101_fpn_hnem-12e_deeplesion.py'

data_root = 'data/own/'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = dict(ann_file=data_root + 'test.json')
