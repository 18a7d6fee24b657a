"""FROC of slices, on lesions and detections that one can count."""

import json

import pytest

from mmuldor.evaluation.froc_table import format_table
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import (
    CONVENTION,
    evaluate_slice_files,
    evaluate_slices,
    evaluation_dict,
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
        'ignored_other_types': 0,
        'ignored_regions': 0,
        'ignored_in_regions': 0,
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


# 10 x 10 px inside, half inside, four rows of ten inside the region.
CROWD = [100, 0, 99, 99]
INSIDE, HALF, LESS = [150, 50, 9, 9], [150, 95, 9, 9], [150, 96, 9, 9]


@pytest.fixture
def crowded():
    """A lesion in an ignored region of image 1, nothing on image 2."""
    boxes = [(1, [110, 10, 9, 9], 0), (2, CROWD, 1)]
    lesions = [
        {'id': number, 'image_id': 1, 'bbox': box, 'iscrowd': crowd}
        for number, box, crowd in boxes
    ]
    document = {'images': [{'id': 1}, {'id': 2}], 'annotations': lesions}
    return GroundTruth.of(document, 'a.json')


def on_crowded(crowded, *rows, **options):
    entries = [
        {'image_id': image, 'bbox': box, 'score': score, 'category_id': kind}
        for image, box, score, kind in rows
    ]
    found = Detections.of(entries, crowded.all_images, 'r.json')
    return evaluate_slices(crowded, found, **options)


def test_a_crowd_is_neither_a_lesion_nor_background(crowded):
    found = on_crowded(
        crowded,
        (1, INSIDE, 0.9, 1),
        (1, HALF, 0.8, 1),
        (1, LESS, 0.7, 1),
        (1, [110, 10, 9, 9], 0.6, 1),
        (2, INSIDE, 0.5, 1),
    )
    # 100 and 50 of 100 px lie inside, 40 do not suffice; image 2 has no
    # region. The hit on the lesion counts although it lies inside.
    assert found.rows.tolist() == [2, 3, 4]
    assert found.curve.fps_per_image.tolist() == [0, 0.5, 0.5, 1]
    assert found.curve.sensitivity.tolist() == [0, 0, 1, 1]
    assert found.counts['lesions'] == 1
    assert found.counts['ignored_in_regions'] == 2
    assert format_table(found).endswith(
        'not used: 1 ignored regions (iscrowd), 2 detections in them'
    )


def test_the_share_that_lies_in_a_crowd_follows_the_threshold(crowded):
    rows = [(1, [110, 10, 9, 9], 0.6, 1), (1, LESS, 0.7, 1)]
    assert on_crowded(crowded, *rows, iou_thr=0.4).rows.tolist() == [0]
    assert on_crowded(crowded, *rows, iou_thr=0.41).rows.tolist() == [0, 1]


def test_the_false_positive_class_is_ignored_in_crowds_too(crowded):
    found = on_crowded(
        crowded,
        (1, INSIDE, 0.9, 2),
        (2, INSIDE, 0.8, 2),
        (1, [110, 10, 9, 9], 0.6, 1),
        with_fp_class=True,
    )
    assert found.rows.tolist() == [1, 2]
    assert found.counts['detections_fp_class'] == 1
    assert found.counts['ignored_fp_class'] == 0


def test_crowds_agree_with_pycocotools(crowded):
    from pycocotools import mask as coco_mask

    boxes = [INSIDE, HALF, LESS]
    # pycocotools measures edges, so a box of ten pixels has a width of 10.
    edges = [[x, y, w + 1, h + 1] for x, y, w, h in boxes]
    region = [[CROWD[0], CROWD[1], CROWD[2] + 1, CROWD[3] + 1]]
    theirs = coco_mask.iou(edges, region, [1])[:, 0] >= 0.5
    ours = [
        on_crowded(crowded, (1, box, 0.9, 1)).counts['ignored_in_regions']
        for box in boxes
    ]
    assert theirs.tolist() == [bool(count) for count in ours]


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


@pytest.fixture
def files(tmp_path):
    """`truth` and `detections` as files, with boxes of another category."""
    images = [
        {'id': n, 'file_name': f'{n}.png', 'width': 99, 'height': 99}
        for n in (1, 2, 3, 4)
    ]
    lesions = [
        {'image_id': n, 'category_id': 1, 'bbox': BOX, 'noisy': n == 3}
        for n in (1, 2, 3)
    ]
    lesions += [{'image_id': 4, 'category_id': 5, 'bbox': FAR}] * 2
    document = {
        'images': images,
        'annotations': [{'id': i, **a} for i, a in enumerate(lesions, 1)],
        'categories': [
            {'id': 1, 'name': 'lesion'},
            {'id': 5, 'name': 'clip'},
        ],
    }
    rows = [(1, BOX, 0.9, 1), (4, FAR, 0.8, 1), (2, FAR, 0.7, 2)]
    results = [
        {'image_id': image, 'bbox': box, 'score': score, 'category_id': kind}
        for image, box, score, kind in rows
    ]
    ann, found = tmp_path / 'ann.json', tmp_path / 'found.json'
    ann.write_text(json.dumps(document))
    found.write_text(json.dumps(results))
    return ann, found


def test_files_by_hand(files):
    found = evaluate_slice_files(*files, lesion_category=['lesion'])
    # Images 1, 2 and 4 count; one of two lesions, one FP.
    assert found.summary.fp_rates == (0.5, 1, 2, 4, 5, 8, 16)
    assert found.summary.sensitivity == (0.5,) * 7
    assert found.curve.fps_per_image.tolist() == [0, 0, 1 / 3]
    assert evaluation_dict(found) == {
        'fp_rates': [0.5, 1, 2, 4, 5, 8, 16],
        'sensitivity': [0.5] * 7,
        'mean': 0.5,
        'max_sensitivity': 0.5,
        'fps_at_max': 0,
        'fps_at_end': 1 / 3,
        'counts': found.counts,
        'iou_thr': 0.5,
        'with_fp_class': False,
        'left_out': {"'clip' (id 5)": 2},
        'convention': CONVENTION,
        'notes': [],
    }
    assert format_table(found).splitlines() == [
        'FROC: 3 images, 2 lesions, 2 detections, IoU >= 0.5',
        'FPs per image     0.5      1      2      4      5      8     16'
        '   mean    max',
        'sensitivity %   50.00  50.00  50.00  50.00  50.00  50.00  50.00'
        '  50.00  50.00',
        'mean over 0.5, 1, 2, 4; max first reached at 0.00 FPs per image; '
        'the curve ends at 0.33 FPs, its last value is held',
        'not used: 1 noisy lesions, 1 images with noisy lesions only, '
        "1 detections of the FP class, boxes of other categories (2 'clip' "
        '(id 5))',
    ]


def test_options_of_files(files):
    options = {'lesion_category': ['lesion'], 'fp_rates': [0.25]}
    found = evaluate_slice_files(*files, keep_noisy=True, **options)
    # Three lesions on four images, one of them found before the FP.
    assert found.counts['images'] == 4
    assert found.summary.sensitivity == (1 / 3,)
    found = evaluate_slice_files(*files, with_fp_class=True, **options)
    assert found.with_fp_class
    assert found.counts['detections'] == 3
    assert format_table(found).startswith('FROC + FP: 3 images, 2 lesions')
    # The boxes of the detections are two columns of ten too wide.
    wide = json.loads(files[1].read_text())
    wide[0]['bbox'] = [0, 0, 11, 9]
    files[1].write_text(json.dumps(wide))
    for threshold, hits in ((10 / 12, 1), (0.84, 0)):
        found = evaluate_slice_files(*files, iou_thr=threshold, **options)
        assert found.summary.max_sensitivity == hits / 2
        assert found.iou_thr == threshold


def test_nothing_left_out_needs_no_line(truth):
    entry = {'image_id': 1, 'bbox': BOX, 'score': 1, 'category_id': 1}
    found = evaluate_slices(
        GroundTruth.of(
            {
                'images': [{'id': 1}],
                'annotations': [{'id': 1, 'image_id': 1, 'bbox': BOX}],
            },
            'a.json',
        ),
        Detections.of([entry], [1], 'r.json'),
    )
    assert len(format_table(found).splitlines()) == 4
    assert evaluation_dict(found)['left_out'] == {}
