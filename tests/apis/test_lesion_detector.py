"""The detector on volumes that a person could check."""

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS
from mmengine.structures import InstanceData

from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.slices import slice_item, slices_represented
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.calibration.operating_points import OperatingPoint
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.scans.volume import Volume
from tests.support.small_configs import narrow_mask_rcnn, save_untrained

SPACING = np.diag([0.8, 0.8, 2.0, 1.0])


@pytest.fixture
def checkpoint(mini_detector_config, tmp_path):
    return save_untrained(mini_detector_config, tmp_path / 'w.pth')


@pytest.fixture
def mini_detector_config(mini_data):
    config = narrow_mask_rcnn()
    dataset = config.test_dataloader.dataset
    dataset.data_root = str(mini_data)
    return config


@pytest.fixture
def detector(mini_detector_config, checkpoint):
    return LesionDetector(mini_detector_config, checkpoint, 'cpu', 0.0)


def volume_of(hu, affine=SPACING):
    return Volume(np.asarray(hu, dtype=np.int16), affine, 'scan')


def test_a_slice_of_a_volume_is_the_data_sets_image(
    detector, mini_detector_config
):
    # The mini data set's slices 4, 5, 6 count from the head.
    dataset = DATASETS.build(mini_detector_config.test_dataloader.dataset)
    from mmuldor.functional.hounsfield import stored_to_hu
    from mmuldor.io.png import read_png16

    path = dataset.get_data_info(0)['img_path']
    planes = [
        stored_to_hu(read_png16(path.replace('005', name)))
        for name in ('006', '005', '004')
    ]
    volume = volume_of(planes)
    made = detector._pipeline(slice_item(volume, 1))['inputs']
    assert torch.equal(made, dataset[0]['inputs'])


def fake(detector, monkeypatch, by_slice, change=lambda mask: None):
    """Let the model find these boxes, with masks that fill them."""

    class Sample:
        def __init__(self, found, shape):
            boxes = np.array([b for b, _ in found]).reshape(-1, 4)
            masks = np.zeros((len(boxes), *shape), dtype=bool)
            for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
                mask[int(y1) : int(y2), int(x1) : int(x2)] = True
                change(mask)
            self.pred_instances = InstanceData(
                bboxes=torch.tensor(boxes, dtype=torch.float32),
                scores=torch.tensor([s for _, s in found]),
                labels=torch.zeros(len(boxes), dtype=torch.long),
                masks=torch.from_numpy(masks),
            )

    def test_step(batch):
        samples = batch['data_samples']
        return [
            Sample(by_slice.get(s.img_id, []), s.ori_shape) for s in samples
        ]

    # As a detector whose masks come with its boxes.
    monkeypatch.setattr(detector.slice_model, 'network', None)
    monkeypatch.setattr(detector.model, 'test_step', test_step)


def test_a_lesion_is_joined_and_measured(detector, monkeypatch):
    # 20 x 10 px on slices 2 and 3, and another one on slice 6.
    box = [10.0, 20.0, 30.0, 30.0]
    other = [40.0, 40.0, 46.0, 46.0]
    found = {2: [(box, 0.5)], 3: [(box, 0.9)], 6: [(other, 0.7)]}
    fake(detector, monkeypatch, found)
    affine = SPACING.copy()
    affine[:3, 3] = [-100, -200, 50]
    lesions = detector.detect(volume_of(np.zeros((8, 64, 64)), affine))
    assert [lesion.score for lesion in lesions] == pytest.approx([0.9, 0.7])
    lesion = lesions[0]
    assert lesion.key_slice == 3
    assert [d.slice_index for d in lesion.detections] == [3, 2]
    # Pixel centres at integers: edges 10 and 30 are 9.5 and 29.5.
    expected = [9.5 * 0.8, 19.5 * 0.8, 3, 29.5 * 0.8, 29.5 * 0.8, 7]
    assert lesion.box_mm == pytest.approx(expected)
    middle = [-100 + 19.5 * 0.8, -200 + 24.5 * 0.8, 50 + 5]
    assert lesion.center_lps_mm == pytest.approx(middle)
    # A rectangle of 16 x 8 mm: its diagonal, and the chord across it from a
    # corner, which is to the height as the diagonal to the width.
    diagonal = np.hypot(16, 8)
    assert lesion.long_mm == pytest.approx(diagonal, abs=0.3)
    assert lesion.short_mm == pytest.approx(8 * diagonal / 16, abs=0.3)
    # 200 px of 0.64 mm2 on two slices of 2 mm.
    assert lesion.volume_ml == pytest.approx(0.512)
    ends = lesion.recist_px
    assert ends.shape == (4, 2)
    assert np.hypot(*((ends[1] - ends[0]) * 0.8)) == pytest.approx(
        lesion.long_mm
    )


def test_a_mask_is_its_largest_piece_without_holes(detector, monkeypatch):
    def change(mask):
        mask[:, 25] = False
        mask[24:26, 14:16] = False

    fake(detector, monkeypatch, {1: [([10, 20, 30, 30], 0.9)]}, change)
    (found,) = detector.detect_slices(volume_of(np.zeros((3, 64, 64))))
    assert (found.mask.row, found.mask.column) == (20, 10)
    assert found.mask.bitmap.tolist() == [[True] * 15] * 10
    assert found.area_px == 150
    assert found.outline_px.min(axis=0).tolist() == [9.625, 19.625]
    assert found.outline_px.max(axis=0).tolist() == [24.375, 29.375]


def test_an_empty_mask_is_none(detector, monkeypatch):
    fake(
        detector,
        monkeypatch,
        {1: [([10, 20, 30, 30], 0.9)]},
        lambda mask: mask.fill(False),
    )
    (found,) = detector.detect_slices(volume_of(np.zeros((3, 64, 64))))
    assert found.mask is found.outline_px is None
    assert found.area_px == 0


def test_batches_change_nothing(detector):
    rng = np.random.default_rng(0)
    volume = volume_of(rng.normal(0, 100, (5, 64, 64)))
    single = detector.detect_slices(volume, batch_size=1)
    batched = detector.detect_slices(volume, batch_size=3)
    assert len(single) == len(batched) > 0
    for a, b in zip(single, batched, strict=True):
        assert a.slice_index == b.slice_index
        assert a.box_px == pytest.approx(b.box_px, abs=0.05)


def test_nothing_found(detector, monkeypatch):
    fake(detector, monkeypatch, {})
    assert detector.detect(volume_of(np.zeros((3, 64, 64)))) == []


def test_progress_sees_every_batch(detector, monkeypatch):
    fake(detector, monkeypatch, {})
    seen = []

    def progress(items, total):
        seen.append(total)
        return items

    detector.detect_slices(volume_of(np.zeros((5, 64, 64))), 2, progress)
    assert seen == [3]


def test_weights_of_another_config(mini_detector_config, checkpoint):
    mini_detector_config.model.neck.out_channels = 32
    mini_detector_config.model.rpn_head.in_channels = 32
    with pytest.raises(ValueError, match=r'must be of this config.*shape'):
        LesionDetector(mini_detector_config, checkpoint, 'cpu')


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (lambda state, key: {**state, 7: state[key]}, r'dict of tensors'),
        (lambda state, key: {**state, key: [1.0]}, r'is a list'),
        (lambda state, key: {**state, key: state[key].int()}, r'int32'),
        (lambda state, key: {**state, key: state[key] * np.nan}, r'NaN'),
        (lambda state, key: [state], r'got a list'),
    ],
)
def test_what_is_no_weights(
    mini_detector_config, checkpoint, tmp_path, change, match
):
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    path = str(tmp_path / 'changed.pth')
    torch.save({'state_dict': change(state, next(iter(state)))}, path)
    with pytest.raises(ValueError, match=rf'changed\.pth.*{match}'):
        LesionDetector(mini_detector_config, path, 'cpu')


def test_no_weights(mini_detector_config):
    with pytest.raises(FileNotFoundError, match=r'no\.pth'):
        LesionDetector(mini_detector_config, 'no.pth', 'cpu')


@pytest.mark.parametrize(('count', 'stride'), [(1, 1), (7, 1), (5, 4), (9, 3)])
def test_every_slice_is_represented_once(count, stride):
    slices = slices_represented(count, stride)
    assert sorted(k for ks in slices.values() for k in ks) == list(
        range(count)
    )
    assert len(slices) == -(-count // stride)
    for own, represented in slices.items():
        assert represented[0] == own
        assert max(abs(k - own) for k in represented) <= stride - 1


def test_one_slice_in_six_millimetres(detector, monkeypatch):
    box = [10.0, 20.0, 30.0, 30.0]
    found = {k: [(box, 0.9 - k / 100)] for k in range(9)}
    fake(detector, monkeypatch, found)
    volume = volume_of(np.zeros((9, 64, 64)))
    (every,) = detector.detect(volume)
    (third,) = detector.detect(volume, step_mm=6.0)
    assert (every.key_slice, third.key_slice) == (0, 1)
    assert third.volume_ml == pytest.approx(every.volume_ml)
    assert third.box_mm == pytest.approx(every.box_mm)
    assert sorted(d.slice_index for d in third.detections) == list(range(9))


def calibration(**changes):
    return CalibrationFile(
        Calibration(np.array([0.0, 1.0]), np.array([0.0, 0.5])),
        OperatingPoint(0.6, 1.0, 0.5),
        [],
        {},
        {},
        **{'unit': 'volume', **changes},
    )


def test_a_calibration_gives_probabilities_and_the_threshold(
    mini_detector_config, checkpoint, monkeypatch
):
    detector = LesionDetector(
        mini_detector_config, checkpoint, 'cpu', calibration=calibration()
    )
    box, other = [10.0, 20.0, 30.0, 30.0], [40.0, 40.0, 46.0, 46.0]
    fake(detector, monkeypatch, {1: [(box, 0.8), (other, 0.59)]})
    (lesion,) = detector.detect(volume_of(np.zeros((3, 64, 64))))
    assert lesion.score == pytest.approx(0.8)
    assert lesion.probability == pytest.approx(0.4)
    assert detector.model.roi_head.test_cfg.score_thr == 0.6


def test_slices_have_the_threshold_of_the_calibration(
    mini_detector_config, checkpoint, monkeypatch
):
    fitted = calibration(settings=RunSettings(0.1))
    detector = LesionDetector(
        mini_detector_config, checkpoint, 'cpu', calibration=fitted
    )
    assert detector.model.roi_head.test_cfg.score_thr == 0.1
    # One lesion on slices 0 to 2, for the middle one joins the others.
    box, other = [10.0, 20.0, 30.0, 30.0], [40.0, 40.0, 46.0, 46.0]
    found = {0: [(box, 0.8)], 3: [(box, 0.2), (other, 0.59)], 6: [(box, 0.7)]}
    fake(detector, monkeypatch, found)
    (lesion,) = detector.detect(volume_of(np.zeros((7, 64, 64))), max_gap_mm=6)
    assert [d.score for d in lesion.detections] == pytest.approx(
        [0.8, 0.2, 0.7]
    )
    lower = LesionDetector(
        mini_detector_config, checkpoint, 'cpu', 0.05, fitted
    )
    assert lower.slice_score_thr == 0.05


def test_views_are_averaged(mini_detector_config, checkpoint):
    rng = np.random.default_rng(0)
    volume = volume_of(rng.normal(0, 100, (2, 64, 64)))
    detectors = [
        LesionDetector(mini_detector_config, checkpoint, 'cpu', 0.0, tta=tta)
        for tta in (False, True)
    ]
    plain, averaged = [d.detect_slices(volume) for d in detectors]
    assert len(averaged) > 0
    best = [max(d.score for d in found) for found in (plain, averaged)]
    # A mean over six views is no larger than the largest of one.
    assert best[0] != best[1]
    # The config is as it was.
    assert mini_detector_config.model.type == 'MaskRCNN'
