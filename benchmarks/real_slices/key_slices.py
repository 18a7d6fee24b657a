"""The real key slices with their rows, as one annotation file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.human_masks.lesions import SLICE_FOLDERS
from data_prep.deeplesion.conversion.convert import Options, convert
from mmuldor.io.json_files import read_json

_SPLITS = ('train', 'val', 'test')


def key_slices(data: Path) -> dict:
    """The annotation document of all key slices that have their image.

    Args:
        data: Folder of the real data; ``file_name`` of an image is relative
            to it.

    Raises:
        FileNotFoundError: If there are no slices.
    """
    document: dict = {'images': [], 'annotations': []}
    for name in SLICE_FOLDERS:
        folder = data / name
        if not folder.is_dir():
            raise FileNotFoundError(
                f"'{folder}' must hold slices of DeepLesion and DL_info.csv, "
                'but does not exist. Name the folder above it in '
                'MMULDOR_REAL_DATA.'
            )
        for part in _convert(folder):
            _append(document, part, f'{name}/Images_png/')
    return document


def _convert(folder: Path) -> list[dict]:
    """A folder's splits, without rows whose slice is not there."""
    # The files hold a part of the rows of DL_info.csv and few neighbours.
    options = Options(missing_images='skip', bad_rows='drop', neighbours=0)
    with tempfile.TemporaryDirectory() as out:
        convert(folder / 'DL_info.csv', folder / 'Images_png', out, options)
        return [read_json(Path(out) / f'{split}.json') for split in _SPLITS]


def _append(document: dict, part: dict, prefix: str) -> None:
    """Add a split's images and lesions under new ids, from 1."""
    images, lesions = document['images'], document['annotations']
    document['categories'] = part['categories']
    ids = {}
    for image in part['images']:
        ids[image['id']] = len(images) + 1
        name = prefix + image['file_name']
        images.append({**image, 'id': len(images) + 1, 'file_name': name})
    for lesion in part['annotations']:
        lesions.append({
            **lesion,
            'id': len(lesions) + 1,
            'image_id': ids[lesion['image_id']],
        })  # fmt: skip
