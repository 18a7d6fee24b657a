# In half of the images a lesion of another one, pasted in HU.
_base_ = '../../mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'

load, window, masks, *rest = _base_.train_pipeline
train_pipeline = [
    load, masks, dict(type='mmuldor.CopyPasteLesions', prob=0.5), window, *rest]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
del load, window, masks, rest
