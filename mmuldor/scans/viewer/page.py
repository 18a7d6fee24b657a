"""A volume with its lesions as one HTML page, ``report.html``.

HU are embedded slice by slice (see ``slice_codec``), so that the reader can
choose the window; slices are decompressed when they are shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from mmuldor.functional.boxes_3d import check_boxes_3d
from mmuldor.io.paths import printable
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.viewer import truth
from mmuldor.scans.viewer.header import header_facts
from mmuldor.scans.viewer.scan_data import lesion_mark, scan_data
from mmuldor.scans.viewer.slice_codec import ReducedGrid, choose_grid
from mmuldor.scans.viewer.template import (
    EmbeddedScan,
    SliceProgress,
    write_page,
)
from mmuldor.scans.viewer.without_patient import (
    scan_name,
    without_patient,
)
from mmuldor.scans.volume import Volume
from mmuldor.visualization.ct_image import DEFAULT_WINDOW_HU
from mmuldor.visualization.marks import (
    DETECTION,
    ENDPOINT,
    FALSE_CLASS,
    MASK,
    MINED,
    REFERENCE,
)

# Level and width in HU, the first as in the pictures, the rest as usual
# (radiopaedia.org/articles/windowing-ct); "full" is all that a slice holds.
WINDOWS = {
    'Soft tissue': (
        sum(DEFAULT_WINDOW_HU) / 2,
        DEFAULT_WINDOW_HU[1] - DEFAULT_WINDOW_HU[0],
    ),
    'Lung': (-600, 1500),
    'Bone': (400, 1800),
    'Liver': (30, 150),
    'Brain': (40, 80),
    'Full': (1024, 4096),
}
UNSURE = '#b8bec8'
COLORS = {
    'detection': DETECTION,
    'mask': MASK,
    'diameter': REFERENCE,
    'endpoint': ENDPOINT,
    # By type of match.
    truth.FINDING: DETECTION,
    truth.FALSE_POSITIVE: FALSE_CLASS,
    truth.MISSED: REFERENCE,
    truth.SECOND_HIT: UNSURE,
    # And of a follow-up.
    'matched': DETECTION,
    'new': MINED,
    'gone': REFERENCE,
    'uncertain': FALSE_CLASS,
    'outside': UNSURE,
}
_COLUMNS = ('number', 'score', 'slice', 'size', 'volume')


def write_volume_page(
    path: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    *,
    provenance: Mapping[str, Any] | None = None,
    truth_mm: ArrayLike | None = None,
    max_bytes: float = 60e6,
    progress: SliceProgress = lambda items, total: items,
) -> ReducedGrid:
    """Write the page.

    It names no patient: see :mod:`mmuldor.scans.viewer.header`.

    Args:
        path: HTML file.
        lesions: The lesions, numbered from 1.
        volume: The scan.
        notes: What was repaired in the scan.
        provenance: What found the lesions, for the header; see
            :mod:`mmuldor.apis.provenance`.
        truth_mm: Boxes of the lesions that are known to be there, as
            ``Lesion.box_mm``, (m, 6). The list then says which lesions
            are findings, false positives and missed.
        max_bytes: Approximate maximum size of the page. Larger volumes are
            embedded at a lower resolution, which the page states.
        progress: Wraps the slices; gets their number.

    Returns:
        The resolution of the embedded slices.
    """
    grid = choose_grid(volume.hu, max_bytes)
    rows = _rows(lesions, volume, truth_mm)
    first = rows[0]['marks'][0]['slice'] if rows else len(volume.hu) >> 1
    known = truth_mm is not None
    document = {
        **page_data(scan_name(volume), 'truth' if known else 'scan'),
        'facts': header_facts(volume, len(lesions), provenance),
        'columns': [*_COLUMNS[:2], *(['match'] * known), *_COLUMNS[2:]],
        'scans': [scan_data(volume, grid, first)],
        'links': None,
        'notes': [without_patient(printable(n), volume) for n in notes],
        'lesions': rows,
    }
    scan = EmbeddedScan(volume, grid, first)
    write_page(path, document, [scan], progress)
    return grid


def page_data(name: str, kind: str) -> dict[str, Any]:
    """What is the same for pages of one scan and of two."""
    return {
        'name': name,
        'kind': kind,
        'windows': [
            {'name': window, 'level': level, 'width': width}
            for window, (level, width) in WINDOWS.items()
        ],
        'colors': COLORS,
    }


def _rows(
    lesions: Sequence[Lesion], volume: Volume, truth_mm: ArrayLike | None
) -> list[dict[str, Any]]:
    """Rows of the list: the lesions, then what was missed."""
    words: Sequence[str | None] = [None] * len(lesions)
    missed: list[dict[str, Any]] = []
    if truth_mm is not None:
        boxes = check_boxes_3d(truth_mm, 'truth_mm')
        words, indices = truth.matches(lesions, boxes)
        missed = [truth.box_mark(boxes[k], volume) for k in indices]
    rows = [
        {
            'number': number,
            'type': lesion.lesion_type,
            'match': word,
            'marks': [lesion_mark(lesion)],
        }
        for number, (lesion, word) in enumerate(
            zip(lesions, words, strict=True), start=1
        )
    ]
    rows += [
        {
            'number': f'M{number}',
            'type': None,
            'match': truth.MISSED,
            'marks': [mark],
        }
        for number, mark in enumerate(missed, start=1)
    ]
    return [{**row, 'order': order} for order, row in enumerate(rows)]
