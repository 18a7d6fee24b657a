"""Lesions as markups that 3D Slicer loads by drag and drop.

A ``.mrk.json`` file of Slicer's schema 1.0.3 with an ROI for the box of each
lesion and a line for each diameter. Coordinates are those of the patient in
mm: left, posterior, superior. Slicer reads scans into the same space, DICOM
and NIfTI alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from mmuldor.io.json_files import write_json
from mmuldor.io.paths import printable
from mmuldor.scans.volume import Volume
from mmuldor.visualization.marks import DETECTION, ENDPOINT

# Slicer compares its end with its own; it is no address any more.
SCHEMA = (
    'https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/'
    'Markups/Resources/Schema/markups-schema-v1.0.3.json#'
)


def write_markups(
    path: str | os.PathLike,
    records: Sequence[Mapping[str, Any]],
    volume: Volume,
) -> None:
    """Write the lesions as markups.

    Args:
        path: File to write; Slicer knows it by its end ``.mrk.json``.
        records: The lesions, as ``lesions.json`` has them.
        volume: The scan.
    """
    markups = [
        markup for record in records for markup in _of_lesion(record, volume)
    ]
    if not markups:
        # Slicer calls a file without any markup invalid.
        markups = [_markup('Fiducial', 'No lesion found', [], DETECTION)]
    write_json(path, {'@schema': SCHEMA, 'markups': markups}, indent=1)


def _of_lesion(
    record: Mapping[str, Any], volume: Volume
) -> list[dict[str, Any]]:
    """The box, and the diameters if there are any."""
    name = f'Lesion {record["number"]}'
    markups = [_box(record, volume, name)]
    if record['recist_px'] is None:
        return markups
    ends = np.reshape(record['recist_px'], (4, 2))
    indices = np.column_stack([ends, np.full(4, record['key_slice'])])
    points = volume.to_patient(indices)
    for first, kind in ((0, 'long'), (2, 'short')):
        label = f'{name} {kind} {record[f"{kind}_mm"]:.1f} mm'
        pair = points[first : first + 2]
        markups.append(_markup('Line', label, pair, ENDPOINT))
    return markups


def _box(
    record: Mapping[str, Any], volume: Volume, name: str
) -> dict[str, Any]:
    """The ROI around a lesion, along the axes of the volume."""
    label = f'{name} score {record["score"]:.2f}'
    if record['lesion_type'] is not None:
        label += f' {printable(record["lesion_type"])}'
    axes = volume.affine[:3, :3] / np.linalg.norm(
        volume.affine[:3, :3], axis=0
    )
    if np.linalg.det(axes) < 0:
        # Slicer turns boxes but does not mirror them; a box has no ends.
        axes[:, 2] *= -1
    low, high = np.reshape(record['box_mm'], (2, 3))
    markup = _markup('ROI', label, [record['center_lps_mm']], DETECTION)
    return {
        **markup,
        'roiType': 'Box',
        'center': record['center_lps_mm'],
        # Row by row; its columns are the directions of the sides.
        'orientation': axes.round(9).ravel().tolist(),
        'size': (high - low).round(3).tolist(),
    }


def _markup(kind: str, name: str, points: Any, color: str) -> dict[str, Any]:
    """A markup that is shown with its name and cannot be moved by accident."""
    rgb = [round(value, 3) for value in to_rgb(color)]
    return {
        'type': kind,
        'name': name,
        'coordinateSystem': 'LPS',
        'coordinateUnits': 'mm',
        'locked': True,
        'labelFormat': '%N-%d',
        'controlPoints': [
            {
                'id': str(number),
                'label': name,
                'position': np.round(point, 3).tolist(),
                'positionStatus': 'defined',
            }
            for number, point in enumerate(points, start=1)
        ],
        'display': {
            'color': rgb,
            'selectedColor': rgb,
            'propertiesLabelVisibility': True,
            'pointLabelsVisibility': False,
            'handlesInteractive': False,
        },
    }
