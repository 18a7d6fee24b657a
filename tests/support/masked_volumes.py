"""Volumes with masks of their lesions, and what is made of them."""

import nibabel
import numpy as np

from data_prep.volumes_to_coco import main
from mmuldor.io.annotations import load_annotations

AFFINE = np.diag([0.8, 0.9, 2.5, 1.0])
SHAPE = (40, 32, 9)


def make(folder, name, balls, codes='RAS', change=None):
    """A volume and its mask, RAS; `balls` are (centre, radius, label)."""
    rng = np.random.default_rng(len(name))
    hu = rng.normal(-500, 200, SHAPE).astype(np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    grid = np.indices(SHAPE)
    for centre, radius, label in balls:
        scale = np.array([1, 1, 2.5])
        away = (grid - np.reshape(centre, (3, 1, 1, 1))).T * scale
        square = (away**2).sum(axis=-1).T
        inside = square <= radius**2
        labels[inside], hu[inside] = label, 100
    mask = nibabel.Nifti1Image(labels, AFFINE)
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(AFFINE),
        nibabel.orientations.axcodes2ornt(tuple(codes)),
    )
    mask = mask.as_reoriented(turn)
    if change:
        mask = change(mask)
    for kind, image in (('images', nibabel.Nifti1Image(hu, AFFINE)),
                        ('masks', mask)):  # fmt: skip
        (folder / kind).mkdir(exist_ok=True)
        nibabel.save(image, folder / kind / f'{name}.nii.gz')


def convert(place, *flags, images='images'):
    """Convert with these flags; without labels among them, all are lesions."""
    if '--labels' not in flags:
        flags = (*flags, '--all-labels')
    words = (
        *('--images', place / images, '--masks', place / 'masks'),
        *('--out', place / 'out', *flags),
    )
    main([str(word) for word in words])
    return place / 'out'


def everything(out):
    """Images by their names, with their annotations, of all splits."""
    found = {}
    for split in ('train', 'val', 'test'):
        document = load_annotations(out / f'{split}.json')
        for image in document['images']:
            found[image['file_name']] = image | {
                'lesions': [
                    a for a in document['annotations']
                    if a['image_id'] == image['id']
                ],
                'split': split,
            }  # fmt: skip
    return found
