"""Positions of slices against a straight line with even steps."""

from pathlib import Path

import numpy as np
import pytest

from mmuldor.scans.dicom.headers import DicomFile
from mmuldor.scans.dicom.positions import slice_intervals
from tests.support.ct_slices import ct_slice


def files_at(positions, **elements):
    """Slices with 0.5 mm pixels, named a0, a1 and so on."""
    usual = {'PixelSpacing': [0.5, 0.5], **elements}
    return [
        DicomFile(
            Path(f'x/a{k}'),
            ct_slice(
                np.zeros((2, 2)), ImagePositionPatient=list(place), **usual
            ),
        )
        for k, place in enumerate(positions)
    ]


def along_z(places, digits=None, **elements):
    texts = [z if digits is None else f'{z:.{digits}f}' for z in places]
    return files_at([(-250, -249.5, z) for z in texts], **elements)


def intervals(files):
    return slice_intervals(files, Path('x'))[0].tolist()


@pytest.mark.parametrize(
    ('step', 'digits', 'count'),
    [
        (0.625, 1, 300), (0.625, 2, 300), (0.7, 1, 300), (0.7, 2, 300),
        (1.25, 1, 200), (0.75, 1, 300), (0.3125, 1, 400), (0.25, 1, 20),
        (2.5, 0, 60), (1.5, 0, 60), (0.8333333, 3, 500), (2.5, 1, 2),
    ],
)  # fmt: skip
def test_steps_that_are_rounded(step, digits, count):
    places = -117.3 + step * np.arange(count)
    assert intervals(along_z(places, digits)) == [1] * (count - 1)


@pytest.mark.parametrize('digits', [1, 2, 6])
@pytest.mark.parametrize('step', [0.625, 0.7, 0.3125, 1.25])
def test_missing_slices_among_rounded_ones(step, digits):
    kept = np.delete(np.arange(300), [7, 8, 100, 201, 202, 203])
    files = along_z(step * kept + 12.34, digits)
    found, notes = slice_intervals(files, Path('x'))
    assert found.tolist() == np.diff(kept).tolist()
    assert notes == ['6 missing slices interpolated']


def test_whole_millimetres_may_be_rounded_or_not():
    # 1 mm with a missing slice, or 1.25 mm without: the thickness says which,
    # or that it happens again and again.
    places = ['0', '1', '2', '4', '5']
    assert intervals(along_z([*places, '6', '8', '9', '11', '12'])) == [1] * 9
    assert intervals(along_z(places)) == [1, 1, 2, 1]
    assert intervals(along_z(places, SliceThickness='1')) == [1, 1, 2, 1]
    assert intervals(along_z(places, SliceThickness='1.25')) == [1, 1, 1, 1]


@pytest.mark.parametrize('first', [0, 0.2, -117.3])
def test_as_many_gaps_of_one_as_of_two(first):
    """1.5 mm in whole millimetres: the median gap is no missing slice's."""
    places = np.floor(first + 1.5 * np.arange(41) + 0.5)
    files = along_z(places, 0, SliceThickness='1.5')
    assert slice_intervals(files, Path('x'))[0].tolist() == [1] * 40


@pytest.mark.parametrize('lost', [[30], [1], [100, 200], [50, 150, 250]])
@pytest.mark.parametrize(('step', 'digits'), [(1, 0), (0.1, 1)])
def test_a_missing_slice_is_no_rounding_of_a_stated_spacing(
    step, digits, lost
):
    """With one of 300 slices of 1 mm lost, 1.003 mm is the mean gap."""
    kept = np.delete(np.arange(300), lost)
    files = along_z(step * kept - 40, digits, SliceThickness=str(step))
    found, notes = slice_intervals(files, Path('x'))
    assert found.tolist() == np.diff(kept).tolist()
    assert notes == [f'{len(lost)} missing slices interpolated']


def test_every_second_slice_missing_in_a_part():
    places = [0, 1, 2, 3, 5, 7, 8, 9, 10]
    assert intervals(along_z(places, 3)) == [1, 1, 1, 2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ('places', 'match'),
    [
        # More than the last decimal explains: 0.3 mm of 2.5.
        (
            [0, 2.5, 5, 7.8, 10, 12.5],
            r'\(2\.5 mm\), but a2 and a3 are 2\.8 mm',
        ),
        # An additional slice in between.
        ([0, 2.5, 5, 6.25, 7.5, 10, 12.5, 15], r'a2 and a3 are 1\.25 mm'),
        # Whole numbers, but too uneven for rounding.
        (['0', '5', '10', '15', '18', '23'], r'a3 and a4 are 3 mm apart'),
        # A spacing that changes by a half.
        ([0, 2, 4, 6, 8, 11, 14], r'a4 and a5 are 3 mm apart'),
        ([0, 0, 0], r'a0 and a1 are 0 mm apart'),
    ],
)
def test_uneven_slices(places, match):
    with pytest.raises(ValueError, match=match) as error:
        intervals(along_z(places))
    assert str(error.value).startswith('x: slices must be equally far apart')
    assert '_Eq.nii.gz' in str(error.value)


def test_single_images_of_a_scan():
    assert intervals(along_z([0, 20, 40])) == [1, 1]
    with pytest.raises(ValueError, match=r'0\.01 to 50 mm apart, but are 90'):
        intervals(along_z([0, 90, 180, 270]))


def test_a_drift_of_all_slices_is_a_tilt():
    step = np.array([0.3, -0.9, 2.4])
    files = files_at((np.arange(9)[:, None] * step).round(3).tolist())
    assert intervals(files) == [1] * 8
    # With one decimal, and a missing slice.
    kept = np.array([0, 1, 2, 4, 5, 6, 7, 8])
    files = files_at((kept[:, None] * step * 0.97).round(1).tolist())
    assert intervals(files) == np.diff(kept).tolist()


@pytest.mark.parametrize(
    ('moved', 'jump', 'named'),
    [
        (range(6, 12), (20, 0), 'from a5 to a6 they jump by 20.0 mm'),
        (range(6, 12), (0, -1), 'from a5 to a6 they jump by 1.0 mm'),
        (range(11, 12), (3, 4), 'from a10 to a11 they jump by 5.0 mm'),
        (range(4, 5), (3, 4), 'from a3 to a4 they jump by 5.0 mm'),
        (range(1), (0, 7), 'from a0 to a1 they jump by 7.0 mm'),
    ],
)
@pytest.mark.parametrize('tilt', [0.0, 0.7])
def test_a_slice_beside_the_line(moved, jump, named, tilt):
    places = np.arange(12)[:, None] * np.array([0, tilt, 2.5])
    places[list(moved), :2] += jump
    with pytest.raises(ValueError, match='on a straight line') as error:
        intervals(files_at(places.round(4).tolist()))
    assert named in str(error.value)


def test_slices_that_drift_on_a_curve():
    k = np.arange(20)
    places = np.column_stack([0.05 * k**2, 0 * k, 2.0 * k])
    with pytest.raises(ValueError, match='on a straight line'):
        intervals(files_at(places.round(3).tolist()))
