"""What is odd about a results file, in a sentence each.

Such files are valid, and their FROC is computed as they are. Each sentence is
about a mistake that people make: boxes of another form, results of other
images, files that were joined twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mmuldor.commands import command_line
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.functional.froc import FROCSummary

# Boxes of DeepLesion's own annotations leave their images by up to 6 px.
_MARGIN_PX = 10
# A larger share of boxes beyond their images is no accident.
_OUTSIDE = 0.01
# A detector gives nearly every detection a score of its own.
_FEW_SCORES = 50
# The mean over 0.5 to 4 FPs in parts of the maximum: a ranking hardly does
# worse, unless it is the wrong way round.
_LOW_MEAN = 0.1
# No lesion is that small; shares of an image's sides are.
_SHARES = 1.5


def doubts(
    truth: GroundTruth,
    detections: Detections,
    summary: FROCSummary,
    summary_of: Callable[[Detections], FROCSummary],
) -> list[str]:
    """Sentences about what is odd, none if nothing is.

    Args:
        truth: The lesions.
        detections: Those of both classes.
        summary: Their FROC.
        summary_of: Gives the FROC of other detections.
    """
    if not len(detections):
        return ['the results file is empty: no lesion is found']
    texts = [
        _box_doubt(truth, detections, summary, summary_of),
        _score_doubt(detections, summary, summary_of),
        _repeat_doubt(detections),
        _image_doubt(truth, detections),
        _annotation_doubt(truth),
    ]
    return [text for text in texts if text]


def _box_doubt(
    truth: GroundTruth,
    detections: Detections,
    summary: FROCSummary,
    summary_of: Callable[[Detections], FROCSummary],
) -> str:
    """Whether the boxes have another form or another frame."""
    found = summary.max_sensitivity
    corners = _as_corners(detections)
    if corners is not None:
        other = summary_of(corners).max_sensitivity
        if other > found:
            return (
                f'at most {100 * found:.1f} % of the lesions are found, but '
                f'{100 * other:.1f} % if the boxes are x1 y1 x2 y2; results '
                'must be x1 y1 x2-x1 y2-y1. Convert them with '
                f'`{command_line("convert", "... --boxes xyxy")}`'
            )
    if np.abs(detections.boxes).max() <= _SHARES:
        return (
            'all coordinates are at most '
            f'{np.abs(detections.boxes).max():.2g}, like shares of the '
            "images' sides; boxes must be in pixels"
        )
    outside = _number_outside(truth, detections)
    if outside > _OUTSIDE * len(detections):
        return (
            f'{outside:,} of {len(detections):,} boxes end more than '
            f'{_MARGIN_PX} px outside of their images: boxes must be '
            'x1 y1 x2-x1 y2-y1 in pixels of the source images'
        )
    if found == 0:
        return (
            f'none of {len(detections):,} detections hits a lesion: boxes '
            'must be x1 y1 x2-x1 y2-y1 in pixels of the source images, and '
            'image ids those of this annotation file'
        )
    return ''


def _as_corners(detections: Detections) -> Detections | None:
    """As if widths and heights were corners, where all of them can be."""
    x1, y1, x2, y2 = detections.boxes.T
    widths, heights = x2 - x1, y2 - y1
    if not ((widths >= x1).all() and (heights >= y1).all()):
        return None
    return replace(
        detections, boxes=np.stack([x1, y1, widths, heights], axis=1)
    )


def _number_outside(truth: GroundTruth, detections: Detections) -> int:
    """Boxes far outside of their images, of those whose size is known."""
    unknown = (np.inf, np.inf)
    images, row = np.unique(detections.image_ids, return_inverse=True)
    sizes = [
        truth.sizes.get(image_id, unknown) for image_id in images.tolist()
    ]
    ends = np.array(sizes, dtype=np.float64)[row]
    beyond = detections.boxes[:, 2:] - ends > _MARGIN_PX
    before = detections.boxes[:, :2] < -_MARGIN_PX
    return int((beyond | before).any(axis=1).sum())


def _score_doubt(
    detections: Detections,
    summary: FROCSummary,
    summary_of: Callable[[Detections], FROCSummary],
) -> str:
    """Whether the scores rank the detections, and the right way round."""
    values = len(np.unique(detections.scores))
    if _FEW_SCORES * values < len(detections):
        return (
            f'{len(detections):,} detections have {values} different '
            f'score{"s" * (values > 1)}; detections of equal scores are one '
            'step of the curve, which is a straight line there'
        )
    if summary.mean < _LOW_MEAN * summary.max_sensitivity:
        turned = replace(detections, scores=-detections.scores)
        if 2 * summary_of(turned).mean > summary.max_sensitivity:
            return (
                'most lesions are found by the lowest scores; scores must '
                'rise with the probability of a lesion'
            )
    return ''


def _repeat_doubt(detections: Detections) -> str:
    # Equal scores are rare, and only they need the slow sort by all columns.
    tied = detections.select(_tied(detections.scores))
    columns = np.column_stack(
        [tied.image_ids, tied.categories, tied.scores, tied.boxes]
    )
    ordered = columns[np.lexsort(columns.T)]
    repeated = int((ordered[1:] == ordered[:-1]).all(axis=1).sum())
    if not repeated:
        return ''
    return (
        f'{repeated:,} of {len(detections):,} detections repeat another one '
        '(same image, box, score and class) and count as false positives if '
        'they hit no lesion; joining a file twice does this'
    )


def _tied(scores: np.ndarray) -> np.ndarray:
    """Which scores occur more than once, as indices."""
    order = np.argsort(scores)
    same = np.diff(scores[order]) == 0
    return order[np.append(same, False) | np.append(False, same)]


def _image_doubt(truth: GroundTruth, detections: Detections) -> str:
    with_any = np.isin(truth.images, detections.image_ids).sum()
    without = len(truth.images) - int(with_any)
    if 2 * without <= len(truth.images):
        return ''
    return (
        f'{without:,} of {len(truth.images):,} images have no detection; '
        'in results of a part of the images the other lesions are missed'
    )


def _annotation_doubt(truth: GroundTruth) -> str:
    lesions = np.column_stack([truth.lesion_images, truth.lesion_boxes])
    repeated = len(lesions) - len(np.unique(lesions, axis=0))
    if not repeated:
        return ''
    return (
        f'{repeated:,} of {len(lesions):,} annotations repeat another one '
        '(same image and box); each counts as a lesion'
    )
