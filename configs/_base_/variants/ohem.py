# Online hard example mining (Shrivastava et al., CVPR 2016), a rival of HNEM:
# the RoIs of the largest loss are trained on, inside each image.
ohem = dict(train_cfg=dict(rcnn=dict(sampler=dict(type='OHEMSampler'))))
