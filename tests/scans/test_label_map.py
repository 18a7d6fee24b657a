import numpy as np
import pytest

from mmuldor.functional.masks import CroppedMask, largest_piece
from mmuldor.scans.label_map import label_map
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

VOLUME = Volume(np.zeros((4, 20, 30), dtype=np.int16), np.eye(4), 'a')


def lesion(x, slices, score, mask=True):
    bitmap = CroppedMask(5, x, np.ones((3, 4), dtype=bool))
    box = np.array([x - 0.5, 4.5, x + 3.5, 7.5])
    found = [
        SliceDetection(k, box, score, bitmap if mask else None) for k in slices
    ]
    return measure_lesion(found, VOLUME.affine)


def test_the_higher_score_shows_where_two_overlap():
    labels = label_map([lesion(3, (1, 2), 0.9), lesion(6, (2,), 0.6)], VOLUME)
    assert labels.dtype == np.uint16
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert not labels[[0, 3]].any()
    # Column 6 is in both.
    assert labels[2, 6].tolist() == [0] * 3 + [1] * 4 + [2] * 3 + [0] * 20
    assert (labels[1] == (labels[2] == 1)).all()
    assert (labels == 1).sum() == 24


def test_a_lesion_without_a_mask_keeps_its_number():
    labels = label_map(
        [lesion(3, (1,), 0.9, mask=False), lesion(9, (1,), 0.6)], VOLUME
    )
    assert sorted(np.unique(labels)) == [0, 2]
    assert not label_map([], VOLUME).any()


def test_the_volume_of_a_lesion_is_that_of_its_label():
    """Predicted masks have holes and several pieces."""
    affine = np.diag([0.7, 0.9, 2.5, 1.0])
    volume = Volume(np.zeros((6, 40, 90), dtype=np.int16), affine, 'a')
    rng = np.random.default_rng(0)
    lesions = []
    for x in (0, 30, 60):
        found = []
        for k in range(x // 30, 5):
            mask = np.zeros((40, 90), dtype=bool)
            mask[5:30, x : x + 25] = rng.random((25, 25)) < 0.5
            box = np.array([x, 5.0, x + 25, 30])
            piece = largest_piece(mask)
            assert piece.area_px != mask.sum()
            found.append(SliceDetection(k, box, 0.9, piece))
        lesions.append(measure_lesion(found, affine))
    labels = label_map(lesions, volume)
    for number, measured in enumerate(lesions, start=1):
        voxels = (labels == number).sum()
        assert measured.volume_ml == pytest.approx(
            voxels * 0.7 * 0.9 * 2.5 / 1000
        )
