import numpy as np
import pytest

from mmuldor.scans.volume import Volume, reorient, stack_slices


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
