"""Annotated lesions as transforms get them from a data set."""

# mmdet's step that makes boxes and polygons of instances.
LOAD_POLYGONS = dict(
    type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
)


def one_lesion(**changes):
    """Diameters of 20 and 10 px that cross in (10.5, 5.5), mmdet's frame."""
    lesion = {
        'bbox': [-4.5, -4.5, 25.5, 15.5],
        'bbox_label': 0,
        'ignore_flag': 0,
        'recist_px': [0.5, 5.5, 20.5, 5.5, 10.5, 0.5, 10.5, 10.5],
    }
    return [{**lesion, **changes}]
