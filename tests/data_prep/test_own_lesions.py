import numpy as np
import pytest

from data_prep.own_data.mask_lesions import (
    find_lesions,
    measure_mask,
)
from mmuldor.functional.masks import mask_ious, rasterize
from mmuldor.functional.recist import pseudo_mask_polygon


@pytest.fixture
def labels():
    """Two pieces of label 1, which touches label 2; a diagonal of label 5."""
    found = np.zeros((6, 12, 16), dtype=np.uint16)
    found[1:4, 2:5, 3:7] = 1
    found[2, 2:6, 3:9] = 1
    found[5, 8:10, 1:3] = 1
    found[1:3, 2:5, 9:12] = 2
    found[0, 9, 9] = found[1, 10, 10] = found[2, 11, 11] = 5
    return found


def test_pieces(labels):
    found = find_lesions(labels)
    assert [lesion.label for lesion in found] == [1, 1, 2, 5]
    rebuilt = np.zeros_like(labels)
    for lesion in found:
        where = tuple(
            slice(a, a + n)
            for a, n in zip(lesion.low, lesion.mask.shape, strict=True)
        )
        rebuilt[where][lesion.mask] = lesion.label
    assert (rebuilt == labels).all()
    assert [lesion.key_slice for lesion in found] == [2, 5, 1, 0]


def test_instances_and_wanted_labels(labels):
    assert [x.label for x in find_lesions(labels, instances=True)] == [1, 2, 5]
    assert [x.label for x in find_lesions(labels, values=[2, 9])] == [2]
    assert find_lesions(np.zeros_like(labels)) == []


def test_box_and_volume_in_mm(labels):
    lesion = find_lesions(labels)[0]
    spacing = (0.5, 2.0, 3.0)
    assert lesion.box_mm(spacing).tolist() == [
        *(2.5 * 0.5, 1.5 * 2, 0.5 * 3),
        *(8.5 * 0.5, 5.5 * 2, 3.5 * 3),
    ]
    voxels = 2 * 3 * 4 + 4 * 6
    assert lesion.volume_ml(spacing) == pytest.approx(voxels * 3 / 1000)


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
    facts = measure_mask(mask, (1.0, stretch))
    assert facts.long_mm == pytest.approx(50, abs=1.5 * stretch)
    assert facts.short_mm == pytest.approx(24, abs=1.5 * stretch)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert facts.box_px.tolist() == [
        *(columns[0] - 0.5, rows[0] - 0.5),
        *(columns[-1] + 0.5, rows[-1] + 0.5),
    ]
    pseudo = rasterize(pseudo_mask_polygon(facts.recist_px), *mask.shape)
    assert mask_ious([pseudo], [mask])[0, 0] > 0.88
    assert (facts.whole(*mask.shape) == mask).all()


def test_a_corner_moves_all():
    mask = ellipse(20, 10, 40)
    here, there = (
        measure_mask(mask, (1, 1)),
        measure_mask(mask, (1, 1), (7, 3)),
    )
    assert (there.box_px - here.box_px).tolist() == [7, 3, 7, 3]
    assert there.recist_px - here.recist_px == pytest.approx(
        np.tile([7, 3], (4, 1))
    )


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (4, 1), (2, 2)])
def test_the_smallest_masks(shape):
    facts = measure_mask(np.ones(shape, dtype=bool), (1, 1))
    assert (facts.box_px[2:] - facts.box_px[:2]).tolist() == [*shape[::-1]]
    assert facts.long_mm >= facts.short_mm > 0


def test_diameters_of_the_largest_piece_and_a_box_around_all():
    mask = np.zeros((30, 30), dtype=bool)
    mask[2:12, 2:12] = mask[20:23, 20:24] = True
    facts = measure_mask(mask, (1, 1))
    assert facts.box_px.tolist() == [1.5, 1.5, 23.5, 22.5]
    assert facts.recist_px.max() < 12
