"""The phantom of the study, and its training sets with missing lesions."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmuldor.io.json_files import read_json, write_json

# A seed that was not used to tune the phantom or the demo's models.
SEED = 100
SPLITS = (400, 40, 400)
# Somewhat over two lesions per image: half of them can miss, and each image
# keeps one, as every key slice of DeepLesion has one.
LESIONS_PER_IMAGE = 2.2
MISSING = (25, 50)


def make_data(
    root: Path,
    folder: Path,
    seed: int = SEED,
    missing: Sequence[int] = MISSING,
    difficulty: Sequence[str] = (),
    neighbours: int = 1,
) -> None:
    """Make a phantom and its thinned annotations if they do not exist.

    Args:
        root: The project's folder.
        folder: Where the phantom goes.
        seed: Of the phantom, and of the lesions that are dropped.
        missing: Percentages of lesions to drop, rising.
        difficulty: Further knobs of the phantom, ``NAME=VALUE``.
        neighbours: Slices on either side of each key slice.
    """
    last = f'val_{missing[-1]}.json' if missing else 'report.json'
    if (folder / last).is_file():
        return
    _python(
        root,
        *('data_prep/make_phantom.py', folder, '--overwrite'),
        *('--splits', *SPLITS, '--size', 384),
        *('--neighbours', neighbours, '--seed', seed, '--difficulty'),
        *(f'lesions_per_image={LESIONS_PER_IMAGE}', *difficulty),
    )
    _python(
        root,
        *('data_prep/deeplesion_to_coco.py', '--csv', folder / 'DL_info.csv'),
        *('--images', folder / 'Images_png', '--out', folder),
    )
    for share in missing:
        for split in ('train', 'val'):
            document = read_json(folder / f'{split}.json')
            thin = drop_lesions(document, share / 100, seed)
            write_json(folder / f'{split}_{share}.json', thin)


def drop_lesions(document: dict, share: float, seed: int) -> dict:
    """The annotation document without a fraction of its lesions.

    Every image keeps at least one, drawn at random; a larger share drops
    what a smaller one drops, too.

    Args:
        document: Annotation file (``mmuldor.io.annotations``).
        share: Share of the lesions to drop, 0 to 1.
        seed: Of the draw.

    Raises:
        ValueError: If so many cannot go, for every image keeps one.
    """
    lesions = document['annotations']
    order = np.random.default_rng(seed).permutation(len(lesions))
    left = defaultdict(int)
    for lesion in lesions:
        left[lesion['image_id']] += 1
    wanted = round(share * len(lesions))
    dropped = set()
    for index in order:
        image_id = lesions[index]['image_id']
        if len(dropped) < wanted and left[image_id] > 1:
            left[image_id] -= 1
            dropped.add(lesions[index]['id'])
    if len(dropped) < wanted:
        raise ValueError(
            f'`share` must leave every image a lesion, but of {len(lesions)} '
            f'lesions {wanted} are to go and {len(dropped)} can.'
        )
    kept = [lesion for lesion in lesions if lesion['id'] not in dropped]
    return {**document, 'annotations': kept}


def _python(root: Path, *command: object) -> None:
    subprocess.run([sys.executable, *map(str, command)], cwd=root, check=True)
