# A random part of 90 % of each side, so that a lesion lies elsewhere among the
# anchors. After resizing, in the training pipeline alone. Lesions beyond the
# part are left out or cut with their masks; a part without any is kept, since
# another image in its place would belong to no epoch.
position_jitter = dict(
    type='RandomCrop',
    crop_type='relative',
    crop_size=(0.9, 0.9),
    allow_negative_crop=True)
