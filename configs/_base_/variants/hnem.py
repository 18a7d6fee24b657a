# Mined hard negatives form a second class.
hnem_data = dict(metainfo=dict(classes=('lesion', 'false_positive')))
hnem_model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=2), mask_head=dict(num_classes=2)),
    # The limit is over both classes: 200 leaves room for 100 lesions.
    test_cfg=dict(rcnn=dict(max_per_img=200)))
