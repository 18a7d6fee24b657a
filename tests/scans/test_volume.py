import numpy as np
import pytest

from mmuldor.scans.volume import Volume, check_gaps, reorient, stack_slices


def flat(*values):
    return [np.full((2, 3), value, dtype=np.int16) for value in values]


def test_places_in_the_patient():
    affine = np.diag([0.5, 2.0, 3.0, 1.0])
    affine[:3, 3] = [-10, -20, 30]
    volume = Volume(np.zeros((4, 5, 6), dtype=np.int16), affine)
    assert volume.shape == (4, 5, 6)
    assert volume.spacing_mm == (0.5, 2, 3)
    assert volume.to_patient([[2, 1, 3]]).tolist() == [[-9, -18, 39]]
    assert volume.dicom_headers == ()


def test_missing_slices_lie_on_a_line_between_their_neighbours():
    hu, indices = stack_slices(iter(flat(0, 10, 40)), [1, 3], 'a')
    assert hu[:, 0, 0].tolist() == [0, 10, 20, 30, 40]
    assert indices.tolist() == [0, 1, -1, -1, 2]
    assert hu.dtype == np.int16


@pytest.mark.parametrize(
    ('intervals', 'interval_mm', 'note'),
    [
        ([1, 1, 1], 40.0, []),
        ([1, 4, 2], 5.0, ['4 missing slices interpolated']),
        ([4], 0.5, ['3 missing slices interpolated']),
        ([2], 15.0, ['1 missing slices interpolated']),
    ],
)
def test_gaps_that_are_filled_in(intervals, interval_mm, note):
    gaps = np.multiply(intervals, interval_mm)
    assert check_gaps(intervals, gaps, list('abcd'), 's') == note


@pytest.mark.parametrize(
    ('intervals', 'interval_mm', 'found'),
    [
        ([1, 5], 0.5, 'b and c are 2.5 mm apart, where 4 slices'),
        ([3, 1], 8.0, 'a and b are 24 mm apart, where 2 slices'),
        ([2, 1], 15.5, 'a and b are 31 mm apart, where 1 slices'),
    ],
)
def test_gaps_that_are_too_wide(intervals, interval_mm, found):
    gaps = np.multiply(intervals, interval_mm)
    with pytest.raises(ValueError, match=f'^s: a gap must .* {found}'):
        check_gaps(intervals, gaps, list('abc'), 's')


def test_too_many_slices_are_not_read():
    def slices():
        yield from flat(0)
        raise AssertionError('a second slice was read')

    with pytest.raises(ValueError, match=r'^a: a volume must .* far away\?'):
        stack_slices(slices(), [2**29], 'a')


def test_axes_are_swapped_and_flipped():
    # Axes run to the head, to the front and to the right: SAR.
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    ras = np.zeros((4, 4))
    ras[2, 0], ras[1, 1], ras[0, 2], ras[3, 3] = 5, 2, 1, 1
    volume = reorient(array, ras, 'a')
    assert np.array_equal(volume.hu, array[:, ::-1, ::-1])
    assert volume.spacing_mm == (1, 2, 5)
    # Voxel (0, 0, 0) of the array is the last row's last column.
    assert volume.to_patient([[3, 2, 0]]).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize('affine', [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_an_affine_without_an_inverse(affine):
    with pytest.raises(ValueError, match=r'^a: the affine must be a 4 x 4'):
        reorient(np.zeros((2, 2, 2), dtype=np.int16), affine, 'a')
