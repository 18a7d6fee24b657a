"""The lesions of volumes in space, ``volumes.json``::

    {"info": {"frame": "..."},
     "volumes": [{"id": 1, "name": "case_01", "file": "images/case_01.nii.gz",
                  "patient": 1, "patient_name": "case_01", "split": "test",
                  "shape": [slices, rows, columns],
                  "spacing_mm": [columns, rows, slices],
                  "affine_lps": [[...], [...], [...], [...]],
                  "lesions": [{"number": 1, "label": 1, "key_slice": 31,
                               "box_mm": [x1, y1, z1, x2, y2, z2],
                               "long_mm": 21.3, "short_mm": 14.0,
                               "volume_ml": 2.1}]}]}

Written by `data_prep/volumes_to_coco.py`. The frame is that of `lesions.json`
(see `mmuldor.scans.lesion_files`): boxes in mm along the volume's columns,
rows and slices, turned to the patient's left, back and head, from the centre
of the first voxel; `affine_lps` turns (column, row, slice) indices into
patient coordinates. An evaluation needs of a volume its `name`, `split`,
`shape`, `spacing_mm`, `affine_lps` and the `box_mm` of its lesions; a
calibration needs `patient_name` or `patient` too, else each volume is taken
for a patient.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.functional.arrays import Floats
from mmuldor.functional.boxes_3d import check_boxes_3d
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import are_coordinates, is_integer, shortened
from mmuldor.io.limits import MAX_VOXELS

MAKE_COMMAND = command_line(
    'data volumes', '--images DIR --masks DIR --out DIR'
)
FRAME = (
    'mm along columns (left), rows (back) and slices (head) from the centre '
    'of the first voxel'
)


@dataclass(frozen=True, eq=False)
class VolumeGrid:
    """Where the voxels of a volume lie.

    Attributes:
        shape: Slices, rows, columns.
        spacing_mm: Distance of columns, of rows and of slices, (3,).
        affine: Turns (column, row, slice) indices into patient coordinates
            in mm (LPS), (4, 4); None where it is not known.
    """

    shape: tuple[int, int, int]
    spacing_mm: Floats
    affine: Floats | None

    @classmethod
    def of(cls, entry: dict[str, Any], where: str) -> VolumeGrid:
        """The grid of an entry of a JSON file; ValueError names the key."""
        shape = _numbers(entry, 'shape', (3,), where)
        spacing = _numbers(entry, 'spacing_mm', (3,), where)
        if (shape < 1).any() or (spacing <= 0).any():
            raise ValueError(
                f'{where}: `shape` and `spacing_mm` must be positive, but '
                f'got {entry["shape"]} and {entry["spacing_mm"]}.'
            )
        if (shape != np.rint(shape)).any() or np.prod(shape) > MAX_VOXELS:
            raise ValueError(
                f'{where}: `shape` must be whole numbers of at most '
                f'{MAX_VOXELS:,} voxels, but got {entry["shape"]}.'
            )
        affine = None
        if entry.get('affine_lps') is not None:
            affine = _numbers(entry, 'affine_lps', (4, 4), where)
            # A pixel of 0.01 mm on each axis gives 1e-6.
            if not 1e-12 < abs(np.linalg.det(affine[:3, :3])) < 1e12:
                raise ValueError(
                    f'{where}: `affine_lps` must be a matrix that can be '
                    f'inverted, but got {entry["affine_lps"]}.'
                )
        slices, rows, columns = (int(v) for v in shape)
        return cls((slices, rows, columns), spacing, affine)

    def to_patient(self) -> Floats:
        """Turns mm along the axes into patient coordinates, (4, 4)."""
        to_patient: Floats = self.affine @ np.diag(
            [*(1 / self.spacing_mm), 1.0]
        )
        return to_patient


@dataclass(frozen=True, eq=False)
class TrueVolume:
    """A volume and the boxes of its lesions.

    Attributes:
        name: Its name.
        split: Of which split it is.
        grid: Where its voxels lie.
        boxes_mm: `x1 y1 z1 x2 y2 z2` of its lesions, (m, 6) float64.
        file: The scan's file, '' where it is not given.
        patient: Whose it is; the volume's name where that is not given.
    """

    name: str
    split: str
    grid: VolumeGrid
    boxes_mm: Floats
    file: str = ''
    patient: str = ''

    def __post_init__(self) -> None:
        if not self.patient:
            object.__setattr__(self, 'patient', self.name)


def load_volumes(
    path: str | os.PathLike[str], split: str = 'all'
) -> list[TrueVolume]:
    """Read the volumes of a split, or of all.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: Names the file, the volume and the key that is wrong.
    """
    path = Path(path)
    advice = f'Create it with `{MAKE_COMMAND}`.'
    document = read_json(path, 'the volumes', advice)
    entries = document.get('volumes') if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError(
            f'{path} must hold an object with a list `volumes`. {advice}'
        )
    volumes = [_volume(entry, k, path) for k, entry in enumerate(entries)]
    names = [volume.name for volume in volumes]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f'{path}: the `name` of volumes must differ, but {twice!r} comes '
            'twice.'
        )
    kept = [v for v in volumes if split in ('all', v.split)]
    if not kept:
        known = sorted({volume.split for volume in volumes})
        raise ValueError(
            f'{path} must have volumes of the split {split!r}, but has those '
            f'of {", ".join(known) or "none"}.'
        )
    return kept


def _volume(entry: Any, index: int, path: Path) -> TrueVolume:
    where = f'{path}: volumes[{index}]'
    if not isinstance(entry, dict):
        raise ValueError(
            f'{where} must be an object, but got {shortened(entry)}.'
        )
    for key in ('name', 'split'):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ValueError(
                f'{where}: `{key}` must be a text, but got '
                f'{shortened(entry.get(key))}.'
            )
    where = f'{path}: volume {entry["name"]!r}'
    boxes = read_boxes(entry, where)
    file = entry.get('file')
    return TrueVolume(
        entry['name'],
        entry['split'],
        VolumeGrid.of(entry, where),
        boxes,
        file if isinstance(file, str) else '',
        _patient(entry, where),
    )


def _patient(entry: dict[str, Any], where: str) -> str:
    """`patient_name`, else `patient`; '' where neither is given."""
    for key in ('patient_name', 'patient'):
        value = entry.get(key)
        if value is None:
            continue
        if not isinstance(value, str) and not is_integer(value):
            raise ValueError(
                f'{where}: `{key}` must be a text or an integer, but got '
                f'{shortened(value)}.'
            )
        return str(value)
    return ''


def read_boxes(entry: dict[str, Any], where: str) -> Floats:
    """`box_mm` of each of an entry's `lesions`, (m, 6) float64.

    Raises:
        ValueError: Names the lesion that is wrong.
    """
    lesions = entry.get('lesions')
    if not isinstance(lesions, list) or not all(
        isinstance(lesion, dict) for lesion in lesions
    ):
        raise ValueError(f'{where}: `lesions` must be a list of objects.')
    boxes = [
        _numbers(lesion, 'box_mm', (6,), f'{where}: lesions[{k}]')
        for k, lesion in enumerate(lesions)
    ]
    try:
        return check_boxes_3d(boxes, 'box_mm')
    except ValueError as error:
        raise ValueError(f'{where}: {error}') from None


def _numbers(
    entry: dict[str, Any], key: str, shape: tuple[int, ...], where: str
) -> Floats:
    """A list of finite numbers of a shape."""
    value: Any = entry.get(key)
    rows = [value] if len(shape) == 1 else value
    good = isinstance(rows, list) and all(
        are_coordinates(row, shape[-1]) for row in rows
    )
    if not good or np.shape(value) != shape:
        size = ' x '.join(map(str, shape))
        raise ValueError(
            f'{where}: `{key}` must be {size} finite numbers, but got '
            f'{shortened(value)}.'
        )
    return np.array(value, dtype=np.float64)
