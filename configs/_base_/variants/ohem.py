# Online hard example mining (Shrivastava et al., CVPR 2016), compared with
# HNEM: in each image, the RoIs of the highest loss are used for training.
ohem = dict(train_cfg=dict(rcnn=dict(sampler=dict(type='OHEMSampler'))))
