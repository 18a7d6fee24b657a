import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.runner import Runner
from pycocotools import mask as mask_coder
from torch.utils.data import Dataset

from mmuldor.evaluation.metrics import FROCMetric
from mmuldor.evaluation.results import Detections, read_results
from mmuldor.registry import METRICS

# In mmdet's frame, half a pixel beside the JSON's.
LESION = [10.5, 10.5, 19.5, 19.5]
HALF = [10.5, 10.5, 19.5, 14.5]
FAR = [50.5, 50.5, 59.5, 59.5]
SIZE = (64, 80)
SENS = ['0.5', '1', '2', '4', '5', '8', '16']
NAMES = [*(f'sens@{rate}' for rate in SENS), 'mean', 'max_sens', 'fps@max']


def lesion(number, image_id, noisy=False):
    return {
        'id': number,
        'image_id': image_id,
        'category_id': 1,
        'bbox': [10, 10, 9, 9],
        'noisy': noisy,
    }


@pytest.fixture
def ann_file(tmp_path):
    """Lesions on 1, 2 and 4; 3 has only a noisy one, 5 none."""
    path = tmp_path / 'val.json'
    annotations = [lesion(1, 1), lesion(2, 2), lesion(3, 3, noisy=True)]
    annotations.append(lesion(4, 4))
    images = [{'id': number} for number in range(1, 6)]
    path.write_text(json.dumps({'images': images, 'annotations': annotations}))
    return path


def sample(image_id, *rows, **more):
    """Rows of box, score, label -> what a detector returns."""
    boxes, scores, labels = zip(*rows, strict=True) if rows else ([], [], [])
    predicted = {
        'bboxes': torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        'scores': torch.tensor(scores, dtype=torch.float32),
        'labels': torch.tensor(labels, dtype=torch.int64),
        **more,
    }
    return {
        'img_id': image_id,
        'ori_shape': SIZE,
        'pred_instances': predicted,
    }


def run(metric, *samples):
    """Two batches, as a loop would."""
    metric.process({}, samples[:2])
    metric.process({}, samples[2:])
    return metric.evaluate(len(samples))


ALL = [
    sample(1, (LESION, 0.9, 0)),
    sample(2, (FAR, 0.8, 0), (LESION, 0.95, 1), (HALF, 0.7, 0)),
    sample(3, (FAR, 0.99, 0)),
    sample(4, (LESION, 0.5, 1)),
    sample(5, (LESION, 0.6, 0)),
]


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


ONE_OF_TWO = """
import json, sys, torch
from mmuldor.evaluation.metrics import FROCMetric

ann_file, store, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.distributed.init_process_group(
    'gloo', init_method=f'file://{store}', rank=rank, world_size=2
)
metric = FROCMetric(ann_file)
# The sampler pads to equal shares: image 1 comes again.
for image_id in [1, 2, 4, 5, 1][rank::2] + [1] * rank:
    boxes = torch.tensor([[10.5, 10.5, 19.5, 19.5]])
    predicted = {
        'bboxes': boxes + (100 if image_id == 4 else 0),
        'scores': torch.tensor([1 / image_id]),
        'labels': torch.tensor([0]),
    }
    sample = {'img_id': image_id, 'pred_instances': predicted}
    metric.process({}, [sample])
print('found', json.dumps(metric.evaluate(4)))
# Left to the interpreter's end, gloo's threads abort it now and then.
torch.distributed.destroy_process_group()
"""


def test_two_processes(ann_file, tmp_path, root):
    command = [sys.executable, '-c', ONE_OF_TWO, ann_file, tmp_path / 'store']
    workers = [
        subprocess.Popen(
            [*command, str(rank)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    # 1 and 2 are found, then false positives on 4 and 5, of four images.
    for output in outputs:
        found = json.loads(output.split('found')[1])
        assert found['froc/max_sens'] == pytest.approx(2 / 3)
        assert found['froc/fps@max'] == 0


class Numbers(Dataset):
    METAINFO = {}

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return {'number': index}


class Toy(BaseModel):
    """Finds more and more lesions in the first epoch, then none."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.epoch = 0

    def forward(self, number, mode):
        if mode == 'loss':
            return {'loss': self.weight.sum()}
        if int(number[0]) == 0:
            self.epoch += 1
        found = ALL if self.epoch == 1 else map(sample, range(1, 6))
        return [list(found)[int(number[0])]]


def test_drives_save_best_in_a_runner(ann_file, tmp_path):
    loader = {
        'batch_size': 1,
        'dataset': Numbers(),
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
    }
    checkpoint = {
        'type': 'CheckpointHook',
        'save_best': 'froc/sens@0.5',
        'rule': 'greater',
    }
    runner = Runner(
        model=Toy(),
        work_dir=str(tmp_path / 'run'),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg={'by_epoch': True, 'max_epochs': 2},
        val_cfg={},
        val_evaluator={
            'type': 'mmuldor.FROCMetric',
            'ann_file': str(ann_file),
        },
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}},
        default_hooks={'checkpoint': checkpoint},
        log_level='ERROR',
        default_scope='mmengine',
        experiment_name=f'froc_metric_{tmp_path.name}',
    )
    runner.train()
    best = [path.name for path in (tmp_path / 'run').glob('best_*')]
    assert best == ['best_froc_sens@0.5_epoch_1.pth']
