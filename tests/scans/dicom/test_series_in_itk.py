"""A series, and labels on its grid, lie where ITK has them."""

import nibabel
import numpy as np
import pytest
import SimpleITK

from mmuldor.scans.nifti import write_label_nifti
from mmuldor.scans.png_series import read_png_series, write_png_series
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import write_series
from tests.support.enhanced_ct import frame, write_enhanced


def points_of(image):
    """Indices (column, row, slice) and LPS points of some voxels."""
    rng = np.random.default_rng(0)
    indices = rng.integers(0, image.GetSize(), (50, 3)).tolist()
    points = [image.TransformIndexToPhysicalPoint(index) for index in indices]
    return indices, np.array(points)


def voxels_at(volume, points):
    """(column, row, slice) of the volume, (n, 3); they must be whole."""
    axes, corner = volume.affine[:3, :3], volume.affine[:3, 3]
    found = (points - corner) @ np.linalg.inv(axes).T
    assert found == pytest.approx(np.rint(found), abs=1e-3)
    return np.rint(found).astype(int)


def labels_in_itk(volume, path):
    """Every voxel its own number; the affines of the file agree."""
    labels = np.arange(volume.hu.size, dtype=np.uint16).reshape(volume.shape)
    write_label_nifti(path, labels, volume)
    header = nibabel.load(path).header
    assert header.get_qform() == pytest.approx(header.get_sform(), abs=1e-4)
    axes = header.get_sform()[:3, :3] / header.get_zooms()
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-5)
    return labels, SimpleITK.ReadImage(str(path))


@pytest.mark.parametrize('axes', ['LPS', 'RPI', 'LAS', 'PIR', 'LIP', 'ARS'])
def test_a_dicom_series(tmp_path, axes):
    write_series(tmp_path / 'ct', axes=axes)
    volume, notes = read_scan(tmp_path / 'ct')
    assert notes == []
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(
        str(tmp_path / 'ct')
    )
    image = SimpleITK.ReadImage(names)
    indices, points = points_of(image)
    columns, rows, slices = voxels_at(volume, points).T
    hu = [image.GetPixel(index) for index in indices]
    assert volume.hu[slices, rows, columns].tolist() == hu
    labels, image = labels_in_itk(volume, tmp_path / 'labels.nii.gz')
    indices, points = points_of(image)
    columns, rows, slices = voxels_at(volume, points).T
    found = [image.GetPixel(index) for index in indices]
    assert labels[slices, rows, columns].tolist() == found


def test_png_slices(tmp_path):
    write_series(tmp_path / 'ct')
    write_png_series(tmp_path / 'png', read_scan(tmp_path / 'ct')[0])
    volume, _ = read_png_series(tmp_path / 'png', (0.7, 0.8, 2.5))
    labels, image = labels_in_itk(volume, tmp_path / 'labels.nii.gz')
    indices, points = points_of(image)
    columns, rows, slices = voxels_at(volume, points).T
    found = [image.GetPixel(index) for index in indices]
    assert labels[slices, rows, columns].tolist() == found
    # DeepLesion's frame: columns to the left, rows to the back, 001 on top.
    assert image.GetDirection() == pytest.approx(np.eye(3).ravel())


def test_an_enhanced_image(tmp_path):
    """It needs sorted frames and one rescale."""
    path = write_enhanced(tmp_path / 'a', [frame(n) for n in range(5)])
    image = SimpleITK.ReadImage(str(path))
    volume, _ = read_scan(tmp_path)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), volume.hu)
    assert image.GetOrigin() == pytest.approx(volume.affine[:3, 3])
    axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    assert axes == pytest.approx(volume.affine[:3, :3])
