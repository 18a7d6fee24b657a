"""The pairs of a follow-up, both scans beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mmuldor.functional.follow_up.matching import LesionPair
from mmuldor.functional.hounsfield import window_hu
from mmuldor.scans.follow_up.result import FollowUp, Place, TimePoint
from mmuldor.visualization.ct_image import DEFAULT_WINDOW_HU
from mmuldor.visualization.marks import DETECTION, REFERENCE, draw_box
from mmuldor.visualization.panels import PanelGrid

# Side of a panel in the patient, and of the mark of an expected place.
VIEW_MM, MARK_MM = 130.0, 12.0
PANEL_PX = 300


def follow_up_figure(
    found: FollowUp,
    max_pairs: int = 12,
    window: tuple[float, float] = DEFAULT_WINDOW_HU,
) -> Figure:
    """Draw a row for each pair: baseline on the left, follow-up on the right.

    A solid box is a detection on its key slice, a dashed one where the lesion
    of the other scan is expected. All panels show `VIEW_MM` of the patient.

    Args:
        found: The follow-up.
        max_pairs: Maximum number of rows.
        window: (low, high) HU of the display window.
    """
    pairs = found.pairs[:max_pairs]
    grid = PanelGrid(len(pairs), 2, PANEL_PX, ('baseline', 'follow-up'))
    if not pairs:
        grid.show_message('no lesions')
    for row, pair in enumerate(pairs):
        sides = (
            (found.baseline, pair.baseline, pair.follow_up, found.in_baseline),
            (found.follow_up, pair.follow_up, pair.baseline,
             found.in_follow_up),
        )  # fmt: skip
        for column, (point, own, other, places) in enumerate(sides):
            place = None if other is None else places[other]
            _panel(grid, (row, column), point, own, place, pair, window)
    return grid.fig


def _panel(
    grid: PanelGrid,
    at: tuple[int, int],
    point: TimePoint,
    index: int | None,
    place: Place | None,
    pair: LesionPair,
    window: tuple[float, float],
) -> None:
    """A lesion and where it is expected, or the latter alone."""
    spacing = point.volume.spacing_mm[:2]
    box = None
    if index is not None:
        lesion = point.lesions[index]
        box = lesion.detections[0].box_px
        middle, number = (box[:2] + box[2:]) / 2, lesion.key_slice
    elif place is not None and place.inside:
        middle, number = place.index[:2], round(float(place.index[2]))
    else:
        return
    number = int(np.clip(number, 0, len(point.volume.hu) - 1))
    hu = point.volume.hu[number].astype(np.float32)
    grey = np.rint(window_hu(hu, *window)).astype(np.uint8)
    half = VIEW_MM / 2 / np.array(spacing)
    view = (*(middle - half), *(middle + half))
    rgb = np.repeat(grey[..., None], 3, axis=2)
    ax = grid.add(*at, rgb, view, _caption(point, index, number, pair))
    if box is not None:
        draw_box(ax, _sides(box), DETECTION)
    if place is not None:
        reach = MARK_MM / 2 / np.array(spacing)
        here = place.index[:2]
        mark = np.concatenate([here - reach, here + reach])
        draw_box(ax, _sides(mark), REFERENCE, dashed=True)


def _sides(box: np.ndarray) -> Sequence[float]:
    """``x1 y1 x2 y2`` to ``x1 y1 w h``."""
    return [*box[:2], *(box[2:] - box[:2])]


def _caption(
    point: TimePoint, index: int | None, number: int, pair: LesionPair
) -> str:
    text = f'{pair.status}, slice {number}'
    if index is None:
        return text
    record = point.records[index]
    text += f', lesion {record["number"]}'
    if record.get('long_mm') is not None:
        text += f', {record["long_mm"]:.1f} mm'
    return text
