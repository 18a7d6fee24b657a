"""Units and the two affines of a NIfTI header."""

import nibabel
import numpy as np
import pytest

from mmuldor.scans.nifti import read_nifti
from tests.scans.nifti_format.nifti_files import oblique, run_command, save_ct

AFFINE = np.diag([0.8, 0.7, 2.5, 1.0])
AFFINE[:3, 3] = [-10, 20, -300]


@pytest.mark.parametrize(
    ('unit', 'scale', 'note'),
    [
        ('unknown', 1, None),
        ('mm', 1, None),
        ('micron', 1000, 'micrometre, converted to mm'),
        ('meter', 0.001, 'metre, converted to mm'),
    ],
)
def test_lengths_are_mm(tmp_path, unit, scale, note):
    affine = np.diag([scale, scale, scale, 1]) @ AFFINE
    path = save_ct(tmp_path, affine, unit=unit)
    volume, notes = read_nifti(path)
    assert volume.spacing_mm == pytest.approx((0.8, 0.7, 2.5))
    # The first voxel of the file is the last column and row.
    columns, rows = volume.shape[2] - 1, volume.shape[1] - 1
    first = volume.to_patient([[columns, rows, 0]])[0]
    assert first == pytest.approx([10, -20, -300])
    assert len(notes) == bool(note)
    assert all(note in found for found in notes)


@pytest.mark.parametrize(
    ('spacing', 'unit', 'match'),
    [
        ((488, 488, 1250), 'unknown', 'columns must be 0.01 to 10 mm apart'),
        ((0.5, 0.5, 1.25), 'micron', 'but are 0.0005 mm'),
        ((0.7, 11, 1), 'mm', 'rows must be 0.01 to 10 mm apart, but are 11'),
        ((0.7, 0.7, 60), 'mm', 'slices must be 0.01 to 50 mm apart'),
    ],
)
def test_spacings_that_no_ct_has(tmp_path, spacing, unit, match):
    path = save_ct(tmp_path, np.diag([*spacing, 1]), unit=unit)
    with pytest.raises(ValueError, match=match):
        read_nifti(path)


def test_the_command_states_the_unit(tmp_path):
    path = save_ct(tmp_path, np.diag([488, 488, 1250, 1]), unit='mm')
    volume = repaired(path, 'unit.nii.gz')
    assert volume.spacing_mm == pytest.approx((0.488, 0.488, 1.25))


def test_a_unit_that_is_too_small(tmp_path):
    path = save_ct(tmp_path, AFFINE, unit='micron')
    assert repaired(path, 'unit.nii.gz').spacing_mm[2] == pytest.approx(2.5)


def repaired(path, name, change=('', '')):
    """The volume that the command of an error message makes."""
    with pytest.raises(ValueError, match='python -c') as refused:
        read_nifti(path)
    run_command(refused.value, path.parent, change)
    return read_nifti(path.parent / name)[0]


@pytest.mark.parametrize('form', ['sform', 'qform'])
def test_two_affines_that_disagree(tmp_path, form):
    other = np.eye(4)
    path = save_ct(tmp_path, other, qform=AFFINE)
    with pytest.raises(
        ValueError,
        match=r'sform \(code 2\) with steps of 1, 1, 1 .*qform \(code 1\) '
        r'with steps of 0\.8, 0\.7, 2\.5 .*\(-10, 20, -300\) RAS',
    ):
        read_nifti(path)
    volume = repaired(path, 'stated.nii.gz', ('get_qform', f'get_{form}'))
    right = AFFINE if form == 'qform' else other
    assert volume.spacing_mm == pytest.approx(np.diag(right)[:3].tolist())


def test_affines_that_agree_but_for_rounding(tmp_path):
    # Turned by nearly 180 degrees, where quaternions are least exact.
    affine = oblique(179.9, (0.7, 0.7, 1.0))
    path = save_ct(tmp_path, affine, qform=affine, shape=(64, 64, 9))
    header = nibabel.load(path).header
    assert not np.array_equal(header.get_sform(), header.get_qform())
    assert read_nifti(path)[1] == []


def test_only_a_code_above_0_counts(tmp_path):
    for name, code in (('sform', (2, 0)), ('qform', (0, 1))):
        path = save_ct(
            *(tmp_path, np.eye(4), f'{name}.nii'), qform=AFFINE, codes=code
        )
        if name == 'sform':
            # Its spacing must be that of pixdim all the same.
            with pytest.raises(ValueError, match=r'`pixdim` must be the spa'):
                read_nifti(path)
            volume = repaired(path, 'stated.nii.gz')
            assert volume.spacing_mm == pytest.approx((1, 1, 1))
        else:
            volume, notes = read_nifti(path)
            assert volume.spacing_mm == pytest.approx((0.8, 0.7, 2.5))
            assert notes == []


@pytest.mark.parametrize('pixdim', [(1, 1, 1), (0, 0, 0), (0.8, 0.7, 2.49)])
def test_a_pixdim_that_nobody_set_or_that_is_rounded(tmp_path, pixdim):
    path = save_ct(tmp_path, AFFINE, pixdim=pixdim)
    assert read_nifti(path)[0].spacing_mm == pytest.approx((0.8, 0.7, 2.5))


def test_no_code(tmp_path):
    path = save_ct(tmp_path, AFFINE, qform=AFFINE, codes=(0, 0))
    with pytest.raises(ValueError, match=r'v\.nii\.gz must state its orient'):
        read_nifti(path)
    volume = repaired(path, 'stated.nii.gz')
    # Its axes are said to be those of a volume in memory.
    stored = np.asarray(nibabel.load(path).dataobj)
    assert np.array_equal(volume.hu, stored.T)
    assert volume.spacing_mm == pytest.approx((0.8, 0.7, 2.5))


def test_a_quaternion_that_is_none(tmp_path):
    path = save_ct(tmp_path, AFFINE, 'v.nii', qform=AFFINE)
    data = bytearray(path.read_bytes())
    data[256:268] = np.array([5, 5, 5], '<f4').tobytes()
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r'qform .* that cannot be read'):
        read_nifti(path)


def test_a_sheared_sform(tmp_path):
    """Slices 1 mm higher in each: 10 of 2 mm, of pixels of 1 mm."""
    affine = np.diag([1.0, 1, 2, 1])
    affine[1, 2] = 1
    # pixdim may be the distance of the slices, or their step of 5**0.5 mm.
    for step in (2, 5**0.5):
        path = save_ct(
            tmp_path, affine, shape=(40, 40, 10), pixdim=(1, 1, step)
        )
        volume, notes = read_nifti(path)
        assert volume.spacing_mm == pytest.approx((1, 1, 2))
        assert volume.shape == (10, 49, 40)
        assert len(notes) == 1
        assert 'straight grid' in notes[0]
