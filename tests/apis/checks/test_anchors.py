"""Anchors matched with the lesions of a split, by hand and on real rows."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
from mmdet.datasets.transforms import RandomFlip
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmengine.config import Config
from mmengine.registry import TRANSFORMS

from mmuldor.apis.checks.anchors import IOUS, anchor_matches
from mmuldor.datasets.transforms import ResizeToSpacing


def a_model(scales=(1,), divisor=1, border=-1, **assigner):
    """One level of stride 16 with square anchors of 16 px."""
    generator = AnchorGenerator(
        strides=[16], base_sizes=[16], scales=list(scales), ratios=[1.0]
    )
    thresholds = dict(pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3)
    head = SimpleNamespace(
        prior_generator=generator,
        assigner=MaxIoUAssigner(**{**thresholds, **assigner}),
        train_cfg={'allowed_border': border},
    )
    return SimpleNamespace(
        rpn_head=head,
        data_preprocessor=SimpleNamespace(pad_size_divisor=divisor),
    )


def an_image(*boxes, side=64, spacing_mm=0.8):
    instances = [
        {'bbox': list(box), 'bbox_label': 0, 'ignore_flag': 0} for box in boxes
    ]
    return {
        'height': side,
        'width': side,
        'spacing_mm': [spacing_mm, spacing_mm],
        'instances': instances,
    }


PIPELINE = [RandomFlip(prob=1.0), ResizeToSpacing(0.8, max_size=512)]


def test_places_of_boxes_count():
    """Anchors are centred at multiples of 16 px."""
    exact = an_image((24, 24, 40, 40))
    # In the middle between four anchors: 8 x 8 of 16 x 16 px each.
    between = an_image((32, 32, 48, 48))
    found = anchor_matches(a_model(), PIPELINE, [exact, between])
    assert found.best_iou.tolist() == pytest.approx([1, 64 / (512 - 64)])
    # The second is below `min_pos_iou` of 0.3 with all of them.
    assert found.positives.tolist() == [1, 0]
    assert found.low_quality.tolist() == [0, 0]


def test_low_quality_matches_are_counted():
    # 8 px to the right of an anchor: IoU 128 / 384 with it and the next one.
    beside = an_image((32, 24, 48, 40))
    found = anchor_matches(a_model(), PIPELINE, [beside])
    assert found.best_iou.tolist() == pytest.approx([1 / 3])
    assert found.positives.tolist() == found.low_quality.tolist() == [2]
    assert found.text == (
        'anchors: 100% of 1 lesions have a positive one, 2.00 a lesion, 100% '
        'of them below IoU 0.7; lesions reach 0% IoU 0.5, 0% IoU 0.6, 0% IoU '
        '0.7'
    )


def test_boxes_are_resized_as_images_are():
    """Pixels of 0.4 mm: half the size at 0.8 mm."""
    found = anchor_matches(
        a_model(),
        PIPELINE,
        [an_image((48, 48, 80, 80), side=128, spacing_mm=0.4)],
    )
    assert found.best_iou.tolist() == pytest.approx([1])


HALF = dict(type='Resize', scale=(64, 64), keep_ratio=True)
SAME = dict(type='mmuldor.WindowHU', windows=[(-1024, 3071)])


@pytest.mark.parametrize(
    'step',
    [
        HALF,
        dict(type='RandomResize', scale=(64, 64), ratio_range=(1.0, 1.0)),
        dict(type='RandomChoiceResize', scales=[(64, 64)], keep_ratio=True),
        dict(type='ResizeShortestEdge', scale=64),
        dict(type='RandomChoice', transforms=[[SAME, HALF], [HALF]]),
        dict(type='RandomApply', transforms=[SAME, HALF], prob=1.0),
    ],
    ids=lambda step: step['type'],
)
def test_other_steps_that_resize(step):
    built = TRANSFORMS.build({**step, '_scope_': 'mmdet'})
    image = an_image((48, 48, 80, 80), side=128)
    found = anchor_matches(a_model(), [RandomFlip(prob=1.0), built], [image])
    assert found.best_iou.tolist() == pytest.approx([1])


def test_anchors_outside_an_image_are_left_out_where_training_does():
    corner = an_image((0, 0, 10, 10))
    # The anchor centred at the corner shares 8 x 8 px with the box.
    found = anchor_matches(a_model(), PIPELINE, [corner])
    assert found.best_iou.tolist() == pytest.approx([64 / (256 + 100 - 64)])
    inside = anchor_matches(a_model(border=0), PIPELINE, [corner])
    # The first one inside begins at 8 px and shares 2 x 2 px.
    assert inside.best_iou.tolist() == pytest.approx([4 / (256 + 100 - 4)])


def test_padding_adds_anchors_beyond_the_image():
    # 72 px are padded to 96; the anchor centred at 64 exists in both.
    image = an_image((56, 56, 72, 72), side=72)
    for divisor in (1, 32):
        found = anchor_matches(a_model(divisor=divisor), PIPELINE, [image])
        assert found.best_iou.tolist() == pytest.approx([1])


def test_ignored_regions_are_no_lesions():
    image = an_image((24, 24, 40, 40), (0, 0, 16, 16))
    image['instances'][1]['ignore_flag'] = 1
    found = anchor_matches(a_model(), PIPELINE, [image])
    assert found.positives.tolist() == [1]


def test_nothing_to_match():
    assert anchor_matches(a_model(), PIPELINE, [an_image()]) is None
    assert anchor_matches(a_model(), PIPELINE, []) is None
    model = a_model()
    model.rpn_head.assigner = None
    assert anchor_matches(model, PIPELINE, [an_image((0, 0, 9, 9))]) is None


def real_images(real_data, count):
    """Real rows, evenly chosen, in the frame of the detector."""
    with open(real_data / 'deeplesion_sample' / 'DL_info.csv') as file:
        rows = [r for r in csv.DictReader(file) if r['Possibly_noisy'] == '0']
    for row in rows[:: len(rows) // count][:count]:
        box = np.array(row['Bounding_boxes'].split(','), dtype=float) - 0.5
        info = an_image(box)
        width, height = map(int, row['Image_size'].split(','))
        spacing = row['Spacing_mm_px_'].split(',')
        info['height'], info['width'] = height, width
        info['spacing_mm'] = [float(spacing[0]), float(spacing[1])]
        yield info


def real_matches(path, real_data):
    from mmuldor.apis.checks.model import untrained

    config = Config.fromfile(path)
    config.model.backbone.depth = 50
    steps = [
        TRANSFORMS.build(step)
        for step in config.train_pipeline
        if step['type'] == 'mmuldor.ResizeToSpacing'
    ]
    images = list(real_images(real_data, 300))
    found = anchor_matches(untrained(config), steps, images)
    return found, {iou: np.mean(found.best_iou >= iou) for iou in IOUS}


def test_real_lesions_and_the_anchors_of_the_paper(root, real_data):
    found, share = real_matches(
        root / 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py',
        real_data,
    )
    # 1,500 rows: 33 % reach IoU 0.7, 90 % reach 0.5, 1.07 positives a lesion.
    assert share[0.7] == pytest.approx(0.33, abs=0.06)
    assert share[0.5] == pytest.approx(0.90, abs=0.05)
    assert found.positives.mean() == pytest.approx(1.07, abs=0.25)
    assert found.low_quality.sum() > 0.5 * found.positives.sum()


def test_real_lesions_and_dense_anchors(root, real_data):
    found, share = real_matches(
        root / 'configs/blocks/model'
        '/mask-rcnn_r101_fpn_dense-anchors-12e_deeplesion.py',
        real_data,
    )
    # 5,900 rows: 91 % reach IoU 0.7, 8.3 positives a lesion.
    assert found.pos_iou_thr == 0.6
    assert share[0.7] == pytest.approx(0.91, abs=0.04)
    assert share[0.5] > 0.98
    assert found.positives.mean() == pytest.approx(8.3, abs=1.0)
    assert found.low_quality.sum() < 0.1 * found.positives.sum()
