"""A detector on the part with the body finds what it finds on the whole."""

import copy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.volumes import slice_model
from mmuldor.apis.volumes.body_crop import BodyCrop, box_of, slices_reached
from mmuldor.datasets.transforms import LoadCTSlices
from mmuldor.engine.detection.detections import Detections
from mmuldor.functional.boxes import pairwise_iou
from mmuldor.scans.volume import Volume
from tests.support.small_configs import narrow_mask_rcnn, save_untrained

# The pixels of the phantom's config, so that one is a pixel of the input.
SPACING = np.diag([1.2, 1.2, 2.0, 1.0])


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    config = narrow_mask_rcnn()
    # A limit would keep others where there is less air.
    config.model.test_cfg.rcnn.max_per_img = 2000
    config.tta = dict(flips=['horizontal'], slice_offsets_mm=[2.0])
    path = tmp_path_factory.mktemp('weights') / 'w.pth'
    return config, save_untrained(config, path)


@pytest.fixture
def windows(monkeypatch):
    """The windows of all batches, None for the whole."""
    seen, windows = [], BodyCrop.windows

    def watched(crop, indices):
        found = windows(crop, indices)
        seen.append(found and [tuple(window) for window, _ in found])
        return found

    monkeypatch.setattr(BodyCrop, 'windows', watched)
    return seen


def scan(count=8, side=256, at=(150, 150), radius=40):
    """A disc of noisy tissue in air."""
    hu = np.full((count, side, side), -1000, dtype=np.int16)
    y, x = np.mgrid[:side, :side]
    body = (x - at[0]) ** 2 + (y - at[1]) ** 2 < radius**2
    noise = np.random.default_rng(0).normal(40, 60, (count, body.sum()))
    hu[:, body] = noise
    return Volume(hu, SPACING, 'scan')


def found_on(trained, volume, crop_to_body, **kwargs):
    config, weights = trained
    detector = LesionDetector(
        config, weights, 'cpu', 0.0, crop_to_body=crop_to_body, **kwargs
    )
    if kwargs.get('tta'):
        # As in the fixture.
        detector.model.max_per_img = 2000
    return detector.detect_slices(volume, batch_size=3)


def check_same(whole, cropped, low, high, share, masks=True):
    """A share of the whole's detections inside low to high px is there, too.

    So are their masks, if these are compared.
    """
    for index in {d.slice_index for d in whole}:
        here = [
            d
            for d in whole
            if d.slice_index == index
            and d.box_px.min() > low
            and d.box_px.max() < high
        ]
        there = [d for d in cropped if d.slice_index == index]
        ious = pairwise_iou(
            np.array([d.box_px for d in here]),
            np.array([d.box_px for d in there]),
            inclusive=False,
        )
        same = ious.max(axis=1) > 0.99
        assert same.sum() >= max(share * len(here), 5)
        for row in np.flatnonzero(same):
            a, b = here[row], there[ious[row].argmax()]
            assert b.score == pytest.approx(a.score, abs=1e-4)
            if masks:
                assert abs(a.mask.row - b.mask.row) <= 1
                assert abs(a.mask.column - b.mask.column) <= 1
                assert b.area_px == pytest.approx(a.area_px, rel=0.02, abs=2)


def test_the_same_detections(trained, windows):
    volume = scan(at=(162, 162))
    whole = found_on(trained, volume, False)
    assert windows == []
    cropped = found_on(trained, volume, True)
    # 123 - 4 = 119 begins at 96; 202 + 4 = 206 ends at 96 + 4 * 32.
    assert windows == [[(96, 96, 224, 224)]] * 3
    # One of 77 boxes is another. Without a limit of proposals more are (in the
    # first slice 6 of 13), so this is not for the limit alone.
    check_same(whole, cropped, 112, 212, share=0.95)


def test_the_same_detections_on_average_over_views(trained, windows):
    volume = scan(count=6, at=(162, 162))
    whole = found_on(trained, volume, False, tta=True)
    cropped = found_on(trained, volume, True, tta=True)
    # In flipped slices columns 256 - 202 = 54 to 256 - 123 = 133.
    flipped = (32, 96, 160, 224)
    straight = (96, 96, 224, 224)
    assert windows == [[straight, flipped]] * 2
    # Likewise others may join a group.
    check_same(whole, cropped, 122, 202, share=0.9, masks=False)


@pytest.mark.parametrize(
    'volume',
    [
        # The body fills the field of view.
        scan(at=(128, 128), radius=120),
        # Three slices: preparing would take as long.
        scan(count=3),
        Volume(np.full((8, 256, 256), -1000, np.int16), SPACING, 'air'),
        Volume(np.zeros((8, 256, 256), np.int16), SPACING, 'water'),
    ],
    ids=['obese', 'few', 'air', 'water'],
)
def test_where_nothing_is_saved_the_whole_is_used(trained, windows, volume):
    found_on(trained, volume, True)
    assert [window for window in windows if window] == []


def test_only_batches_with_enough_air_are_cropped(trained, windows):
    """The body widens from slice 6 on; slices 0 to 2 see no such slice."""
    narrow, wide = scan(count=6), scan(count=3, at=(128, 128), radius=120)
    volume = Volume(np.concatenate([narrow.hu, wide.hu]), SPACING, 'scan')
    found_on(trained, volume, True)
    assert windows == [[(96, 96, 224, 224)], None, None]


@pytest.mark.parametrize(
    ('steps', 'reach'),
    [
        ([dict(type='mmuldor.LoadCTSlices', num_slices=3)], 1),
        # Four on either side, 2 mm apart, in slices of 3 mm: 8 / 3.
        (
            [
                dict(
                    type='mmuldor.LoadCTSlices',
                    num_slices=9,
                    slice_interval_mm=2.0,
                )
            ],
            3,
        ),
        # Slices of 3 mm are not resampled to 2 mm.
        (
            [
                dict(
                    type='mmuldor.LoadCTSlices',
                    num_slices=9,
                    slice_interval_mm=2.0,
                    keep_thicker=True,
                )
            ],
            4,
        ),
        # 1 slice and 4.5 mm.
        (
            [
                dict(
                    type='TestTimeAug',
                    transforms=[
                        [
                            dict(type='mmuldor.SliceOffset', mm=mm)
                            for mm in (-4.5, 0.0)
                        ],
                        [dict(type='mmuldor.LoadCTSlices', num_slices=3)],
                        [dict(type='RandomFlip', prob=1.0)],
                    ],
                )
            ],
            3,
        ),
        ([dict(type='RandomFlip', prob=0.5)], None),
        ([dict(type='RandomCrop', crop_size=(64, 64))], None),
        # What it leaves is cropped already.
        ([dict(type='mmuldor.CropToBody')], None),
    ],
)
def test_slices_that_a_pipeline_loads(steps, reach):
    assert slices_reached(steps, 3.0) == reach


def test_a_class_as_type_of_a_step():
    steps = [dict(type=LoadCTSlices, num_slices=5)]
    assert slices_reached(steps, 3.0) == 2


def test_the_box_of_a_batch_has_its_neighbours():
    boxes = np.array([[k, k, k + 10, 20] for k in range(6)])
    assert box_of(boxes, [2, 3], 1).tolist() == [1, 1, 14, 20]
    assert box_of(boxes, [0], 1).tolist() == [0, 0, 11, 20]


@pytest.mark.parametrize(('batch_size', 'tta'), [(1, False), (3, True)])
def test_slices_cropped_by_the_pipeline(trained, windows, batch_size, tta):
    """As in a volume of the crop; 10 mm are 9 px of 1.2 mm."""
    config, weights = trained
    steps = config.test_dataloader.dataset.pipeline
    cropping = copy.deepcopy(config)
    cropping.test_dataloader.dataset.pipeline = [
        steps[0],
        dict(type='mmuldor.CropToBody'),
        *steps[1:],
    ]
    volume = scan(count=3, at=(162, 110), radius=40)
    # Columns 123 to 201, rows 71 to 149.
    part = volume.hu[:, 62:159, 114:211]
    crop = Volume(np.ascontiguousarray(part), SPACING, 'crop')
    whole, expected = (
        LesionDetector(
            *(one, weights, 'cpu', 0.0), tta=tta, crop_to_body=True
        ).detect_slices(scanned, batch_size=batch_size)
        for one, scanned in ((cropping, volume), (config, crop))
    )
    assert [w for w in windows if w] == []
    assert len(whole) == len(expected) > 20
    for one, two in zip(whole, expected, strict=True):
        assert one.slice_index == two.slice_index
        assert one.score == pytest.approx(two.score, abs=1e-5)
        moved = two.box_px + np.array([114, 62, 114, 62])
        np.testing.assert_allclose(one.box_px, moved, atol=1e-2)
        if two.mask is not None:
            assert one.mask.row == two.mask.row + 62
            assert one.mask.column == two.mask.column + 114


def test_crops_of_different_sizes_in_a_batch(trained):
    """Detections lie in the crop of their own slice."""
    config, weights = trained
    config = copy.deepcopy(config)
    pipeline = config.test_dataloader.dataset.pipeline
    pipeline.insert(1, dict(type='mmuldor.CropToBody'))
    pipeline[0].num_slices = 3
    parts = [
        scan(count=3, at=(60, 70), radius=40),
        scan(count=3, at=(180, 160), radius=60),
    ]
    volume = Volume(np.concatenate([p.hu for p in parts]), SPACING, 'scan')
    detector = LesionDetector(config, weights, 'cpu', 0.0)
    found = detector.detect_slices(volume, batch_size=6)
    for index, (low, high) in {
        # 60 - 39 - 9 = 12 to 60 + 40 + 9 = 109; slices 2 and 3 see both.
        0: ((12, 22), (109, 119)),
        5: ((112, 92), (249, 229)),
    }.items():
        boxes = np.array([d.box_px for d in found if d.slice_index == index])
        assert len(boxes) > 5
        # Edges of pixels lie half a pixel before and after their centres.
        assert (boxes[:, :2] >= np.array(low) - 0.5 - 1e-3).all()
        assert (boxes[:, 2:] <= np.array(high) - 0.5 + 1e-3).all()


def test_boxes_and_masks_are_shifted_by_the_same(trained, monkeypatch):
    """A box at 10 to 20 px of a window that begins at (64, 32), scale 0.5."""
    config, weights = trained
    detector = LesionDetector(config, weights, 'cpu', 0.0)
    found = InstanceData(
        bboxes=torch.tensor([[10.0, 10.0, 20.0, 20.0]]),
        scores=torch.tensor([0.9]),
        labels=torch.tensor([0]),
    )
    meta = dict(
        scale_factor=(0.5, 0.5),
        ori_shape=(256, 256),
        window_offset=(64, 32),
    )
    detections = Detections(detector.model, (), [meta], [found])
    # All of the box is lesion.
    monkeypatch.setattr(
        Detections,
        '_mask_preds',
        lambda self, selected: torch.full((1, 1, 28, 28), 9.0),
    )
    (result,) = slice_model._with_masks(detections)
    # (10 + 64) / 0.5 = 148 and (10 + 32) / 0.5 = 84; 20 px wide.
    assert result.bboxes.tolist() == [[148, 84, 168, 104]]
    rows, columns = np.nonzero(result.masks[0].numpy())
    assert (rows.min(), rows.max()) == (84, 103)
    assert (columns.min(), columns.max()) == (148, 167)
