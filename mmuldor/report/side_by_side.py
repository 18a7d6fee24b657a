"""Fig. 4 of the paper: the detections of several methods side by side."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.runs import EvaluatedRun
from mmuldor.visualization.ct_image import load_slice
from mmuldor.visualization.detection_figure import draw_detections
from mmuldor.visualization.examples import draw_by_turns
from mmuldor.visualization.panels import PanelGrid, square_view

# Images on which the methods differ say most, so they come twice as often.
TURNS = ('differ', 'all found', 'differ', 'all missed')


class _Shown:
    """What one run shows at the operating point, by image id."""

    def __init__(self, run: EvaluatedRun, fps_per_image: float) -> None:
        matched = run.evaluation.matched
        steps = run.steps_at(fps_per_image)
        self.detections = defaultdict(list)
        self.false: defaultdict[int, int] = defaultdict(int)
        self.found = defaultdict(list)
        scores = []
        for row in np.flatnonzero(matched.det_step < steps):
            entry = run.results[row]
            self.detections[entry['image_id']].append(entry)
            self.false[entry['image_id']] += bool(matched.det_is_fp[row])
            scores.append(entry['score'])
        found = matched.lesion_step < steps
        for image, hit in zip(matched.lesion_image, found, strict=True):
            self.found[int(matched.image_ids[image])].append(bool(hit))
        self.threshold = min(scores, default=None)

    def caption(self, image_id: int) -> str:
        found = self.found[image_id]
        return (
            f'found {sum(found)} of {len(found)}, '
            f'false: {self.false[image_id]}'
        )

    def heading(self, name: str, fps_per_image: float) -> str:
        if self.threshold is None:
            return f'{name}\nno score gives {fps_per_image:g} FPs per image'
        return f'{name}\nscore at least {self.threshold:.2f}'


def side_by_side_figure(
    document: dict,
    images_dir: str | os.PathLike,
    truth: GroundTruth,
    runs: Sequence[EvaluatedRun],
    *,
    fps_per_image: float = 2.0,
    rows: int = 4,
    side: int = 400,
    seed: int = 0,
) -> Figure:
    """Draw one row per image and one column per method.

    Every method shows its detections at its own threshold, the one with
    ``fps_per_image`` false positives on average over the split. By turns an
    image is drawn on which the methods differ, one on which all find every
    lesion, one on which they differ, one on which none finds any.

    Args:
        document: Annotation file (``mmuldor.io.annotations``).
        images_dir: Folder of its images.
        truth: Its lesions.
        runs: The methods, with their results.
        fps_per_image: The operating point.
        rows: Number of images.
        side: Side of a panel in output pixels.
        seed: Of the choice of images.
    """
    images = {image['id']: image for image in document['images']}
    counted = set(truth.lesion_ids.tolist())
    lesions = defaultdict(list)
    for annotation in document['annotations']:
        if annotation['id'] in counted:
            lesions[annotation['image_id']].append(annotation)
    shown = [_Shown(run, fps_per_image) for run in runs]
    ids = sorted(lesions)
    groups = [_group([s.found[image_id] for s in shown]) for image_id in ids]
    chosen = [ids[i] for i in draw_by_turns(groups, TURNS, rows, seed)]
    titles = [
        s.heading(run.name, fps_per_image)
        for s, run in zip(shown, runs, strict=True)
    ]
    grid = PanelGrid(len(chosen), len(runs), side, titles)
    if not chosen:
        grid.show_message('no image with a lesion')
    for row, image_id in enumerate(chosen):
        picture = load_slice(images[image_id], images_dir)
        view = _view(picture.shape[:2], lesions[image_id], shown, image_id)
        for column, s in enumerate(shown):
            caption = s.caption(image_id)
            if column == 0:
                caption += f'   ({images[image_id]["file_name"]})'
            ax = grid.add(row, column, picture, view, caption)
            draw_detections(
                ax,
                lesions[image_id],
                s.detections[image_id],
                diameters=False,
            )
    return grid.fig


def _group(found: Sequence[Sequence[bool]]) -> str:
    """How the methods' findings on one image compare."""
    if all(map(all, found)):
        return 'all found'
    if not any(map(any, found)):
        return 'all missed'
    return 'differ'


def _view(
    shape: tuple[int, int],
    lesions: Sequence[dict],
    shown: Sequence[_Shown],
    image_id: int,
) -> tuple[float, float, float, float]:
    """The part of the image that holds what any method shows on it."""
    boxes = [lesion['bbox'] for lesion in lesions]
    for s in shown:
        boxes += [entry['bbox'] for entry in s.detections[image_id]]
    return square_view(boxes, shape, margin=0.12, min_side=max(shape) * 0.4)
