import numpy as np
import pytest

from data_prep.own_data.mask_lesions import (
    find_lesions,
    measurements_by_slice,
)


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
    assert lesion.volume_ml(np.diag([*spacing, 1])) == pytest.approx(
        voxels * 3 / 1000
    )


def test_a_lesion_of_several_pieces_may_leave_a_slice_out(labels):
    lesion = find_lesions(labels, values=[1], instances=True)[0]
    assert lesion.slices == range(1, 6)
    assert lesion.on_slice(4) is None
    first = lesion.on_slice(1)
    assert (first.row, first.column, first.area_px) == (2, 3, 12)
    wanted = {1, 4, 5}
    found = dict(measurements_by_slice(lesion, (1, 1, 1), wanted))
    assert sorted(found) == [1, 5]
    assert found[5].mask.box_px.tolist() == [0.5, 7.5, 2.5, 9.5]
