"""Rows of DL_info.csv and entries of truth.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmuldor.io.run_length import encode_mask

from .anatomy.body import Body
from .anatomy.canvas import Canvas
from .lesions.confusers import Confuser
from .lesions.diameters import to_csv_order
from .lesions.growth import PlacedLesion

if TYPE_CHECKING:
    from .series import ScanGeometry

BOX_MARGIN_PX = 5.0  # DeepLesion's boxes: RECIST extent and 5 px around it
TRAIN = 1


@dataclass(frozen=True)
class KeySlice:
    """Which key slice of which patient, and the split."""

    patient: int
    study: int
    key: int
    split: int


@dataclass(frozen=True)
class Row:
    """The 18 fields of one lesion, as text, in the order of the CSV."""

    fields: tuple[str, ...]

    @classmethod
    def of(
        cls,
        finding: PlacedLesion,
        place: KeySlice,
        series: ScanGeometry,
        body: Body,
        numbers: tuple[int, int],
        z: float,
        rng: np.random.Generator,
    ) -> Row:
        """The row of a finding; its coordinates count from 1."""
        points = to_csv_order(finding.recist_px, rng) + 1
        lengths = np.linalg.norm(points[1::2] - points[::2], axis=1)
        low = points.min(0) - BOX_MARGIN_PX
        high = points.max(0) + BOX_MARGIN_PX
        half_x, half_y = body.half(z)
        x, y, _ = finding.lesion.centre
        normal = (x / (2 * half_x) + 0.5, y / (2 * half_y) + 0.5,
                  0.3 + 0.55 * (600 - z) / 600)  # fmt: skip
        size = series.scanner.size
        return cls((
            f'{series.folder}_{place.key:03d}.png',
            str(place.patient), str(place.study), '1', str(place.key),
            _join(points.ravel()), _join([*low, *high]),
            _join(lengths), _join(np.clip(normal, 0, 1)),
            '-1' if place.split == TRAIN else str(finding.site.lesion_type),
            '0', _join(numbers),
            _join((series.spacing, series.spacing, series.interval)),
            f'{size}, {size}', _join(finding.site.window),
            body.sex, str(body.age), str(place.split),
        ))  # fmt: skip


def _join(values) -> str:
    """Numbers as in the real CSV: six significant digits, ', ' between."""
    return ', '.join(f'{float(value):.6g}' for value in values)


def lesion_truth(
    finding: PlacedLesion, file_name: str, row: int | None
) -> dict:
    """The entry of a lesion; `row` becomes the CSV's data row later."""
    rows = np.flatnonzero(finding.mask.any(1))
    columns = np.flatnonzero(finding.mask.any(0))
    x, y = int(columns[0]), int(rows[0])
    return {
        'file_name': file_name,
        'row': row,
        'organ': finding.site.name,
        'bbox': [x, y, int(columns[-1]) - x, int(rows[-1]) - y],
        'segmentation': encode_mask(finding.mask),
        'area_px': int(finding.mask.sum()),
        'mean_hu': round(float(finding.lesion.hu), 1),
        'volume_mm3': round(finding.lesion.volume_mm3(), 1),
    }


def confuser_truth(
    confuser: Confuser, canvas: Canvas, file_name: str
) -> dict | None:
    """The entry of a confuser, None where nothing of it is left to see."""
    bbox = confuser.bbox(canvas)
    if bbox is None:
        return None
    return {'file_name': file_name, 'kind': confuser.kind, 'bbox': bbox}
