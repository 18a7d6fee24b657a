# For a dataset of data_prep/volumes_to_coco.py or data_prep/slices_to_coco.py.
# Change only its folder (`--out`).
_base_ = '../mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'

data_root = 'data/own/'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = dict(ann_file=data_root + 'test.json')
