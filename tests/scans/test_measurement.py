import numpy as np
import pytest

from mmuldor.functional.masks import (
    CroppedMask,
    crop_mask,
    mask_ious,
    rasterize,
)
from mmuldor.functional.recist import pseudo_mask_polygon
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import (
    box_3d_mm,
    measure_lesion,
    measure_slice,
    volume_ml,
)

AFFINE = np.diag([0.5, 1.0, 3.0, 1.0])
# Columns 2 to 9 and rows 4 to 7.
RECTANGLE = CroppedMask(4, 2, np.ones((4, 8), dtype=bool))


def detection(index, score, mask=None):
    return SliceDetection(index, np.array([1.5, 3.5, 9.5, 7.5]), score, mask)


def test_pixels_need_not_be_square():
    # 8 x 4 px of 0.5 x 1 mm: a square of 4 mm, its outline 1/8 px inside.
    lesion = measure_lesion([detection(5, 0.9, RECTANGLE)], AFFINE)
    width, height = 7.75 * 0.5, 3.75
    diagonal = np.hypot(width, height)
    assert lesion.long_mm == pytest.approx(diagonal)
    # From a corner to the side across, perpendicular to the diagonal.
    assert lesion.short_mm == pytest.approx(diagonal * height / width)
    assert lesion.box_mm.tolist() == [0.75, 3.5, 13.5, 4.75, 7.5, 16.5]
    assert lesion.center_lps_mm.tolist() == [2.75, 5.5, 15]
    # 32 px of 0.5 mm2, 3 mm thick.
    assert lesion.volume_ml == pytest.approx(0.048)
    back = lesion.recist_px * [0.5, 1.0]
    assert np.hypot(*(back[1] - back[0])) == pytest.approx(lesion.long_mm)


def test_without_masks_nothing_is_made_up():
    lesion = measure_lesion([detection(5, 0.9), detection(4, 0.5)], AFFINE)
    assert lesion.long_mm is lesion.short_mm is lesion.recist_px is None
    assert lesion.volume_ml is None
    assert lesion.key_slice == 5
    assert lesion.box_mm[[2, 5]].tolist() == [10.5, 16.5]
    assert lesion.detections[0].outline_px is None
    assert lesion.detections[0].area_px == 0


def test_a_mask_on_another_slice_gives_a_volume_but_no_diameters():
    found = [detection(5, 0.9), detection(4, 0.5, RECTANGLE)]
    lesion = measure_lesion(found, AFFINE)
    assert lesion.long_mm is lesion.short_mm is lesion.recist_px is None
    assert lesion.volume_ml == pytest.approx(0.048)


def test_the_box_around_a_lesion():
    box = box_3d_mm([[0, 5, 10, 15], [3, 2, 13, 12]], [10.0, 15.0], 5.0)
    assert box.tolist() == [0, 2, 7.5, 13, 15, 17.5]


def test_volume():
    # 400 pixels of 1 mm2 on slices of 5 mm: 2 ml.
    affine = np.diag([0.5, 2.0, 5.0, 1.0])
    assert volume_ml(400, affine) == pytest.approx(2.0)
    # A shear moves slices in their plane, so they hold as much as before.
    affine[1, 2] = 3.0
    assert volume_ml(400, affine) == pytest.approx(2.0)


def ellipse(long_px, short_px, degrees, stretch=1.0, size=96):
    """A turned ellipse of mm, on pixels `stretch` mm high and 1 mm wide."""
    y, x = np.mgrid[:size, :size] - size // 2
    y = y * stretch
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u, v = c * x + s * y, c * y - s * x
    return (u / long_px * 2) ** 2 + (v / short_px * 2) ** 2 <= 1


@pytest.mark.parametrize('degrees', [0, 30, 75])
@pytest.mark.parametrize('stretch', [1.0, 2.0])
def test_diameters_are_those_of_the_mask(degrees, stretch):
    mask = ellipse(50, 24, degrees, stretch)
    measured = measure_slice(crop_mask(mask), (1.0, stretch))
    assert measured.long_mm == pytest.approx(50, abs=1.5 * stretch)
    assert measured.short_mm == pytest.approx(24, abs=1.5 * stretch)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert measured.mask.box_px.tolist() == [
        *(columns[0] - 0.5, rows[0] - 0.5),
        *(columns[-1] + 0.5, rows[-1] + 0.5),
    ]
    pseudo = rasterize(pseudo_mask_polygon(measured.recist_px), *mask.shape)
    assert mask_ious([pseudo], [mask])[0, 0] > 0.88
    assert measured.mask.area_px == mask.sum()


def test_a_corner_moves_all():
    mask = ellipse(20, 10, 40)
    here, there = (
        measure_slice(crop_mask(mask), (1, 1)),
        measure_slice(crop_mask(mask, 3, 7), (1, 1)),
    )
    assert (there.mask.box_px - here.mask.box_px).tolist() == [7, 3, 7, 3]
    assert there.recist_px - here.recist_px == pytest.approx(
        np.tile([7, 3], (4, 1))
    )


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (4, 1), (2, 2)])
def test_the_smallest_masks(shape):
    measured = measure_slice(CroppedMask(0, 0, np.ones(shape, bool)), (1, 1))
    assert (measured.mask.box_px[2:] - measured.mask.box_px[:2]).tolist() == [
        *shape[::-1]
    ]
    assert measured.long_mm >= measured.short_mm > 0


def test_diameters_of_the_largest_piece_and_a_box_around_all():
    mask = np.zeros((30, 30), dtype=bool)
    mask[2:12, 2:12] = mask[20:23, 20:24] = True
    measured = measure_slice(crop_mask(mask), (1, 1))
    assert measured.mask.box_px.tolist() == [1.5, 1.5, 23.5, 22.5]
    assert measured.recist_px.max() < 12
