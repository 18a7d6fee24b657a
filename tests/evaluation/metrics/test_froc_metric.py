import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from pycocotools import mask as mask_coder

from mmuldor.evaluation.metrics import FROCMetric
from mmuldor.evaluation.results import Detections, read_results
from mmuldor.registry import METRICS
from tests.evaluation.metrics.froc_samples import (
    ALL,
    FAR,
    LESION,
    SIZE,
    sample,
)

SENS = ['0.5', '1', '2', '4', '5', '8', '16']
NAMES = [*(f'sens@{rate}' for rate in SENS), 'mean', 'max_sens', 'fps@max']


def run(metric, *samples):
    """Two batches, as a loop would."""
    metric.process({}, samples[:2])
    metric.process({}, samples[2:])
    return metric.evaluate(len(samples))


def test_by_hand(ann_file):
    # Of images 1, 2, 4, 5 and three lesions: 1 found, false positive on 2,
    # 2 found, false positive on 5; 3 does not count.
    metric = METRICS.build(
        {'type': 'mmuldor.FROCMetric', 'ann_file': str(ann_file)}
    )
    found = run(metric, *ALL)
    assert list(found) == [f'froc/{name}' for name in NAMES]
    expected = dict.fromkeys(found, 2 / 3)
    expected['froc/fps@max'] = 0.25
    assert found == pytest.approx(expected)


def written(path, image_ids):
    """The entries of a results file, checked."""
    entries = read_results(path)
    assert len(Detections.of(entries, image_ids, path)) == len(entries)
    return entries


def test_frame_is_moved_by_half_a_pixel(ann_file, tmp_path):
    out = tmp_path / 'results.json'
    run(FROCMetric(ann_file, out=out), sample(1, (LESION, 0.9, 0)))
    (result,) = written(out, [1])
    assert result == {
        'image_id': 1,
        'bbox': [10, 10, 9, 9],
        'score': float(np.float32(0.9)),
        'category_id': 1,
    }


def test_fp_class_is_appended_on_top(ann_file):
    # After all of the lesion class, at two false positives on four images,
    # the FP class finds the lesion of image 4.
    found = run(FROCMetric(ann_file, with_fp_class=True), *ALL)
    plain = [f'froc/{name}' for name in NAMES]
    more = [f'froc/with_fp_class/{name}' for name in NAMES]
    assert list(found) == plain + more
    assert found['froc/max_sens'] == pytest.approx(2 / 3)
    assert found['froc/with_fp_class/max_sens'] == 1
    assert found['froc/with_fp_class/fps@max'] == 0.5
    assert found['froc/sens@0.5'] == pytest.approx(2 / 3)
    assert found['froc/with_fp_class/sens@0.5'] == 1


def test_keep_noisy(ann_file):
    found = run(FROCMetric(ann_file, keep_noisy=True), *ALL)
    assert found['froc/max_sens'] == pytest.approx(2 / 4)
    assert found['froc/fps@max'] == pytest.approx(2 / 5)


def test_rates_prefix_and_threshold(ann_file):
    metric = FROCMetric(
        ann_file, fp_rates=[0.125, 3], iou_thr=0.6, prefix='test'
    )
    found = run(metric, *ALL)
    names = ['sens@0.125', 'sens@3', *NAMES[-3:]]
    assert list(found) == [f'test/{name}' for name in names]
    assert found['test/max_sens'] == pytest.approx(1 / 3)


def test_no_detections(ann_file):
    found = run(FROCMetric(ann_file), sample(1), sample(2), sample(4))
    assert set(found.values()) == {0}


@pytest.fixture
def logged(caplog):
    """What the current logger says, as one text when called."""
    logger = MMLogger.get_current_instance()
    # It does not propagate to the root, where caplog listens.
    logger.addHandler(caplog.handler)
    level = logger.level
    logger.setLevel('INFO')
    yield lambda: '\n'.join(r.getMessage() for r in caplog.records)
    logger.setLevel(level)
    logger.removeHandler(caplog.handler)


def test_images_not_processed_do_not_count(ann_file, logged):
    found = run(FROCMetric(ann_file), ALL[0], ALL[1])
    assert found['froc/max_sens'] == 1
    assert found['froc/fps@max'] == 0.5
    assert 'counts the 2 processed of the 4 images' in logged()


def test_table_is_logged_in_percent(ann_file, logged):
    # The image with noisy lesions only is not missed.
    run(FROCMetric(ann_file), *ALL[:2], *ALL[3:])
    assert '4 images, 3 lesions, 4 detections' in logged()
    assert '66.67' in logged()
    assert 'processed of the' not in logged()


def masks_of(*rows):
    masks = torch.zeros((len(rows), *SIZE), dtype=torch.bool)
    for mask, (top, bottom, left, right) in zip(masks, rows, strict=True):
        mask[top:bottom, left:right] = True
    return masks


def test_masks_become_run_lengths(ann_file, tmp_path):
    out = tmp_path / 'results.json'
    masks = masks_of((10, 20, 10, 20), (0, 1, 0, 80))
    rows = [(LESION, 0.9, 0), (FAR, 0.8, 1)]
    encoded = mask_coder.encode(np.asfortranarray(masks[0], dtype=np.uint8))
    samples = [
        sample(1, *rows, masks=masks),
        sample(2, rows[0], masks=[encoded]),
        sample(4, masks=torch.zeros((0, 3, 3), dtype=torch.bool)),
    ]
    metric = FROCMetric(ann_file, out=out, format_only=True)
    assert run(metric, *samples) == {}
    results = written(out, [1, 2])
    rles = [result['segmentation'] for result in results]
    decoded = [mask_coder.decode(rle).astype(bool) for rle in rles]
    assert np.array_equal(decoded[0], masks[0])
    assert np.array_equal(decoded[1], masks[1])
    assert np.array_equal(decoded[2], masks[0])
    assert [result['category_id'] for result in results] == [1, 2, 1]
    assert all(isinstance(rle['counts'], str) for rle in rles)


def test_outfile_prefix(ann_file, tmp_path):
    prefix = str(tmp_path / 'run' / 'val')
    run(FROCMetric(ann_file, outfile_prefix=prefix), *ALL)
    results = written(f'{prefix}.bbox.json', range(1, 6))
    assert len(results) == 7
    assert 'segmentation' not in results[0]


def test_half_precision_predictions(ann_file):
    predicted = sample(1, (LESION, 0.5, 0))
    for key in ('bboxes', 'scores'):
        instances = predicted['pred_instances']
        instances[key] = instances[key].bfloat16()
    assert run(FROCMetric(ann_file), predicted)['froc/max_sens'] == 1


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'iou_thr': 0}, '`iou_thr` must lie in'),
        ({'fp_rates': [2, 1]}, '`fp_rates` must be finite'),
        ({'format_only': True}, '`format_only` needs a file'),
        ({'out': 'a', 'outfile_prefix': 'b'}, 'only one of `out`'),
    ],
)
def test_wrong_arguments(ann_file, arguments, message):
    with pytest.raises(ValueError, match=message):
        FROCMetric(ann_file, **arguments)


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r'nowhere\.json'):
        FROCMetric('nowhere.json')


def test_unknown_image(ann_file):
    with pytest.raises(ValueError, match=r'`img_id` must be.*got 77'):
        FROCMetric(ann_file).process({}, [sample(77)])


def test_unknown_label(ann_file):
    with pytest.raises(ValueError, match=r'`labels` of image 1.*got \[0, 2\]'):
        FROCMetric(ann_file).process(
            {}, [sample(1, (LESION, 0.9, 0), (FAR, 0.1, 2))]
        )


def test_masks_of_another_size(ann_file, tmp_path):
    metric = FROCMetric(ann_file, out=tmp_path / 'results.json')
    masks = torch.zeros((1, 80, 64), dtype=torch.bool)
    with pytest.raises(ValueError, match=r'size \(64, 80\).*\(80, 64\)'):
        metric.process({}, [sample(1, (LESION, 0.9, 0), masks=masks)])


def test_image_twice(ann_file):
    with pytest.raises(ValueError, match=r'processed once, but 1 of 2'):
        run(FROCMetric(ann_file), ALL[0], ALL[0])


def test_scores_must_be_finite(ann_file):
    with pytest.raises(ValueError, match='score 0 is nan'):
        run(FROCMetric(ann_file), sample(1, (LESION, float('nan'), 0)))


def test_no_lesion_processed(ann_file):
    with pytest.raises(ValueError, match='at least one lesion'):
        run(FROCMetric(ann_file), sample(5))


def test_nothing_processed(ann_file):
    with pytest.raises(ValueError, match='at least one image'):
        FROCMetric(ann_file).compute_metrics([])


def test_evaluator_runs_it_twice(ann_file):
    evaluator = Evaluator(
        {'type': 'mmuldor.FROCMetric', 'ann_file': str(ann_file)}
    )
    for _ in range(2):
        evaluator.process(data_samples=ALL, data_batch={})
        assert evaluator.evaluate(len(ALL))['froc/max_sens'] == 2 / 3
