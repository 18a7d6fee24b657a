"""FROC of slices, on lesions and detections that one can count."""

import pytest

from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import (
    evaluate_slice_files,
    evaluate_slices,
    evaluation_dict,
    format_table,
)

BOX, FAR = [0, 0, 9, 9], [50, 50, 9, 9]


@pytest.fixture
def truth():
    """A lesion on each of the images 1 and 2, a noisy one on 3, none on 4."""
    lesions = [
        {
            'id': number,
            'image_id': number,
            'bbox': BOX,
            'noisy': number == 3,
        }
        for number in (1, 2, 3)
    ]
    images = [{'id': number} for number in (1, 2, 3, 4)]
    return GroundTruth.of({'images': images, 'annotations': lesions}, 'a.json')


@pytest.fixture
def detections(truth):
    """Image, box, score and category of each."""
    rows = [
        (1, BOX, 0.9, 1),
        (4, FAR, 0.8, 1),
        (3, FAR, 0.7, 1),
        (2, BOX, 0.6, 2),
        (2, BOX, 0.5, 1),
        (1, FAR, 0.4, 2),
    ]
    entries = [
        {'image_id': image, 'bbox': box, 'score': score, 'category_id': kind}
        for image, box, score, kind in rows
    ]
    return Detections.of(entries, truth.all_images, 'r.json')


def test_by_hand(truth, detections):
    found = evaluate_slices(truth, detections, fp_rates=[0.25, 0.5])
    # One false positive on three images between the two hits.
    assert found.curve.fps_per_image.tolist() == [0, 0, 1 / 3, 1 / 3]
    assert found.curve.sensitivity.tolist() == [0, 0.5, 0.5, 1]
    assert found.summary.sensitivity == (0.5, 1)
    assert found.counts == {
        'images': 3,
        'lesions': 2,
        'detections': 3,
        'detections_fp_class': 0,
        'ignored_fp_class': 2,
        'ignored_on_dropped_images': 1,
        'noisy_images_dropped': 1,
        'noisy_lesions_dropped': 1,
    }


def test_the_false_positive_class_comes_last(truth, detections):
    found = evaluate_slices(truth, detections, with_fp_class=True)
    # The one on the lesion of image 2 lies under a lesion detection.
    assert found.counts['detections_fp_class'] == 1
    assert found.counts['ignored_fp_class'] == 1
    assert found.curve.fps_per_image.tolist()[-1] == pytest.approx(2 / 3)
    assert evaluation_dict(found)['with_fp_class'] is True


def test_the_table_says_what_was_not_used(truth, detections):
    table = format_table(evaluate_slices(truth, detections, fp_rates=[0.5]))
    first, rates, values, _, not_used = table.splitlines()
    assert first == 'FROC: 3 images, 2 lesions, 3 detections, IoU >= 0.5'
    assert rates.split()[-3:] == ['0.5', 'mean', 'max']
    assert values.split()[-3:] == ['100.00', '100.00', '100.00']
    assert not_used == (
        'not used: 1 noisy lesions, 1 images with noisy lesions only, '
        '1 detections on other images, 2 detections of the FP class'
    )


@pytest.mark.parametrize(
    ('options', 'match'),
    [
        ({'fp_rates': [2, 1]}, 'strictly increasing'),
        ({'iou_thr': 0}, r'`iou_thr` must lie in \(0, 1\]'),
    ],
)
def test_arguments_are_checked_before_files_are_read(options, match):
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files('nothing.json', 'nothing.json', **options)
