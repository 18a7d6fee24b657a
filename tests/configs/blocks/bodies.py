"""The mini data set's slices as bodies in air, and the crops of these."""

import copy

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored, stored_to_hu
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.png import read_png16, write_png16

# Size of the slices, and of the bodies in them: px of 0.8 mm.
HEIGHT, WIDTH, BODY = 124, 140, 64


def corner_of(number):
    """Where the body of an image begins, x and y."""
    return (40, 20) if number % 2 else (5, 40)


def crop_of(number):
    """What CropToBody leaves: 10 mm are 13 px, but there are 5 px alone."""
    return (27, 7, 117, 97) if number % 2 else (0, 27, 82, 117)


def in_air(hu, number):
    """A slice with the body, (HEIGHT, WIDTH)."""
    x, y = corner_of(number)
    plane = np.full((HEIGHT, WIDTH), -1000, dtype=hu.dtype)
    plane[y : y + BODY, x : x + BODY] = hu
    return plane


def make_bodies(mini_data, folder):
    """Write both data sets.

    Returns:
        Folder of the whole slices, and of the crops.
    """
    whole, cropped = folder / 'whole', folder / 'cropped'
    for split in ('train', 'val', 'test'):
        document = read_json(mini_data / f'{split}.json')
        for image in document['images']:
            series = image['file_name'].partition('/')[0]
            x1, y1, x2, y2 = crop_of(image['id'])
            for path in (mini_data / 'Images_png' / series).iterdir():
                hu = in_air(stored_to_hu(read_png16(path)), image['id'])
                name = path.relative_to(mini_data)
                write_png16(whole / name, hu_to_stored(hu))
                write_png16(
                    cropped / name, hu_to_stored(hu[y1:y2, x1:x2].copy())
                )
        write_json(whole / f'{split}.json', _moved(document, whole=True))
        write_json(cropped / f'{split}.json', _moved(document, whole=False))
    return whole, cropped


def _moved(document, whole):
    document = copy.deepcopy(document)
    for image in document['images']:
        x1, y1, x2, y2 = crop_of(image['id'])
        size = (HEIGHT, WIDTH) if whole else (y2 - y1, x2 - x1)
        image['height'], image['width'] = size
    for lesion in document['annotations']:
        offset = np.array(corner_of(lesion['image_id']))
        if not whole:
            offset -= crop_of(lesion['image_id'])[:2]
        lesion['bbox'][:2] = (lesion['bbox'][:2] + offset).tolist()
        ends = np.reshape(lesion['recist_px'], (4, 2)) + offset
        lesion['recist_px'] = ends.reshape(-1).tolist()
    return document
