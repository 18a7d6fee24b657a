import json

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.registry import MODELS, init_default_scope

import mmuldor.registry  # noqa: F401
from mmuldor.engine.detection import image_stream
from mmuldor.engine.mining_round import mine
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import pseudo_mask_polygon
from mmuldor.mining.rule import MiningRule


def box_iou(a, b):
    left, top = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[2], b[2]), min(a[3], b[3])
    common = max(right - left, 0) * max(bottom - top, 0)
    areas = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return common / (areas - common)


def mask_iou(a, b):
    union = (a | b).sum()
    return (a & b).sum() / union if union else 0.0


def full_pass(detector, dataset, pipeline, index):
    """Everything the detector says of one image, masks of all detections."""
    item = pipeline(dataset.get_data_info(index))
    with torch.no_grad():
        (sample,) = detector.test_step(pseudo_collate([item]))
    found = sample.pred_instances
    lesions = found[found.labels == 0]
    return lesions[lesions.scores.argsort(descending=True, stable=True)]


def expected_examples(found, info, rule, epoch):
    """Section 2.2 of the paper with our decisions, word by word."""
    scores = found.scores.double().numpy()
    boxes = found.bboxes.numpy() - 0.5
    size = (info['height'], info['width'])
    lesions = [np.reshape(i['recist_px'], (4, 2)) for i in info['instances']]
    references = [
        rasterize(pseudo_mask_polygon(lesion - 0.5), *size)
        for lesion in lesions
    ]
    s2 = [
        max(mask_iou(mask, reference) for reference in references)
        for mask in found.masks.numpy()
    ]
    hits = [i for i in range(len(scores)) if s2[i] > rule.hit_iou]
    limit = max((scores[i] for i in hits), default=rule.min_score)
    candidates = [
        j
        for j in range(len(scores))
        if scores[j] > limit
        and all(
            box_iou(boxes[j], np.array(i['bbox']) - 0.5) <= rule.max_iou
            for i in info['instances']
        )
    ]
    candidates.sort(key=lambda j: -scores[j])
    if len(candidates) > 3:
        rng = np.random.default_rng((rule.seed, epoch, info['img_id']))
        drawn = rng.choice(len(candidates), 3, replace=False)
        candidates = [candidates[i] for i in sorted(drawn)]
    return [(boxes[j], scores[j], s2[j]) for j in candidates]


@pytest.mark.parametrize(
    'limits',
    [
        {'hit_iou': 0.999, 'min_score': 0.0},
        {'hit_iou': 0.05, 'min_score': 0.0},
        {'hit_iou': 0.15, 'min_score': 0.4},
    ],
)
def test_sparing_masks_changes_no_choice(
    detector, dataset, mini_config, limits
):
    from mmengine.dataset import Compose

    rule = MiningRule(score_thr=0.02, seed=5, **limits)
    detector.roi_head.test_cfg = ConfigDict(
        score_thr=0.02,
        nms=dict(type='nms', iou_threshold=0.5),
        max_per_img=1000,
        mask_thr_binary=0.5,
    )
    test_pipeline = mini_config.test_dataloader.dataset.pipeline
    bank = mine(detector, dataset, test_pipeline, rule, epoch=3)
    pipeline, mined = Compose(test_pipeline), 0
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        found = full_pass(detector, dataset, pipeline, index)
        assert len(found) > 5
        expected = expected_examples(found, info, rule, epoch=3)
        examples = bank['images'].get(str(info['img_id']), [])
        assert len(examples) == len(expected)
        for example, (box, score, overlap) in zip(
            examples, expected, strict=True
        ):
            x, y, width, height = example['bbox']
            np.testing.assert_allclose(
                [x, y, x + width, y + height], box, atol=1e-3
            )
            assert example['score'] == pytest.approx(score, abs=1e-6)
            assert example['mask_iou'] == pytest.approx(overlap, abs=1e-6)
        mined += len(expected)
    assert mined > 0
    assert bank['counts']['mined'] == mined
    assert bank['counts']['images'] == 6


def test_a_bank_is_json_and_says_where_it_comes_from(
    detector, dataset, mini_config
):
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    pipeline = mini_config.test_dataloader.dataset.pipeline
    bank = mine(detector, dataset, pipeline, rule, epoch=0)
    assert json.loads(json.dumps(bank, allow_nan=False)) == bank
    assert bank['ann_file'] == 'train.json'
    assert bank['fingerprint'] == dataset.fingerprint
    assert bank['rule']['score_thr'] == 0.02
    counts = bank['counts']
    assert counts['with_hit'] + counts['without_hit'] == counts['images']
    for examples in bank['images'].values():
        assert len(examples) <= 3
        for example in examples:
            x, y, width, height = example['bbox']
            for polygon in example['polygons']:
                xs, ys = polygon[0::2], polygon[1::2]
                assert x - 1 <= min(xs) <= max(xs) <= x + width + 1
                assert y - 1 <= min(ys) <= max(ys) <= y + height + 1


def test_workers_and_repetition_change_nothing(detector, dataset, mini_config):
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    pipeline = mini_config.test_dataloader.dataset.pipeline
    first = mine(detector, dataset, pipeline, rule, 0)
    state = torch.get_rng_state()
    assert mine(detector, dataset, pipeline, rule, 0, num_workers=2) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert mine(detector, dataset, pipeline, rule, 1) != first


def test_two_images_at_once_mine_the_same(
    detector, dataset, mini_config, monkeypatch
):
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    pipeline = mini_config.test_dataloader.dataset.pipeline
    banks = []
    for at_once in (1, 2):
        monkeypatch.setattr(
            image_stream, 'concurrent_batches', lambda _, n=at_once: n
        )
        banks.append(mine(detector, dataset, pipeline, rule, 0))
    assert banks[0] == banks[1]
    assert banks[0]['counts']['mined'] > 0


def assert_same_choice(bank, other):
    """Matrix products round by their shape, so not always to the byte."""
    assert bank['counts'] == other['counts']
    assert list(bank['images']) == list(other['images'])
    for image_id, examples in bank['images'].items():
        for one, two in zip(examples, other['images'][image_id], strict=True):
            np.testing.assert_allclose(one['bbox'], two['bbox'], atol=1e-3)
            for key in ('score', 'mask_iou'):
                assert one[key] == pytest.approx(two[key], abs=1e-5)


@pytest.mark.parametrize('batch_size', [2, 4])
def test_images_in_one_batch_mine_the_same(
    detector, dataset, mini_config, batch_size
):
    # Many masks, some of them on lesions: several passes of the mask head.
    rule = MiningRule(
        min_score=0.0, score_thr=0.02, hit_iou=0.15, max_per_image=1000
    )
    pipeline = mini_config.test_dataloader.dataset.pipeline
    single = mine(detector, dataset, pipeline, rule, 0)
    batched = mine(detector, dataset, pipeline, rule, 0, batch_size=batch_size)
    assert single['counts']['with_hit'] > 0
    assert single['counts']['mined'] > 20
    assert_same_choice(batched, single)


def test_the_number_of_threads_changes_nothing(detector, dataset, mini_config):
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    pipeline = mini_config.test_dataloader.dataset.pipeline
    before, banks = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            banks.append(mine(detector, dataset, pipeline, rule, 0))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert banks[0] == banks[1]


def test_a_lesion_leaves_its_surroundings_unmined(
    detector, dataset, mini_config
):
    pipeline = mini_config.test_dataloader.dataset.pipeline
    loose = MiningRule(min_score=0.0, score_thr=0.0, hit_iou=1.0, max_iou=2.0)
    strict = MiningRule(min_score=0.0, score_thr=0.0, hit_iou=1.0, max_iou=0.0)
    assert (
        mine(detector, dataset, pipeline, loose, 0)['counts']['skipped'] == 0
    )
    bank = mine(detector, dataset, pipeline, strict, 0)
    assert bank['counts']['skipped'] > 0
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        lesion = np.array(info['instances'][0]['bbox']) - 0.5
        for example in bank['images'].get(str(info['img_id']), []):
            x, y, width, height = example['bbox']
            assert box_iou((x, y, x + width, y + height), lesion) == 0


def corners(example):
    x, y, width, height = example['bbox']
    return (x, y, x + width, y + height)


def test_what_may_be_a_lesion_is_ignored(detector, dataset, mini_config):
    pipeline = mini_config.test_dataloader.dataset.pipeline
    rule = {'min_score': 0.0, 'score_thr': 0.02, 'hit_iou': 0.05}
    everything = MiningRule(max_per_image=1000, **rule)
    bank = mine(detector, dataset, pipeline, everything, 0)
    assert bank['counts']['ignored'] == 0
    assert bank['ignored_above'] is None
    rule_of_ignored = MiningRule(spare_quantile=0.01, **rule)
    ignored = mine(detector, dataset, pipeline, rule_of_ignored, 0)
    limit = ignored['ignored_above']
    found = [e for mined in bank['images'].values() for e in mined]
    above = [e for e in found if e['score'] > limit]
    assert 0 < len(above) == ignored['counts']['ignored']
    for image_id, examples in ignored['images'].items():
        kept = [e for e in examples if 'ignored' not in e]
        assert len(kept) <= 3
        assert all(e['score'] <= limit for e in kept)
        assert all(e in bank['images'][image_id] for e in kept)


def test_without_a_hit_it_draws_all_the_same(detector, dataset, mini_config):
    pipeline = mini_config.test_dataloader.dataset.pipeline
    rule = {'min_score': 0, 'score_thr': 0.02, 'hit_iou': 1}
    plain = mine(detector, dataset, pipeline, MiningRule(**rule), 0)
    assert plain['counts']['with_hit'] == 0
    sparing = MiningRule(spare_quantile=0.5, **rule)
    spared = mine(detector, dataset, pipeline, sparing, 0)
    assert {**spared, 'rule': plain['rule']} == plain


def test_what_a_reader_excludes_is_not_mined(detector, dataset, mini_config):
    pipeline = mini_config.test_dataloader.dataset.pipeline
    rule = MiningRule(min_score=0.0, score_thr=0.02, max_per_image=1000)
    bank = mine(detector, dataset, pipeline, rule, 0)
    image_id, examples = next(iter(bank['images'].items()))
    excluded_boxes = corners(examples[0])
    again = mine(
        *(detector, dataset, pipeline, rule, 0),
        exclude={int(image_id): [excluded_boxes]},
    )
    left = [e for e in examples if box_iou(corners(e), excluded_boxes) <= 0.3]
    assert len(left) < len(examples)
    assert again['images'].get(image_id, []) == left
    assert again['counts']['excluded'] > 0
    for other in set(bank['images']) - {image_id}:
        assert again['images'][other] == bank['images'][other]


def test_the_masks_of_a_cascade_are_mined(dataset, mini_config):
    config = mini_config.model
    box_head = config.roi_head.bbox_head
    config.roi_head.update(
        type='CascadeRoIHead',
        num_stages=2,
        stage_loss_weights=[1, 0.5],
        bbox_head=[box_head, box_head],
    )
    config.train_cfg.rcnn = [config.train_cfg.rcnn] * 2
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(config).eval()
    for head in model.roi_head.bbox_head:
        torch.nn.init.normal_(head.fc_cls.weight, std=0.6)
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    pipeline = mini_config.test_dataloader.dataset.pipeline
    bank = mine(model, dataset, pipeline, rule, 0)
    assert bank['counts']['mined'] > 0
    batched = mine(model, dataset, pipeline, rule, 0, batch_size=3)
    assert_same_choice(batched, bank)
