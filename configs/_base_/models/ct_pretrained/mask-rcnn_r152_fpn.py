_base_ = ['../mask-rcnn_r101_fpn.py', '../../variants/ct_pretrained.py']

model = dict(
    data_preprocessor=_base_.ct_pretrained.preprocessor,
    backbone=_base_.ct_pretrained.backbone)
