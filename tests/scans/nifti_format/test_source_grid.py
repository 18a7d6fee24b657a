"""Label maps lie on the grid of their NIfTI file, in every reader."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from mmuldor.scans.nifti import (
    read_label_nifti,
    read_nifti,
    write_label_nifti,
)
from mmuldor.scans.straight_grid import straighten
from mmuldor.scans.volume import Volume
from tests.scans.nifti_format.nifti_files import oblique, save_ct
from tests.scans.test_nifti import ORIENTATIONS

GEOMETRY = ('pixdim', 'sform_code', 'qform_code', 'srow_x', 'srow_y',
            'srow_z', 'quatern_b', 'quatern_c', 'quatern_d', 'qoffset_x',
            'qoffset_y', 'qoffset_z', 'xyzt_units')  # fmt: skip


def labelled(tmp_path, path):
    """A label map of the voxels above -200 HU, numbered; and the volume."""
    volume, _ = read_nifti(path)
    body = volume.hu > -200
    assert body.any()
    labels = np.zeros(volume.shape, np.uint16)
    labels[body] = np.arange(1, np.count_nonzero(body) + 1)
    write_label_nifti(tmp_path / 'labels.nii.gz', labels, volume)
    return nibabel.load(tmp_path / 'labels.nii.gz'), labels, volume


def same_geometry(labels, source):
    assert labels.shape == source.shape
    for key in GEOMETRY:
        assert np.array_equal(labels.header[key], source.header[key]), key


def check(tmp_path, path):
    """Labels lie on the input's voxels, and where our volume says."""
    written, labels, volume = labelled(tmp_path, path)
    source = nibabel.load(path)
    same_geometry(written, source)
    found, hu = np.asarray(written.dataobj), np.asarray(source.dataobj)
    assert found.dtype == np.uint16
    assert np.array_equal(found > 0, hu > -200)
    # The place of each labelled voxel, LPS, by each of three.
    scale = {1: 1000, 3: 0.001}.get(int(source.header['xyzt_units']), 1)
    of_nibabel = nibabel.affines.apply_affine(
        written.affine, np.argwhere(found)
    )[:, :3] * [-scale, -scale, scale]
    ours = {
        int(labels[tuple(index)]): place
        for index, place in zip(
            np.argwhere(labels),
            volume.to_patient(np.argwhere(labels)[:, ::-1]),
            strict=True,
        )
    }
    for number, place in zip(found[found > 0], of_nibabel, strict=True):
        assert ours[int(number)] == pytest.approx(place, abs=1e-3)
    picture = sitk.ReadImage(str(tmp_path / 'labels.nii.gz'))
    array = sitk.GetArrayFromImage(picture)
    assert np.array_equal(array.T, found)
    for index in np.argwhere(array)[::7]:
        place = picture.TransformIndexToPhysicalPoint(index[::-1].tolist())
        # ITK converts the unit itself.
        assert ours[int(array[tuple(index)])] == pytest.approx(place, abs=0.01)
    # What wrote it reads it again.
    assert np.array_equal(
        read_label_nifti(tmp_path / 'labels.nii.gz', volume), labels
    )


def turned(affine, codes, shape):
    """The affine of the same grid stored along other axes."""
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(affine),
        nibabel.orientations.axcodes2ornt(codes),
    )
    return affine @ nibabel.orientations.inv_ornt_aff(turn, shape)


@pytest.mark.parametrize('codes', ORIENTATIONS[::5], ids=''.join)
def test_any_orientation(tmp_path, codes):
    affine = np.diag([0.8, 0.7, 2.5, 1.0])
    affine[:3, 3] = [-10, 20, -300]
    check(tmp_path, save_ct(tmp_path, turned(affine, codes, (16, 14, 12))))


@pytest.mark.parametrize('codes', ['LAS', 'RAS', 'LPI', 'PSR'])
@pytest.mark.parametrize('degrees', [5, -30, 88])
def test_oblique_with_both_forms(tmp_path, codes, degrees):
    affine = turned(oblique(degrees), tuple(codes), (16, 14, 12))
    path = save_ct(tmp_path, affine, qform=affine)
    check(tmp_path, path)


@pytest.mark.parametrize('unit', ['micron', 'meter'])
def test_another_unit(tmp_path, unit):
    scale = {'micron': 1000, 'meter': 0.001}[unit]
    affine = np.diag([scale, scale, scale, 1]) @ oblique(20)
    check(tmp_path, save_ct(tmp_path, affine, unit=unit))


def test_only_a_qform(tmp_path):
    affine = oblique(10)
    path = save_ct(tmp_path, np.eye(4), qform=affine, codes=(0, 1))
    check(tmp_path, path)


def test_axes_of_length_1_and_nifti_2(tmp_path):
    path = save_ct(
        tmp_path, oblique(10), shape=(16, 14, 12, 1), kind=nibabel.Nifti2Image
    )
    written, labels, volume = labelled(tmp_path, path)
    assert isinstance(written, nibabel.Nifti2Image)
    same_geometry(written, nibabel.load(path))
    again = read_label_nifti(tmp_path / 'labels.nii.gz', volume)
    assert np.array_equal(again, labels)


def sheared(tmp_path):
    """Of 10 slices each 1 mm further back than the one below, 2 mm apart."""
    affine = np.diag([-1.0, -1, 2, 1])
    affine[1, 2] = -1
    return save_ct(tmp_path, affine, shape=(40, 40, 10))


def test_a_sheared_file_gets_its_labels_on_its_own_voxels(tmp_path):
    path = sheared(tmp_path)
    written, labels, volume = labelled(tmp_path, path)
    source = nibabel.load(path)
    same_geometry(written, source)
    # The straight grid starts at the first slice; slice k was moved by k px.
    assert labels.shape == (10, 49, 40)
    assert labels[4, 10 + 4, 20] == np.asarray(written.dataobj)[20, 10, 4] > 0
    assert np.array_equal(
        np.asarray(written.dataobj) > 0, np.asarray(source.dataobj) > -200
    )
    again = read_label_nifti(tmp_path / 'labels.nii.gz', volume)
    assert np.array_equal(again, labels)


def test_a_mask_is_moved_in_the_planes_of_its_scan(tmp_path):
    """Its own affine may suggest other slices than the headers of the scan."""
    affine = np.diag([1.0, 1, 2, 1])
    affine[1, 2] = 1
    hu = np.zeros((10, 40, 30), np.int16)
    scan, _ = straighten(Volume(hu, affine, slice_axis=1))
    # Row k was moved by k / 5 steps of (0, 1, 2) mm.
    assert scan.shape == (10 + 8, 40, 30)
    mask = np.zeros(hu.shape, np.uint8)
    mask[5, 20, 7] = 1
    image = nibabel.Nifti1Image(mask.T, np.diag([-1, -1, 1, 1]) @ affine)
    nibabel.save(image, tmp_path / 'mask.nii')
    labels = read_label_nifti(tmp_path / 'mask.nii', scan)
    (place,) = np.argwhere(labels)
    # To the nearest of these steps.
    away = scan.to_patient(place[::-1])[0] - affine[:3] @ [7, 20, 5, 1]
    assert np.abs(away).max() <= 1


def test_labels_in_the_air_beside_a_sheared_file_are_counted(tmp_path):
    volume, _ = read_nifti(sheared(tmp_path))
    path, labels = tmp_path / 'labels.nii', np.ones(volume.shape, np.uint8)
    # Slices of 49 rows and 40 columns; the file has 40 rows.
    assert write_label_nifti(path, labels, volume) == [
        f'labels.nii leaves out {10 * 9 * 40} pixels of masks in the air that '
        'was added'
    ]
    labels[:] = 0
    labels[4, 4:44] = 1
    assert write_label_nifti(path, labels, volume) == []
    assert np.asarray(nibabel.load(path).dataobj).sum() == 40 * 40


def test_a_shear_below_a_voxel(tmp_path):
    """Half a pixel over the whole volume: nothing is resampled."""
    affine = np.diag([-1.0, -1, 2, 1])
    affine[1, 2] = -0.04
    check_path = save_ct(tmp_path, affine, shape=(40, 40, 10))
    written, labels, _ = labelled(tmp_path, check_path)
    assert np.array_equal(np.asarray(written.dataobj), labels.T)


def test_labels_of_a_part_of_the_volume(tmp_path):
    """As of a volume that was cropped: what is outside has no label."""
    path = save_ct(tmp_path, np.diag([-0.8, -0.7, 2.5, 1.0]))
    volume, _ = read_nifti(path)
    part = replace(
        volume, hu=volume.hu[2:9, 3:, :7], affine=volume.affine.copy()
    )
    part.affine[:3, 3] = volume.to_patient([[0, 3, 2]])[0]
    labels = np.ones(part.shape, np.uint8)
    write_label_nifti(tmp_path / 'l.nii.gz', labels, part)
    found = np.asarray(nibabel.load(tmp_path / 'l.nii.gz').dataobj)
    assert found.shape == (16, 14, 12)
    assert np.argwhere(found).min(axis=0).tolist() == [0, 3, 2]
    assert found.sum() == labels.size == 7 * 11 * 7


@pytest.mark.parametrize(
    'name', ['plain_ras.nii.gz', 'micron.nii.gz', 'UPPER.NII.GZ']
)
def test_shared_cases(real_data, tmp_path, name):
    path = tmp_path / name.lower()
    path.write_bytes((real_data / 'cases/nifti' / name).read_bytes())
    check(tmp_path, path)
