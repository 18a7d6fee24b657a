"""Boxes of bodies that a person could draw."""

import numpy as np
import pytest

from mmuldor.scans.body_region import body_boxes, empty_slice, joint_box

AIR = -1000


def slices(*rectangles, shape=(40, 60), dense=40):
    """One slice of air with rectangles (x1, y1, x2, y2) of tissue."""
    hu = np.full((1, *shape), AIR, dtype=np.int16)
    for x1, y1, x2, y2 in rectangles:
        hu[0, y1:y2, x1:x2] = dense
    return hu


def box_of(hu, pixel_mm2=1.0):
    (box,) = body_boxes(hu, pixel_mm2).tolist()
    return box


@pytest.mark.parametrize(
    ('rectangles', 'box'),
    [
        ([(10, 5, 30, 25)], [10, 5, 30, 25]),
        # Legs, and arms beside the chest.
        ([(10, 5, 20, 25), (40, 8, 50, 30)], [10, 5, 50, 30]),
        # A head, and the shell of a table.
        ([(20, 5, 30, 15), (0, 36, 60, 38)], [0, 5, 60, 38]),
        # A patient who fills the field of view.
        ([(0, 0, 60, 40)], [0, 0, 60, 40]),
        # A wire of 4 mm2 outside of the body.
        ([(20, 5, 30, 15), (2, 3, 4, 5)], [2, 3, 30, 15]),
    ],
)
def test_nothing_denser_than_air_is_left_out(rectangles, box):
    assert box_of(slices(*rectangles)) == box


def test_lungs_at_the_border_stay_inside():
    """Skin of 2 px at -100 HU around lung of -850 HU."""
    hu = slices((10, 5, 30, 25), dense=-100)
    hu[0, 7:23, 12:28] = -850
    assert box_of(hu) == [10, 5, 30, 25]


def test_a_hot_pixel_is_no_body():
    hu = slices((20, 10, 30, 20), (3, 4, 4, 5))
    assert box_of(hu) == [20, 10, 30, 20]
    # The same pixel measures 4 mm2.
    assert box_of(hu, 4.0) == [3, 4, 30, 20]
    assert box_of(slices((3, 4, 4, 5))) == [0, 0, 0, 0]


def test_what_lies_outside_is_less_than_a_few_millilitres():
    rng = np.random.default_rng(0)
    hu = np.where(rng.random((50, 64, 64)) < 0.001, 100, AIR)
    hu[:, 20:40, 20:40] = 0
    # 1 mm2 beyond each side of 50 slices of 1 mm: at most 0.2 ml.
    dense = hu > -300
    for plane, (x1, y1, x2, y2) in zip(
        dense, body_boxes(hu, 1.0), strict=True
    ):
        plane[y1:y2, x1:x2] = False
    assert 0 < dense.sum() <= 200


def test_air_alone_has_no_box():
    assert box_of(slices()) == [0, 0, 0, 0]
    assert joint_box(np.zeros((3, 4), dtype=np.int64)) is None


def test_a_joint_box_ignores_empty_ones():
    boxes = np.array([[10, 5, 30, 25], [0, 0, 0, 0], [4, 8, 20, 40]])
    assert joint_box(boxes).tolist() == [4, 5, 30, 40]


def test_an_empty_slice_keeps_what_lies_beyond_the_field_of_view():
    hu = np.full((9, 4, 4), -990, dtype=np.int16)
    hu[:, 0] = -2048
    hu[:, 2, 2] = 40
    # Somewhere the body reaches further, in less than half of the slices.
    hu[:4, 2, 1] = 30
    expected = np.full((4, 4), -990)
    expected[0] = -2048
    assert empty_slice(hu).tolist() == expected.tolist()
    assert (
        empty_slice(np.zeros((3, 2, 2), np.int16)).tolist()
        == [[-1000, -1000]] * 2
    )
