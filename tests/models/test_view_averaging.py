import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData

from mmuldor.apis.test_time_augmentation import average_views, view_pipeline
from mmuldor.models import ViewAveraging

WIDTH, HEIGHT = 40, 30


class Nothing(torch.nn.Module):
    def test_step(self, data):
        raise NotImplementedError


def view(box, score, flip=None, masks=True):
    """A prediction on the image as flipped, its mask filling the box."""
    x1, y1, x2, y2 = box
    mask = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    mask[0, y1:y2, x1:x2] = True
    found = InstanceData(
        bboxes=torch.tensor([box], dtype=torch.float32),
        scores=torch.tensor([score]),
        labels=torch.zeros(1, dtype=torch.long),
    )
    if masks:
        found.masks = mask
    return DetDataSample(
        metainfo={
            'img_id': 7,
            'ori_shape': (HEIGHT, WIDTH),
            'flip': flip is not None,
            'flip_direction': flip,
        },
        pred_instances=found,
    )


def merged(*views, **kwargs):
    (sample,) = ViewAveraging(Nothing(), **kwargs).merge_preds([list(views)])
    assert sample.img_id == 7
    return sample.pred_instances


def test_the_limit_of_detections_is_the_detectors():
    assert ViewAveraging(Nothing()).max_per_img == 100
    detector = Nothing()
    detector.roi_head = torch.nn.Module()
    detector.roi_head.test_cfg = ConfigDict(score_thr=0.0, max_per_img=200)
    assert ViewAveraging(detector).max_per_img == 200
    assert ViewAveraging(detector, max_per_img=3).max_per_img == 3
    detector.roi_head.test_cfg.max_per_img = -1
    assert ViewAveraging(detector).max_per_img == -1


@pytest.mark.parametrize(
    ('direction', 'flipped'),
    [
        ('horizontal', (25, 5, 35, 12)),
        ('vertical', (5, 18, 15, 25)),
        ('diagonal', (25, 18, 35, 25)),
    ],
)
@pytest.mark.parametrize('masks', [True, False])
def test_flipped_views_come_back(direction, flipped, masks):
    found = merged(
        view((5, 5, 15, 12), 0.9, masks=masks),
        view(flipped, 0.5, direction, masks=masks),
    )
    assert found.bboxes.tolist() == [[5, 5, 15, 12]]
    assert found.scores.tolist() == pytest.approx([0.7])
    if masks:
        rows, columns = np.nonzero(found.masks[0].numpy())
        assert (rows.min(), rows.max() + 1) == (5, 12)
        assert (columns.min(), columns.max() + 1) == (5, 15)


def test_what_one_view_finds_loses_and_masks_are_averaged():
    found = merged(
        view((5, 5, 15, 12), 0.6),
        view((6, 5, 16, 12), 0.6),
        view((30, 20, 38, 28), 0.9),
    )
    assert found.scores.tolist() == pytest.approx([0.4, 0.3])
    torch.testing.assert_close(
        found.bboxes[0], torch.tensor([5.5, 5, 15.5, 12])
    )
    # Pixels of at least one of two masks.
    assert found.masks[0].sum() == 11 * 7


def test_the_surest_stay():
    views = [view((5, 5, 15, 12), 0.2), view((25, 5, 35, 12), 0.8)]
    assert merged(*views, max_per_img=1).scores.tolist() == [
        pytest.approx(0.4)
    ]
    # No limit, of mmdet's heads.
    assert len(merged(*views, max_per_img=-1).scores) == 2


def test_nothing_found_is_nothing():
    empty = view((5, 5, 15, 12), 0.2)
    empty.pred_instances = empty.pred_instances[:0]
    assert len(merged(empty, empty).scores) == 0


def test_views_of_a_test(mini_config, tmp_path):
    from mmuldor.apis import evaluate_detector
    from mmuldor.apis.runs import build_runner

    mini_config.tta = dict(flips=['horizontal'], slice_offsets_mm=[0.0, 1.0])
    runner = build_runner(Config(mini_config.to_dict()))
    path = str(tmp_path / 'w.pth')
    torch.save({'state_dict': runner.model.state_dict()}, path)
    mini_config.experiment_name = 'views'
    metrics = evaluate_detector(mini_config, path, tta=True)
    assert 0 <= metrics['froc/mean'] <= 1
    (step,) = mini_config.test_dataloader.dataset.pipeline
    assert [len(t) for t in step.transforms] == [2, 1, 1, 1, 2, 1]


def test_a_config_without_views(mini_config):
    mini_config.tta = None
    with pytest.raises(ValueError, match='`tta = dict'):
        average_views(mini_config)


def test_a_pipeline_that_loads_otherwise():
    with pytest.raises(ValueError, match='LoadImageFromFile'):
        view_pipeline([dict(type='LoadImageFromFile')], [], [0.0])
