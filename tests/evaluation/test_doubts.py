"""Mistakes that a valid results file may hide."""

from dataclasses import replace

import numpy as np
import pytest

from mmuldor.evaluation.doubts import doubts
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import evaluate_results

# A lesion of 20 px on each of ten images of 200 by 100 px.
BOX = [120, 60, 20, 20]


def truth_of(**size):
    return GroundTruth.of(
        {
            'images': [{'id': i, **size} for i in range(10)],
            'annotations': [
                {'id': i, 'image_id': i, 'category_id': 1, 'bbox': BOX}
                for i in range(10)
            ],
        },
        'a.json',
    )


def detections_of(rows):
    """Of rows of image, box and score."""
    entries = [
        {'image_id': image, 'bbox': box, 'score': score, 'category_id': 1}
        for image, box, score in rows
    ]
    return Detections.of(entries, range(10), 'b.json')


def on_each(box, images=range(10)):
    return [(image, box, (image + 1) / 20) for image in images]


def notes_of(rows, **size):
    size = size or {'width': 200, 'height': 100}
    return list(evaluate_results(truth_of(**size), detections_of(rows)).notes)


@pytest.mark.parametrize(
    'rows',
    [
        on_each(BOX),
        # Equal scores and equal boxes of different images repeat nothing.
        [(image, BOX, 0.5) for image in range(10)],
        # Half of the images, and boxes that leave theirs by a little.
        on_each(BOX, range(5)),
        on_each(BOX) + on_each([185, 85, 24, 24]),
    ],
)
def test_nothing_odd(rows):
    assert notes_of(rows) == []


@pytest.mark.parametrize(
    ('rows', 'expected'),
    [
        ([], 'the results file is empty: no lesion is found'),
        (
            on_each([120, 60, 140, 80]),
            'at most 0.0 % of the lesions are found, but 100.0 % if the boxes '
            'are x1 y1 x2 y2; results must be x1 y1 x2-x1 y2-y1. Convert them '
            'with `python tools/convert_results.py ... --boxes xyxy`',
        ),
        (
            on_each([0.6, 0.6, 0.1, 0.2]),
            "all coordinates are at most 0.8, like shares of the images' "
            'sides; boxes must be in pixels',
        ),
        (
            on_each([240, 120, 40, 40]),
            '10 of 10 boxes end more than 10 px outside of their images: '
            'boxes must be x1 y1 x2-x1 y2-y1 in pixels of the source images',
        ),
        (
            on_each([20, 60, 20, 20]),
            'none of 10 detections hits a lesion: boxes must be x1 y1 x2-x1 '
            'y2-y1 in pixels of the source images, and image ids those of '
            'this annotation file',
        ),
        (
            [*on_each(BOX), *on_each(BOX, range(3))],
            '3 of 13 detections repeat another one (same image, box, score '
            'and class) and count as false positives if they hit no lesion; '
            'joining a file twice does this',
        ),
        (
            on_each(BOX, range(4)),
            '6 of 10 images have no detection; in results of a part of the '
            'images the other lesions are missed',
        ),
    ],
)
def test_mistakes(rows, expected):
    assert notes_of(rows) == [expected]


def test_scores_that_rank_nothing():
    # Five boxes beside the lesion on each image and a hit, all of one score.
    rows = [(i, [2 * k, 0, 9, 9], 1.0) for i in range(10) for k in range(5)]
    (note,) = notes_of([*rows, *((i, BOX, 1.0) for i in range(10))])
    assert note == (
        '60 detections have 1 different score; detections of equal scores are '
        'one step of the curve, which is a straight line there'
    )
    # 50 detections of a score are no reason.
    assert notes_of([*rows[10:], *((i, BOX, 1.0) for i in range(10))]) == []


def test_scores_the_wrong_way_round():
    # Five FPs an image before the first hit, none the other way round.
    rows = [
        (i, [2 * k, 0, 9, 9], 1 + i + k / 10)
        for i in range(10)
        for k in range(5)
    ]
    hits = [(i, BOX, i / 100) for i in range(10)]
    (note,) = notes_of([*rows, *hits])
    assert note.startswith('most lesions are found by the lowest scores')
    assert notes_of([*rows, *((i, BOX, 100 + i) for i in range(10))]) == []


def test_sizes_may_be_unknown():
    (note,) = notes_of(on_each([240, 120, 40, 40]), width='200', height=0)
    assert note.startswith('none of 10 detections hits a lesion')


def test_corners_are_tried_only_where_all_boxes_can_be():
    mixed = detections_of(on_each([120, 60, 140, 80]) + on_each(BOX))

    def never(_):
        raise AssertionError

    truth = truth_of(width=200, height=100)
    summary = evaluate_results(truth, mixed).summary
    found = doubts(truth, mixed, summary, never)
    # 120 + 140 and 60 + 80 lie beyond 200 and 100.
    assert found[0].startswith('10 of 20 boxes end more than 10 px outside')


def test_detections_stay_as_they_are():
    detections = detections_of(on_each([120, 60, 140, 80]))
    before = detections.boxes.copy()
    evaluation = evaluate_results(truth_of(width=200, height=100), detections)
    assert np.array_equal(detections.boxes, before)
    assert evaluation.summary.max_sensitivity == 0


def test_results_of_the_other_category():
    rows = on_each(BOX)
    entries = [
        {'image_id': i, 'bbox': box, 'score': score, 'category_id': 2}
        for i, box, score in rows
    ]
    found = Detections.of(entries, range(10), 'b.json')
    (note,) = evaluate_results(truth_of(), found).notes
    assert note.startswith('all 10 detections are of category 2')
    assert '--classes 2=lesion' in note


def test_annotations_that_repeat_others():
    truth = truth_of(width=200, height=100)
    twice = replace(
        truth,
        lesion_boxes=np.vstack([truth.lesion_boxes, truth.lesion_boxes[:2]]),
        lesion_images=np.append(truth.lesion_images, truth.lesion_images[:2]),
    )
    (note,) = doubts(
        twice,
        detections_of(on_each(BOX)),
        evaluate_results(truth, detections_of(on_each(BOX))).summary,
        lambda _: None,
    )
    assert note.startswith('2 of 12 annotations repeat another one')
