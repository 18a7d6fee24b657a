"""One wrong place is one false positive, whatever types it is taken for."""

import json

import numpy as np
import pytest

from mmuldor.evaluation.froc_table import format_table
from mmuldor.evaluation.fusion.inputs import read_inputs
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.metrics import FROCMetric
from mmuldor.evaluation.results import Detections, load_detections
from mmuldor.evaluation.same_place import of_other_types
from mmuldor.evaluation.slice_froc import evaluate_slice_files, evaluate_slices
from tests.evaluation.metrics.froc_samples import sample

HIT, WRONG, NEAR = [10, 10, 20, 20], [50, 50, 20, 20], [52, 50, 20, 20]
ANNOTATIONS = {
    'images': [{'id': 1, 'width': 512, 'height': 512}, {'id': 2}],
    'annotations': [
        {
            'id': 1,
            'image_id': 1,
            'category_id': 1,
            'bbox': HIT,
            'lesion_type': 5,
        }
    ],
}


def entry(image_id, box, score, name=None, category=1):
    found = {'image_id': image_id, 'bbox': box, 'score': score}
    typed = {} if name is None else {'lesion_type': name}
    return {**found, 'category_id': category, **typed}


# One wrong place of three types, as NMS in each class leaves it, and a hit.
ENTRIES = [
    entry(2, WRONG, 0.45, 'liver'),
    entry(2, WRONG, 0.40, 'lung'),
    entry(2, NEAR, 0.35, 'bone'),
    entry(1, HIT, 0.30, 'lung'),
    entry(1, HIT, 0.20, 'bone'),
]


@pytest.fixture
def files(tmp_path):
    ann, dets = tmp_path / 'ann.json', tmp_path / 'dets.json'
    ann.write_text(json.dumps(ANNOTATIONS))
    dets.write_text(json.dumps(ENTRIES))
    return ann, dets


def table(entries):
    return Detections.of(entries, [1, 2], 'x')


def test_a_place_of_several_types_counts_once(files):
    found = evaluate_slice_files(*files)
    assert found.curve.fps_per_image.tolist() == [0, 0.5, 0.5]
    assert found.curve.sensitivity.tolist() == [0, 0, 1]
    assert found.rows.tolist() == [0, 3]
    assert found.counts['ignored_other_types'] == 3
    assert (
        'not used: 3 detections of another type on the same place'
        in format_table(found)
    )


def test_boxes_of_one_type_and_without_types_stay():
    alike = [{**e, 'lesion_type': 'lung'} for e in ENTRIES]
    bare = [{k: v for k, v in e.items() if k != 'lesion_type'} for e in alike]
    assert not of_other_types(table(alike)).any()
    assert not of_other_types(table(bare)).any()
    assert table(bare).types is None
    truth = GroundTruth.of(ANNOTATIONS, 'x')
    assert evaluate_slices(truth, table(bare)).counts['detections'] == 5


def test_what_is_suppressed_suppresses_nothing():
    # IoU of neighbours (inclusive): 13 / 29 for 8 px, 17 / 25 for 4 px.
    row = [
        entry(1, [50 + 4 * k, 50, 20, 20], 0.9 - k / 10, name)
        for k, name in enumerate(['liver', 'lung', 'liver'])
    ]
    assert of_other_types(table(row)).tolist() == [False, True, False]
    # The order of the file and other images make no difference.
    turned = [*row[::-1], entry(2, [54, 50, 20, 20], 0.1, 'bone')]
    assert (
        of_other_types(table(turned)).tolist() == [False, True] + [False] * 2
    )


@pytest.mark.parametrize('order', [[0, 1, 2, 3], [1, 3, 0, 2], [3, 2, 1, 0]])
def test_of_tied_scores_both_stay_in_any_order(order):
    place = [
        entry(1, WRONG, 0.9, 'liver'),
        entry(1, NEAR, 0.9, 'lung'),
        entry(1, WRONG, 0.8, 'bone'),
        entry(1, WRONG, 0.8, 'lung'),
    ]
    gone = of_other_types(table([place[k] for k in order]))
    assert gone.tolist() == [k > 1 for k in order]


def test_the_false_positive_class_is_no_type():
    both = [entry(1, WRONG, 0.9, 'liver', 2), entry(1, WRONG, 0.5, 'lung')]
    assert not of_other_types(table(both)).any()


def test_an_overlap_of_half_is_another_place():
    # Inclusive: 10 x 15 of 10 x 30 and 10 x 15: an IoU of exactly 0.5.
    whole, half = [0, 0, 9, 29], [0, 0, 9, 14]
    two = [entry(1, whole, 0.9, 'liver'), entry(1, half, 0.5, 'lung')]
    assert not of_other_types(table(two)).any()
    two[1]['bbox'] = [0, 0, 9, 15]
    assert of_other_types(table(two)).tolist() == [False, True]


def test_tables_that_are_joined_keep_types_that_all_have():
    typed, bare = table(ENTRIES), table([entry(1, HIT, 0.5)])
    names = Detections.joined([typed, typed]).types.tolist()
    assert names == 2 * ['liver', 'lung', 'bone', 'lung', 'bone']
    assert Detections.joined([typed, bare]).types is None
    # A fold without detections has nothing to state types of.
    for none in (table([]), typed.select(np.array([], dtype=int))):
        assert Detections.joined([none, typed]).types.tolist() == names[:5]
    assert Detections.joined([table([]), table([])]).types is None
    assert typed.select(np.array([3])).types.tolist() == ['lung']


def test_a_fusion_reads_one_detection_a_place(files, tmp_path):
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(ENTRIES[2:]))
    first, second = read_inputs([str(files[1]), f'b={other}'])
    assert [e['score'] for e in first.entries] == [0.45, 0.3]
    assert first.detections.scores.tolist() == [0.45, 0.3]
    assert [e['score'] for e in second.entries] == [0.35, 0.3]


def test_the_metric_agrees_with_its_file(files, tmp_path):
    out = tmp_path / 'out.json'
    metric = FROCMetric(str(files[0]), lesion_types='known', out=str(out))
    labels = {'bone': 0, 'liver': 3, 'lung': 4}
    for image_id in (1, 2):
        own = [e for e in ENTRIES if e['image_id'] == image_id]
        # MMDetection counts px from their edge.
        boxes = np.array([e['bbox'] for e in own], dtype=float)
        boxes[:, :2] += 0.5
        boxes[:, 2:] += boxes[:, :2]
        rows = [
            (box, e['score'], labels[e['lesion_type']])
            for box, e in zip(boxes.tolist(), own, strict=True)
        ]
        metric.process(None, [sample(image_id, *rows)])
    found = metric.compute_metrics(metric.results)
    assert found['fps@max'] == 0.5
    # Of the lung's two detections alone one is wrong.
    assert found['lung/fps@max'] == 0.5
    assert found['lung/max_sens'] == 1
    # The file keeps all of them, and gives the same figures.
    assert len(load_detections(out, [1, 2])) == 5
    assert evaluate_slice_files(files[0], out).summary.fps_at_max == 0.5
