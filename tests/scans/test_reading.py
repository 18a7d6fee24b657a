"""Which reader a scan gets."""

import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.data import get_testdata_file

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16
from mmuldor.scans.reading import read_scan
from tests.support.dicom_series import expected, write_series, write_slice


def test_a_nifti_file(tmp_path):
    hu = np.arange(-30, 30, dtype=np.int16).reshape(3, 4, 5)
    path = tmp_path / 'scan.nii.gz'
    nibabel.save(nibabel.Nifti1Image(hu, np.eye(4)), path)
    volume, notes = read_scan(path)
    assert (volume.shape, volume.source, notes) == ((5, 4, 3), str(path), [])


def test_a_dicom_folder(tmp_path):
    write_series(tmp_path, (0, 1, 3, 4))
    volume, notes = read_scan(tmp_path)
    assert np.array_equal(volume.hu, expected())
    assert [header is None for header in volume.dicom_headers] == [
        *(False, False, True, False, False),
    ]
    assert notes == ['1 missing slices interpolated']


def test_a_folder_of_slices_needs_a_spacing(tmp_path):
    for number in (1, 2):
        stored = np.full((4, 5), 31768 + number, dtype=np.uint16)
        write_png16(tmp_path / f'{number:03d}.png', stored)
    with pytest.raises(ValueError, match='Give the spacing'):
        read_scan(tmp_path)
    volume, _ = read_scan(tmp_path, spacing_mm=(0.5, 0.6, 2.0))
    # The first file is the highest slice.
    assert volume.hu[:, 0, 0].tolist() == [-998, -999]
    assert volume.spacing_mm == pytest.approx((0.5, 0.6, 2))


@pytest.mark.parametrize('name', ['preview.png', '001.png', '._001.png'])
def test_a_png_beside_a_dicom_series(tmp_path, name):
    write_series(tmp_path)
    stored = np.full((4, 5), 32768, dtype=np.uint16)
    write_png16(tmp_path / name, stored)
    for other in ('preview.jpg', 'DICOMDIR.txt', '.DS_Store', 'viewer.exe'):
        (tmp_path / other).write_bytes(b'MZ' + bytes(200))
    volume, notes = read_scan(tmp_path)
    assert np.array_equal(volume.hu, expected())
    assert notes == ['5 files that are no DICOM images']


def test_png_slices_beside_what_is_no_dicom_image(tmp_path):
    for number in (1, 2):
        stored = np.full((4, 5), 31768 + number, dtype=np.uint16)
        write_png16(tmp_path / f'{number:03d}.png', stored)
    (tmp_path / 'spacing.txt').write_text('0.5 0.6 2.0')
    (tmp_path / '._001.png').write_bytes(bytes(200))
    volume, notes = read_scan(tmp_path, spacing_mm=(0.5, 0.6, 2.0))
    assert volume.hu[:, 0, 0].tolist() == [-998, -999]
    assert notes == ['1 PNG files that are no slices: ._001.png']


def test_a_directory_file_is_no_image(tmp_path):
    """pydicom ships one, with all records and no slice."""
    write_series(tmp_path)
    index = Path(get_testdata_file('DICOMDIR')).read_bytes()
    (tmp_path / 'DICOMDIR').write_bytes(index)
    volume, notes = read_scan(tmp_path)
    assert np.array_equal(volume.hu, expected())
    assert notes == ['1 files that are no DICOM images']


@pytest.mark.parametrize(
    ('case', 'slices', 'left_out'),
    [
        ('nopreamble-all', 12, []),
        ('meta-no-tsyntax', 6, []),
        ('typical-export', 6, [r'no CT image\)$', r'scout views\)$']),
        ('with-broken-other', 6, [r'^1 DICOM files .* be read: SR0001$']),
        ('with-preview-png', 6, [r'^1 files that are no DICOM images$']),
    ],
)
def test_folders_with_one_oddity_each(real_data, case, slices, left_out):
    folder = real_data / 'cases' / 'dicom' / case
    if not folder.is_dir():
        pytest.skip(f'no series with oddities: {folder} is absent')
    volume, notes = read_scan(folder)
    assert volume.shape == (slices, 64, 64)
    assert len(notes) == len(left_out)
    for note, match in zip(notes, left_out, strict=True):
        assert re.search(match, note)


def test_arguments_that_a_scan_does_not_use_are_named(tmp_path):
    write_series(tmp_path / 'ct')
    shape = (4, 5, 3)
    hu = np.arange(-30, 30).reshape(shape).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.eye(4)), tmp_path / 'a.nii')
    spacing = (0.8, 0.8, 2.0)
    for name, own in (('ct', '0.7 x 0.8 x 2.5'), ('a.nii', '1 x 1 x 1')):
        match = f'{name} states its own spacing, {own} mm, so none must be'
        with pytest.raises(ValueError, match=match):
            read_scan(tmp_path / name, spacing_mm=spacing)
    _, notes = read_scan(tmp_path / 'ct', spacing_mm=spacing, one_of_many=True)
    assert notes[-1].startswith('the given spacing is not used: it is for PNG')
    _, notes = read_scan(
        tmp_path / 'a.nii',
        spacing_mm=spacing,
        series_uid='1.2.3',
        one_of_many=True,
    )
    assert notes[-2].startswith('the given spacing is not used')
    assert notes[-1] == 'the given series is not used: the scan is not DICOM'
    _, notes = read_scan(tmp_path / 'ct', series_uid='1.2.3')
    assert not any('not used' in note for note in notes)


def body(slices=4, side=24):
    """HU of air with a body of soft tissue, noisy."""
    rng = np.random.default_rng(0)
    hu = rng.normal(-1000, 8, (slices, side, side))
    hu[:, 6:-6, 4:-4] = rng.normal(40, 12, (slices, side - 12, side - 8))
    return np.rint(hu).clip(-1024).astype(np.int16)


@pytest.mark.parametrize('intercept', [0, 24])
def test_dicom_values_without_their_intercept(tmp_path, intercept):
    hu = body()
    for number, pixels in enumerate(hu):
        write_slice(tmp_path, number, hu=pixels, RescaleIntercept=intercept)
    with pytest.raises(ValueError, match='add -1024 to RescaleIntercept'):
        read_scan(tmp_path)
    volume, (note,) = read_scan(tmp_path, accept_values=True)
    assert np.array_equal(volume.hu, hu + 1024 + intercept)
    assert note.endswith('they are accepted as HU, as requested')


def test_one_slice_without_its_intercept(tmp_path):
    for number, hu in enumerate(body(side=40)):
        intercept = 0 if number == 2 else -1024
        write_slice(
            *(tmp_path, number),
            hu=hu,
            RescaleIntercept=intercept,
            name=f's{number}',
        )
    with pytest.raises(ValueError, match=r'those of .*s2 go from 4 to .*1024'):
        read_scan(tmp_path)


def test_png_slices_without_their_offset(tmp_path):
    for number, hu in enumerate(body(), start=1):
        stored = (hu + 1024).astype(np.uint16)
        write_png16(tmp_path / f'{number:03d}.png', stored)
    with pytest.raises(ValueError, match=r'all below air.*pixels of HU \+ 32'):
        read_scan(tmp_path, spacing_mm=(1, 1, 2))
    _, (note,) = read_scan(tmp_path, spacing_mm=(1, 1, 2), accept_values=True)
    assert note.endswith('below air; they are accepted as HU, as requested')


def test_one_png_slice_without_its_intercept(tmp_path):
    # Number 9 is that of a slice which is filled in.
    for number, hu in zip((7, 8, 10, 11), body(side=40), strict=True):
        offset = 1024 if number == 10 else 0
        write_png16(tmp_path / f'{number}.png', hu_to_stored(hu + offset))
    with pytest.raises(ValueError, match=r'those of 010\.png go from 4 to'):
        read_scan(tmp_path, spacing_mm=(1, 1, 2))


def test_doubtful_values_are_a_note(tmp_path):
    for number, hu in enumerate(np.clip(body(), -160, 240)):
        write_slice(tmp_path, number, hu=hu)
    _, (note,) = read_scan(tmp_path)
    assert note.startswith('its values go from -160 to ')
    assert note.endswith('clipped to a window')


@pytest.mark.parametrize(
    ('case', 'match'),
    [
        ('nifti/hu_plus_1024.nii.gz', r'like HU \+1024'),
        ('nifti/zscore.nii.gz', 'neither air nor soft tissue'),
        ('dicom/intercept-0', r'like HU \+1024'),
        ('nifti/sform_identity_qform_right.nii.gz', 'sform and qform must'),
    ],
)
def test_shared_cases_that_are_refused(real_data, case, match):
    with pytest.raises(ValueError, match=match):
        read_scan(real_data / 'cases' / case)


def write_nifti(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    hu = np.arange(-30, 30, dtype=np.int16).reshape(3, 4, 5)
    nibabel.save(nibabel.Nifti1Image(hu, np.eye(4)), path)
    return hu


def test_a_folder_with_one_nifti_file_is_that_file(tmp_path):
    """As of BIDS; previews and what systems leave do not matter."""
    hu = write_nifti(tmp_path / 'anat' / 'ct.nii.gz')
    (tmp_path / 'anat' / '._ct.nii.gz').write_bytes(b'Mac OS X')
    write_png16(tmp_path / '001.png', np.full((4, 5), 32768, np.uint16))
    volume, notes = read_scan(tmp_path)
    assert volume.hu.shape == hu.shape[::-1]
    assert volume.source == str(tmp_path)
    assert notes == ['read anat/ct.nii.gz']
    write_nifti(tmp_path / 'mask.nii')
    with pytest.raises(
        ValueError, match=r'2 NIfTI files: anat/ct\.nii\.gz, mask\.nii\. Give'
    ):
        read_scan(tmp_path)


def test_png_slices_with_endings_in_capitals(tmp_path):
    for number in (1, 2):
        stored = np.full((4, 5), 31768 + number, dtype=np.uint16)
        write_png16(tmp_path / f'{number:03d}.png', stored)
        (tmp_path / f'{number:03d}.png').rename(tmp_path / f'{number}.PNG')
    volume, notes = read_scan(tmp_path, spacing_mm=(0.5, 0.6, 2.0))
    assert volume.hu[:, 0, 0].tolist() == [-998, -999]
    assert notes == []


@pytest.mark.parametrize(
    ('name', 'advice'),
    [
        ('scan.zip', r'Unpack scan\.zip'),
        ('scan.tar.gz', r'Unpack scan\.tar\.gz'),
        ('scan.nrrd', 'Convert it .*import SimpleITK'),
        ('scan.MHA', 'Convert it .*import SimpleITK'),
        ('a.jpg', r'Pictures like a\.jpg hold no Hounsfield units'),
        ('DICOMDIR', 'Give the folder of the DICOMDIR'),
    ],
)
def test_what_to_do_with_other_formats(tmp_path, name, advice):
    path = tmp_path / 'folder' / name
    path.parent.mkdir()
    path.write_bytes(b'no scan')
    with pytest.raises(ValueError, match=advice):
        read_scan(path)
    with pytest.raises(FileNotFoundError, match=f'must hold DICOM.*{advice}'):
        read_scan(path.parent)


def test_a_dicom_index_is_not_read_as_a_series(tmp_path):
    path = tmp_path / 'DICOMDIR'
    path.write_bytes(Path(get_testdata_file('DICOMDIR')).read_bytes())
    with pytest.raises(ValueError, match='Give the folder of the DICOMDIR'):
        read_scan(path)


def test_what_is_missing(tmp_path):
    write_nifti(tmp_path / 'a.nii')
    (tmp_path / 'link.nii').symlink_to(tmp_path / 'gone.nii')
    for name, advice in (
        ('b.nii', "b.nii'.$"),
        ('a.nii,', 'without a comma'),
        ('link.nii', 'a link to .*gone.nii, which is absent'),
    ):
        with pytest.raises(FileNotFoundError, match=advice):
            read_scan(tmp_path / name)
