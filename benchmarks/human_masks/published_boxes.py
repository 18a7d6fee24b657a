"""Published detections against lesion boxes of a shifted frame.

A detector learns the frame of the boxes it was trained on. Its detections say
which frame that was, not where the lesion is in the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.human_masks.lesions import load_rows
from mmuldor.functional.froc import Matched, froc_curve, match, summarize

FP_RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SHIFTS = (
    *((0, 0), (0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)),
    *((0.5, 0.5), (-0.5, -0.5), (1, 1)),
)


@dataclass(frozen=True, eq=False)
class Published:
    """Detections of a published detector on the official test split.

    Attributes:
        name: The detector.
        patients: The patient of each image, (k,).
        detections: x1 y1 x2 y2 score, (n, 5), in the detector's pixels.
        detection_images: Index of each one's image, (n,).
        boxes: Lesions, x1 y1 x2 y2, (m, 4), in the same pixels.
        box_images: Index of each one's image, (m,).
        scales: Detector's pixels for a pixel of the slice, of each lesion.
    """

    name: str
    patients: list[str]
    detections: np.ndarray
    detection_images: np.ndarray
    boxes: np.ndarray
    box_images: np.ndarray
    scales: np.ndarray

    def matched(self, shift: Sequence[float] = (0, 0)) -> Matched:
        """Detections and lesions whose boxes are moved by dx, dy px."""
        moved = self.boxes + np.outer(self.scales, [*shift, *shift])
        return match(
            self.detections[:, :4],
            self.detections[:, 4],
            self.detection_images,
            moved,
            self.box_images,
            np.arange(len(self.patients)),
        )

    def froc(self, shift: Sequence[float] = (0, 0)) -> dict:
        """FROC against the moved boxes."""
        summary = summarize(froc_curve(self.matched(shift)), FP_RATES)
        return {
            'shift_px': list(shift),
            'sensitivity': list(summary.sensitivity),
            'mean': summary.mean,
        }

    def displacements(self) -> tuple[np.ndarray, list[str]]:
        """Centre of each lesion's best hit minus that of its box.

        Returns:
            dx, dy in px of the slice, (h, 2), and the patients of the h
            lesions that are hit.
        """
        best = self.matched().lesion_detection
        hit = best >= 0
        gap = self.detections[best[hit], :4] - self.boxes[hit]
        gap = gap / self.scales[hit][:, None]
        owners = [self.patients[i] for i in self.box_images[hit]]
        return (gap[:, :2] + gap[:, 2:]) / 2, owners


def load_published(data: Path) -> list[Published]:
    """3DCE and both trainings of MULAN on the official test split."""
    rows = [
        row
        for row in load_rows(data / 'deeplesion_sample')
        if row.split == 'test' and not row.noisy
    ]
    names = [row.file_name for row in rows]
    boxes = np.array([row.box_px for row in rows])
    found = [_in_slices(data, names, boxes)]
    return found + [_mulan(data, run, names, boxes) for run in 'ab']


def _in_slices(data: Path, names: list[str], boxes: np.ndarray) -> Published:
    with np.load(data / 'froc/3dce_3slice_test_detections.npz') as stored:
        index = {str(name): i for i, name in enumerate(stored['names'])}
        return Published(
            '3DCE',
            [name[:6] for name in index],
            stored['dets'].astype(np.float64),
            np.repeat(np.arange(len(index)), stored['counts']),
            boxes,
            np.array([index[name] for name in names]),
            np.ones(len(boxes)),
        )


def _mulan(
    data: Path, run: str, names: list[str], boxes: np.ndarray
) -> Published:
    with np.load(data / f'froc/mulan_{run}_test.npz') as stored:
        index = {str(name): i for i, name in enumerate(stored['names'])}
        own = stored['gts'].astype(np.float64)
        owners = np.repeat(np.arange(len(index)), stored['gt_counts'])
        images = np.array([index[name] for name in names])
        return Published(
            f'MULAN {run}',
            [name[:6] for name in index],
            stored['dets'].astype(np.float64),
            np.repeat(np.arange(len(index)), stored['counts']),
            own,
            owners,
            _scales(own, owners, boxes, images),
        )


def _scales(
    own: np.ndarray, owners: np.ndarray, boxes: np.ndarray, images: np.ndarray
) -> np.ndarray:
    """Detector's pixels for a pixel of the slice, from widths of boxes.

    Lesions of an image may stand in another order, so they are matched by
    their place; all have the image's scale, of which the median is taken.
    """
    here = np.lexsort((own[:, 1], own[:, 0], owners))
    there = np.lexsort((boxes[:, 1], boxes[:, 0], images))
    ratios = (own[here, 2] - own[here, 0]) / (
        boxes[there, 2] - boxes[there, 0]
    )
    medians = np.array(
        [np.median(ratios[owners[here] == i]) for i in range(owners.max() + 1)]
    )
    return medians[owners]
