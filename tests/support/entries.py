"""Entries of annotation files, as `data_prep/deeplesion_to_coco.py` writes."""


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
