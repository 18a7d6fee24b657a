# AlignShift instead of A3D; the model gets the distance of the slices as one
# more channel.
align_shift = dict(
    data_preprocessor=dict(interval_channel=True),
    backbone=dict(fusion=dict(_delete_=True, type='mmuldor.AlignShift')))
