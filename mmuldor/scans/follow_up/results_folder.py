"""Read a results folder: ``lesions.json`` and the scan that it names.

Files of earlier versions are read, too: what they do not state is computed
from the boxes, or null.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.commands import command_line, command_name
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import (
    are_coordinates,
    is_finite,
    is_integer,
    shortened,
)
from mmuldor.io.paths import LESIONS_NAME
from mmuldor.io.volume_annotations import VolumeGrid, read_boxes
from mmuldor.scans.follow_up.result import TimePoint, tracking_uid
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.scans.provenance import series_uids
from mmuldor.scans.reading import read_scan
from mmuldor.scans.volume import Volume

MAKE_COMMAND = command_line('infer', 'SCAN CONFIG CHECKPOINT --out DIR')
_MEASURES = ('long_mm', 'short_mm', 'volume_ml')
# What the positions of voxels may differ by, in voxels: JSON has all digits.
_SAME_PLACE = 0.01


def is_results(path: str | os.PathLike) -> bool:
    """Whether a path is a results folder, or its ``lesions.json``."""
    path = Path(path)
    return path.name == LESIONS_NAME or (path / LESIONS_NAME).is_file()


def scans_among(
    paths: Sequence[str | os.PathLike],
    detector: Sequence[str],
    settings: Sequence[object] = (),
) -> list[str | os.PathLike]:
    """The paths that are no results folders, on which a detector runs.

    Args:
        paths: Baseline and follow-up.
        detector: The detector that was given, if any.
        settings: What else was given for a detector.

    Raises:
        ValueError: If a scan has no detector, or a detector has no scan.
    """
    scans = [path for path in paths if not is_results(path)]
    if scans and not detector:
        raise ValueError(
            'BASELINE and FOLLOWUP must be results folders of '
            f'{command_name("infer")}, but {str(scans[0])!r} has no '
            f'{LESIONS_NAME}. If it is a scan, give --model, or CONFIG '
            'CHECKPOINT, too.'
        )
    if detector and not scans:
        raise ValueError(
            'a detector must be given with a scan, but both are results '
            f'folders, and got {detector[0]!r}. Leave it out.'
        )
    if settings and not scans:
        raise ValueError(
            'options of a detector, as `--score-thr`, act on a scan, but both '
            f'are results folders, and got {settings[0]!r}. Leave it out.'
        )
    return scans


def read_results(
    path: str | os.PathLike,
    scan: str | os.PathLike | None = None,
    spacing_mm: Sequence[float] | None = None,
) -> TimePoint:
    """Read a results folder and its scan.

    Args:
        path: The folder, or its ``lesions.json``.
        scan: Where the scan lies now; by default where ``lesions.json`` says.
        spacing_mm: Of PNG slices, if ``lesions.json`` does not say.

    Raises:
        FileNotFoundError: If ``lesions.json`` or the scan is not there.
        ValueError: If one of them is wrong, or they do not belong together.
    """
    file = Path(path)
    file = file if file.name == LESIONS_NAME else file / LESIONS_NAME
    document = read_json(file, 'the results', f'Create it: `{MAKE_COMMAND}`.')
    if not isinstance(document, dict) or 'lesions' not in document:
        raise ValueError(
            f'{file} must be a {LESIONS_NAME}, an object with `lesions`. '
            f'Create it with `{MAKE_COMMAND}`.'
        )
    stated = document.get('provenance')
    stated = stated if isinstance(stated, dict) else {}
    source = _scan_path(file, document) if scan is None else Path(scan)
    volume, notes = read_scan(
        source,
        series_uid=_series(stated, scan),
        spacing_mm=spacing_mm or _spacing(stated),
        accept_values=True,
        # Spacings may have been given for PNG slices beside other scans.
        one_of_many=True,
    )
    _check_grid(file, document, volume)
    lesions, records = _lesions(file, document, volume)
    return TimePoint(
        str(file.parent),
        volume,
        lesions,
        records,
        series_uids(volume),
        notes,
        stated,
    )


def _scan_path(file: Path, document: dict[str, Any]) -> Path:
    """Where the scan lies: as stated, or the same from the results folder."""
    source = document.get('source')
    if not isinstance(source, str) or not source:
        raise ValueError(
            f'{file}: `source` must be the path of the scan, but got '
            f'{shortened(source)}. Give the scan: --baseline-scan or '
            '--follow-up-scan.'
        )
    # A relative path was relative to where infer ran.
    for path in (
        Path(source),
        file.parent / source,
        file.parent.parent / source,
    ):
        if path.exists():
            return path
    raise FileNotFoundError(
        f'{file}: the scan {source!r} must exist, since both scans are '
        'registered, but it is not there. Give where it lies now: '
        '--baseline-scan or --follow-up-scan.'
    )


def _series(stated: dict[str, Any], scan: str | os.PathLike | None) -> Any:
    """The series of a folder of several, as it was requested."""
    uid = stated.get('requested_series_uid')
    return uid if isinstance(uid, str) and scan is None else None


def _spacing(stated: dict[str, Any]) -> list[float] | None:
    spacing = stated.get('requested_spacing_mm')
    return spacing if are_coordinates(spacing, 3) else None


def _check_grid(file: Path, document: dict[str, Any], volume: Volume) -> None:
    """Raise ValueError if the results are of another scan."""
    grid = VolumeGrid.of(document, str(file))
    same = grid.shape == volume.shape
    if same and grid.affine is not None:
        away = np.linalg.inv(volume.affine) @ grid.affine - np.eye(4)
        far = np.abs(away[:3, :3]) @ np.array(volume.shape[::-1])
        same = bool((far + np.abs(away[:3, 3]) < _SAME_PLACE).all())
    if not same:
        raise ValueError(
            f'{file} must be the results of {volume.source}, but is of a '
            f'scan of {_size(grid.shape)} voxels, or elsewhere in space; this '
            f'one has {_size(volume.shape)}. Run the detector on it again, or '
            'give the right scan: --baseline-scan or --follow-up-scan.'
        )


def _size(shape: Sequence[int]) -> str:
    return ' x '.join(map(str, reversed(shape)))


def _lesions(
    file: Path, document: dict[str, Any], volume: Volume
) -> tuple[list[Lesion], list[dict[str, Any]]]:
    """The lesions, and their entries with number and UID."""
    entries = document['lesions']
    boxes = read_boxes(document, str(file))
    numbers = [entry.get('number') for entry in entries]
    unique = all(map(is_integer, numbers)) and len(set(numbers)) == len(
        numbers
    )
    if not unique:
        numbers = list(range(1, len(entries) + 1))
    scan = series_uids(volume)['series_uid'] or volume.source
    lesions, records = [], []
    for k, (entry, box) in enumerate(zip(entries, boxes, strict=True)):
        where = f'{file}: lesions[{k}]'
        lesion = _lesion(entry, box, volume, where)
        lesions.append(lesion)
        uid = tracking_uid(entry.get('tracking_uid'), scan, numbers[k], box)
        kept = {
            name: value
            for name, value in entry.items()
            if name not in ('detections', 'number', 'tracking_uid')
        }
        records.append(
            {
                'number': numbers[k],
                'tracking_uid': uid,
                **kept,
                'lesion_type': lesion.lesion_type,
                'key_slice': lesion.key_slice,
                'center_lps_mm': np.round(lesion.center_lps_mm, 3).tolist(),
                **{name: getattr(lesion, name) for name in _MEASURES},
            }
        )
    return lesions, records


def _lesion(
    entry: dict[str, Any], box: np.ndarray, volume: Volume, where: str
) -> Lesion:
    spacing = np.array(volume.spacing_mm)
    middle = (box[:3] + box[3:]) / 2 / spacing
    key_slice = entry.get('key_slice', round(float(middle[2])))
    if not is_integer(key_slice) or not 0 <= key_slice < len(volume.hu):
        raise ValueError(
            f'{where}: `key_slice` must be a slice of the scan, 0 to '
            f'{len(volume.hu) - 1}, but got {shortened(key_slice)}.'
        )
    for name in (*_MEASURES, 'probability'):
        value = entry.get(name)
        if value is not None and not (is_finite(value) and value >= 0):
            raise ValueError(
                f'{where}: `{name}` must be a number of 0 or more, or null, '
                f'but got {shortened(value)}.'
            )
    score = entry.get('score', 1.0)
    if not is_finite(score):
        raise ValueError(
            f'{where}: `score` must be a finite number, but got '
            f'{shortened(score)}.'
        )
    ends = entry.get('recist_px')
    kind = entry.get('lesion_type')
    return Lesion(
        score=float(score),
        key_slice=key_slice,
        box_mm=box,
        center_lps_mm=volume.to_patient(middle)[0],
        long_mm=entry.get('long_mm'),
        short_mm=entry.get('short_mm'),
        recist_px=np.array(ends).reshape(4, 2)
        if are_coordinates(ends, 8)
        else None,
        volume_ml=entry.get('volume_ml'),
        detections=_detections(entry, key_slice, box, spacing),
        probability=entry.get('probability'),
        lesion_type=kind if isinstance(kind, str) else None,
    )


def _detections(
    entry: dict[str, Any], key_slice: int, box: np.ndarray, spacing: np.ndarray
) -> list[SliceDetection]:
    """The detections, without masks; the box on the key slice if none."""
    score = float(entry.get('score', 1.0))
    found = []
    stated = entry.get('detections')
    for item in stated if isinstance(stated, list) else ():
        if not isinstance(item, dict):
            continue
        index: Any = item.get('slice')
        edges, own = item.get('box_px'), item.get('score', score)
        if is_integer(index) and are_coordinates(edges, 4):
            own = own if is_finite(own) else score
            found.append(SliceDetection(index, np.array(edges), own, None))
    if found:
        return found
    edges = box[[0, 1, 3, 4]] / np.tile(spacing[:2], 2)
    return [SliceDetection(key_slice, edges, score, None)]
