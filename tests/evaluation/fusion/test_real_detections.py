"""Two trainings of a detector on DeepLesion's official test split."""

import numpy as np
import pytest

from mmuldor.evaluation.fusion.fused_results import fuse_detections
from mmuldor.evaluation.fusion.score_maps import rank_map
from mmuldor.evaluation.fusion.settings import Settings
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import evaluate_slices


@pytest.fixture(scope='module')
def split(real_data):
    """The lesions, and the detections of a and b."""
    tables = []
    for name in 'ab':
        path = real_data / 'froc' / f'mulan_{name}_test.npz'
        if not path.exists():
            pytest.skip(f'no {path}')
        stored = np.load(path, allow_pickle=False)
        dets = stored['dets'].astype(np.float64)
        tables.append(
            Detections(
                np.repeat(np.arange(len(stored['counts'])), stored['counts']),
                dets[:, :4],
                dets[:, 4],
                np.ones(len(dets), dtype=np.int64),
            )
        )
    ids = np.arange(len(stored['names']))
    lesions = stored['gts'].astype(np.float64)
    rows = np.arange(len(lesions))
    owners = np.repeat(ids, stored['gt_counts'])
    types = np.full(len(lesions), -1)
    truth = GroundTruth(ids, lesions, owners, rows, types, ids, 0, 0)
    return truth, tables


def mean(truth, table):
    return 100 * evaluate_slices(truth, table).summary.mean


def fused(tables, **changes):
    settings = Settings(weights=(1.0, 1.0), names=('a', 'b'), **changes)
    return fuse_detections(tables, settings)[0]


def test_the_defaults_gain_over_the_better_one(split):
    truth, tables = split
    assert mean(truth, tables[1]) == pytest.approx(84.89, abs=0.01)
    assert mean(truth, fused(tables)) == pytest.approx(85.68, abs=0.02)
    # The IoU matters little.
    for iou_thr in (0.3, 0.5, 0.6):
        found = mean(truth, fused(tables, iou_thr=iou_thr))
        assert found > 85.5


def test_the_rivals_gain_less(split):
    truth, tables = split
    # Each at the IoU that is best for it.
    for method, iou_thr in (('nms', 0.6), ('soft-nms', 0.6), ('wbf', 0.6)):
        found = fused(tables, method=method, iou_thr=iou_thr)
        assert mean(truth, found) < mean(truth, fused(tables))
    # The paper's groups join detections of one detector.
    assert mean(truth, fused(tables, method='wbf', iou_thr=0.5)) < 83.5


def test_ranks_need_no_common_scale(split):
    truth, (first, second) = split
    changed = Detections(
        second.image_ids, second.boxes, second.scores**0.25, second.categories
    )
    assert mean(truth, fused([first, changed])) < 85.3
    maps = tuple(
        rank_map(table.scores, len(truth.images)) for table in (first, changed)
    )
    found = fused([first, changed], scores='rank', maps=maps)
    assert mean(truth, found) > 85.5
