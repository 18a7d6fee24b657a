"""The lesions of a scan as files: JSON, CSV and log.

``lesions.json``::

    {"source": "...", "spacing_mm": [columns, rows, slices],
     "shape": [slices, rows, columns],
     "affine_lps": [[...], [...], [...], [...]], "notes": ["..."],
     "provenance": {"mmuldor": "0.1.0", ..., "series_uid": "1.2.3", ...},
     "lesions": [{"number": 1, "tracking_uid": "1.2.3", "score": 0.9,
                  "probability": 0.8, "lesion_type": "liver",
                  "key_slice": 31,
                  "key_slice_source": {"instance_number": 12,
                                       "sop_instance_uid": "1.2.3.12",
                                       "frame_number": null},
                  "center_lps_mm": [x, y, z],
                  "box_mm": [x1, y1, z1, x2, y2, z2],
                  "long_mm": 21.3, "short_mm": 14.0, "volume_ml": 2.1,
                  "recist_px": [x, y, x, y, x, y, x, y],
                  "detections": [{"slice": 31, "score": 0.9,
                                  "box_px": [x1, y1, x2, y2]}]}]}

Slices count from 0 at the patient's feet. Pixels count from 0 with centres at
integers; columns increase to the patient's left, rows to the back. Boxes in mm
are along these axes, with the origin at the centre of the first voxel. Centres
are in patient coordinates (left, posterior, superior); `affine_lps` maps
(column, row, slice) indices to them. Null are: values that need a mask, if
there is none; the probability without a calibration of volumes; the type if
the detector has one lesion class.

`tracking_uid` is that of the DICOM files, the same in each run (see
`mmuldor.scans.dicom.report.tracking`); null for scans of other formats.
`key_slice_source` is what the source calls the key slice: numbers and UID of
DICOM, {"png_number": 17} of PNG slices, null if there is no such slice; see
`mmuldor.scans.provenance.slice_source`. `provenance` has the UIDs of a DICOM
series (`study_uid`, `series_uid`, `frame_of_reference_uid`; null for other
sources) beside what `mmuldor.apis.provenance` states: programs, config,
checkpoint, settings, date and duration. Files of earlier versions have none of
these keys.

A row of ``lesions.csv`` begins with the source of its scan, so that the tables
of several scans can be stacked.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmuldor.io.json_files import replacing, write_json
from mmuldor.io.paths import printable
from mmuldor.scans.dicom.report.tracking import tracking_uids
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.provenance import series_uids, slice_source
from mmuldor.scans.volume import Volume

COLUMNS = (
    'scan',
    'number', 'score', 'probability', 'key_slice',
    'center_left_mm', 'center_posterior_mm', 'center_superior_mm',
    'long_mm', 'short_mm', 'volume_ml', 'slices', 'lesion_type',
    'instance_number', 'frame_number', 'sop_instance_uid', 'png_number',
    'series_uid', 'score_thr', 'checkpoint_sha256',
)  # fmt: skip
# Columns of the key slice, by the keys of `slice_source`.
_OF_SLICE = (
    'instance_number', 'frame_number', 'sop_instance_uid', 'png_number',
)  # fmt: skip


def write_lesions_json(
    path: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write the lesions as JSON; see the module for the format."""
    document = {
        'source': volume.source,
        'spacing_mm': list(volume.spacing_mm),
        'shape': list(volume.shape),
        'affine_lps': volume.affine.tolist(),
        'notes': list(notes),
        'provenance': {**(provenance or {}), **series_uids(volume)},
        'lesions': lesion_records(lesions, volume),
    }
    write_json(path, document, indent=1)


def lesion_records(
    lesions: Sequence[Lesion], volume: Volume
) -> list[dict[str, Any]]:
    """The lesions as ``lesions.json`` has them, with its rounded numbers.

    Every file of a scan that states these numbers takes them from here.
    """
    uids = tracking_uids(
        series_uids(volume)['series_uid'],
        [lesion.center_lps_mm for lesion in lesions],
    )
    return [
        {
            'number': number,
            'tracking_uid': uid,
            'score': lesion.score,
            'probability': _rounded(lesion.probability, 4),
            'lesion_type': lesion.lesion_type,
            'key_slice': lesion.key_slice,
            'key_slice_source': slice_source(volume, lesion.key_slice),
            'center_lps_mm': _rounded(lesion.center_lps_mm),
            'box_mm': _rounded(lesion.box_mm),
            'long_mm': _rounded(lesion.long_mm),
            'short_mm': _rounded(lesion.short_mm),
            'volume_ml': _rounded(lesion.volume_ml, 4),
            'recist_px': None
            if lesion.recist_px is None
            else _rounded(lesion.recist_px.reshape(-1)),
            'detections': [
                {
                    'slice': d.slice_index,
                    'score': d.score,
                    'box_px': _rounded(d.box_px),
                }
                for d in lesion.detections
            ],
        }
        for number, (lesion, uid) in enumerate(
            zip(lesions, uids, strict=True), start=1
        )
    ]


def write_lesions_csv(
    path: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write the lesions as CSV, one row each.

    Values that are null in the JSON are empty.
    """
    known = provenance or {}
    of_all = (
        series_uids(volume)['series_uid'],
        known.get('score_thr'),
        known.get('checkpoint', {}).get('sha256'),
    )
    with (
        replacing(path) as temporary,
        open(temporary, 'w', newline='', encoding='utf-8') as file,
    ):
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(COLUMNS)
        for number, lesion in enumerate(lesions, start=1):
            measured = (lesion.long_mm, lesion.short_mm, lesion.volume_ml)
            source = slice_source(volume, lesion.key_slice) or {}
            writer.writerow(
                [
                    printable(volume.source),
                    number,
                    f'{lesion.score:.4f}',
                    _text(lesion.probability, 4),
                    lesion.key_slice,
                    *(f'{value:.1f}' for value in lesion.center_lps_mm),
                    *(_text(value, 2) for value in measured),
                    len(lesion.detections),
                    lesion.lesion_type,
                    *map(source.get, _OF_SLICE),
                    *of_all,
                ]
            )


def write_log(
    path: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write what was run, what was noted and what was found, for people."""
    slices, rows, columns = volume.shape
    spacing = ' x '.join(f'{value:.4g}' for value in volume.spacing_mm)
    lines = [
        f'scan: {volume.source}',
        f'grid: {columns} x {rows} x {slices} voxels of {spacing} mm',
        *(
            f'{key}: {_words(value)}'
            for key, value in (
                {**(provenance or {}), **series_uids(volume)}
            ).items()
        ),
        *(f'note: {note}' for note in notes),
        f'lesions: {len(lesions)}',
    ]
    with replacing(path) as temporary:
        text = printable('\n'.join(lines))
        temporary.write_text(text + '\n', encoding='utf-8')


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ', '.join(f'{key} {_words(v)}' for key, v in value.items())
    return 'none' if value is None else str(value)


def _text(value: float | None, digits: int) -> str:
    return '' if value is None else f'{value:.{digits}f}'


def _rounded(values, digits: int = 3):
    """Numbers rounded for JSON; None stays None."""
    if values is None:
        return None
    if np.ndim(values) == 0:
        return round(float(values), digits)
    return [round(float(value), digits) for value in values]
