"""`lesions.dcm` as a validator and other programs' readers see it.

`dciodvfy` is in Debian's package dicom3tools; `segimage2itkimage`, the reader
behind 3D Slicer, in the Python package dcmqi.
"""

import os
import random
import shutil
import subprocess
from dataclasses import replace

import highdicom as hd
import nibabel
import numpy as np
import pydicom
import pytest
from pydicom import config

from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import write_series
from tests.scans.dicom.references.deidentified_series import (
    JAPANESE,
    KINDS,
    SOURCES,
    TEXT,
    with_any_text,
    write_source,
)
from tests.scans.dicom.test_segmentation import lesions_of, volume_mask


@pytest.fixture(autouse=True)
def any_value(monkeypatch):
    """Headers may hold what pydicom would not write."""
    for mode in ('reading_validation_mode', 'writing_validation_mode'):
        monkeypatch.setattr(config.settings, mode, config.IGNORE)


@pytest.fixture(params=KINDS)
def segmentation(request, tmp_path):
    """The file of two lesions that overlap, one of three slices."""
    write_source(tmp_path / 'ct', request.param)
    volume, _ = read_scan(tmp_path / 'ct')
    path = tmp_path / 'lesions.dcm'
    notes = write_segmentation(path, lesions_of(volume), volume)
    assert path.is_file(), notes
    # Masks on a slice that was filled in are left out.
    sizes = [int(volume_mask(volume, number).sum()) for number in (1, 2)]
    return path, None if request.param == 'missing slice' else sizes


@pytest.fixture(scope='module')
def validate():
    validator = shutil.which('dciodvfy')
    if validator is None:
        pytest.skip('no dciodvfy: install the package dicom3tools')

    def valid(path):
        done = subprocess.run([validator, str(path)], capture_output=True)
        said = (done.stdout + done.stderr).decode('utf-8', 'replace')
        assert 'Segmentation' in said
        assert 'Error' not in said, said

    return valid


def test_a_validator_finds_no_error(segmentation, validate):
    validate(segmentation[0])


@pytest.mark.parametrize('seed', range(4))
def test_any_text_in_any_element(validate, tmp_path, seed):
    write_series(tmp_path / 'ct')
    volume, _ = read_scan(tmp_path / 'ct')
    lesions = lesions_of(volume)
    rng = random.Random(seed)
    for _ in range(10):
        chosen, headers = with_any_text(volume.dicom_headers, rng)
        path = tmp_path / 'lesions.dcm'
        write_segmentation(
            path, lesions, replace(volume, dicom_headers=headers)
        )
        assert path.is_file(), chosen
        validate(path)


def test_readers_see_the_same_voxels(segmentation):
    path, sizes = segmentation
    data = pydicom.dcmread(path)
    voxels = voxels_of(path)
    assert sizes is None or voxels == sizes
    # Bits without padding between frames.
    bits = np.unpackbits(np.frombuffer(data.PixelData, np.uint8))
    assert bits.sum() == data.pixel_array.sum() == sum(voxels)
    by_segment = [0] * len(voxels)
    for pixels, group in zip(
        data.pixel_array.reshape(-1, data.Rows, data.Columns),
        data.PerFrameFunctionalGroupsSequence,
        strict=True,
    ):
        (segment,) = group.SegmentIdentificationSequence
        by_segment[segment.ReferencedSegmentNumber - 1] += pixels.sum()
    assert by_segment == voxels


def voxels_of(path):
    """Voxels of each segment, as highdicom reads them."""
    seg = hd.seg.segread(path)
    (series,) = seg.ReferencedSeriesSequence
    sources = [
        item.ReferencedSOPInstanceUID
        for item in series.ReferencedInstanceSequence
    ]
    if len(sources) > 1:
        # Tilted slices form no volume.
        pixels = seg.get_pixels_by_source_instance(
            sources, assert_missing_frames_are_empty=True
        )
    else:
        pixels = seg.get_volume(combine_segments=False).array
    return pixels.sum(axis=(0, 1, 2)).tolist()


def test_a_viewer_sees_the_same_voxels_at_the_same_place(
    segmentation, tmp_path, request
):
    if 'tilted' in request.node.name:
        pytest.skip('dcmqi takes all slices to lie straight upon each other')
    reader = shutil.which('segimage2itkimage')
    if reader is None:
        pytest.skip('no segimage2itkimage: install the package dcmqi')
    out = tmp_path / 'read'
    out.mkdir()
    words = ['--inputDICOM', str(segmentation[0]), '-t', 'nii']
    subprocess.run(
        [reader, *words, '--outputDirectory', str(out)],
        check=True,
        capture_output=True,
        env={**os.environ, 'LC_ALL': 'C'},
    )
    volume = hd.seg.segread(segmentation[0]).get_volume(combine_segments=False)
    count = volume.array.shape[-1]
    images = [nibabel.load(p) for p in sorted(out.glob('*.nii*'))]
    assert len(images) == count
    for number, image in enumerate(images):
        found = points(np.asarray(image.dataobj) > 0, image.affine)
        # Indices of slices, rows and columns to LPS, and NIfTI is RAS.
        flip = np.diag([-1.0, -1, 1, 1])
        expected = points(volume.array[..., number] > 0, flip @ volume.affine)
        assert found.shape == expected.shape
        assert np.allclose(found, expected, atol=1e-3)


def points(mask, affine):
    indices = np.argwhere(mask)
    places = indices @ affine[:3, :3].T + affine[:3, 3]
    return np.array(sorted((places.round(2) + 0.0).tolist()))


def test_text_of_a_de_identification_is_blank(tmp_path):
    write_series(tmp_path / 'ct', **TEXT)
    volume, _ = read_scan(tmp_path / 'ct')
    path = tmp_path / 'lesions.dcm'
    left_out, repaired = write_segmentation(path, lesions_of(volume), volume)
    assert left_out == (
        'lesions.dcm leaves out PatientName, PatientID, PatientBirthDate, '
        'PatientSex, AccessionNumber, StudyID, PatientAge, Manufacturer, '
        'which are not valid in DICOM or too long'
    )
    assert repaired == 'lesions.dcm repairs StudyDate, StudyTime'
    data = pydicom.dcmread(path)
    assert (data.StudyDate, data.StudyTime) == ('20200101', '101112')
    for keyword in ('PatientName', 'PatientBirthDate', 'PatientSex'):
        assert data[keyword].value == ''
    assert 'PatientAge' not in data
    # The source images are referred to as before.
    (series,) = data.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == '1.2.3'
    assert len(series.ReferencedInstanceSequence) == 6


def test_a_japanese_name_is_written_as_utf_8(tmp_path):
    write_series(tmp_path / 'ct', **SOURCES['Japanese'])
    volume, _ = read_scan(tmp_path / 'ct')
    path = tmp_path / 'lesions.dcm'
    (note,) = write_segmentation(path, lesions_of(volume), volume)
    assert note.startswith('lesions.dcm leaves out StudyDescription, ')
    data = pydicom.dcmread(path)
    assert data.SpecificCharacterSet == 'ISO_IR 192'
    assert str(data.PatientName) == JAPANESE


def test_rounded_positions_become_even(tmp_path):
    write_source(tmp_path / 'ct', 'rounded positions')
    volume, _ = read_scan(tmp_path / 'ct')
    path = tmp_path / 'lesions.dcm'
    write_segmentation(path, lesions_of(volume), volume)
    seg = hd.seg.segread(path)
    # Of slices 1 to 3: 102.5, 105.1 and 107.6 in the headers.
    assert seg.get_volume(combine_segments=False).array.shape[0] == 3
    places = sorted(
        {
            float(group.PlanePositionSequence[0].ImagePositionPatient[2])
            for group in seg.PerFrameFunctionalGroupsSequence
        }
    )
    assert places == pytest.approx([102.53, 105.06, 107.59], abs=0.05)
    assert np.diff(places) == pytest.approx(2.53, abs=0.01)
    assert np.ptp(np.diff(places)) < 1e-6
