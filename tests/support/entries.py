"""Entries of annotation files, results and banks."""

from mmuldor.mining.bank import BANK_VERSION


def image_entry(number, size_px=64, **changes):
    """The square image of a patient; its key slice is the middle of three."""
    entry = dict(
        id=number,
        file_name=f'{number:06d}_01_01/005.png',
        height=size_px,
        width=size_px,
        spacing_mm=[0.8, 0.8],
        slice_interval_mm=2.0,
        key_slice=5,
        slice_range=[4, 6],
        patient=number,
        window_hu=[-175.0, 275.0],
    )
    return {**entry, **changes}


def lesion_entry(number, bbox, recist_px, **changes):
    """A lesion of unknown type on the image of the same number.

    Args:
        number: Its id, and its image's.
        bbox: x, y, width and height in px.
        recist_px: Eight coordinates in px, x before y.
        changes: Other values, or further keys.
    """
    entry = dict(
        id=number,
        image_id=number,
        category_id=1,
        bbox=bbox,
        recist_px=recist_px,
        lesion_type=-1,
        noisy=False,
    )
    return {**entry, **changes}


def detections_on(lesions, score=0.9, category=1):
    """A result on the box of each lesion, all of one score and category."""
    return [
        dict(
            image_id=lesion['image_id'],
            bbox=lesion['bbox'],
            score=score,
            category_id=category,
        )
        for lesion in lesions
    ]


def false_positives(image_ids, count, score=0.1):
    """Results in the corner of each image, all of other scores."""
    return [
        dict(
            image_id=image_id,
            bbox=[0.0, 0.0, 3.0, 3.0],
            score=score / (1 + number * len(image_ids) + place),
            category_id=1,
        )
        for number in range(count)
        for place, image_id in enumerate(image_ids)
    ]


def bank_of_one_example():
    """A bank with one example, on the image of id 1."""
    example = dict(
        bbox=[2.0, 2.0, 7.0, 7.0],
        score=0.9,
        mask_iou=0.0,
        polygons=[[2, 2, 9, 2, 9, 9, 2, 9]],
    )
    return dict(
        version=BANK_VERSION,
        ann_file='train.json',
        fingerprint='f',
        epoch=0,
        counts={},
        images={'1': [example]},
    )
