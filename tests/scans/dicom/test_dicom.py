"""CT series as scanners and archives leave them."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from mmuldor.scans.dicom.series import read_dicom
from tests.support.ct_slices import ct_slice

ROWS, COLUMNS, SLICES = 6, 8, 5
SPACING, INTERVAL = (0.8, 0.7), 2.5
AXIAL = [1, 0, 0, 0, 1, 0]


def hu_of(number):
    """A slice whose every pixel differs, on all slices."""
    pixels = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    return (pixels + 50 * number - 1000).astype(np.int16)


def write_slice(
    folder,
    number,
    uid='1.2.3',
    *,
    position=None,
    name=None,
    hu=None,
    orientation=AXIAL,
    **changes,
):
    """A valid CT slice; ``changes`` replace elements, None removes them."""
    if position is None:
        position = [-20.0, -30.0, 100 + INTERVAL * number]
    hu = hu_of(number) if hu is None else hu
    elements = {
        'SeriesInstanceUID': uid,
        'SeriesDescription': 'thorax',
        'ImageType': ['ORIGINAL', 'PRIMARY', 'AXIAL'],
        'PixelSpacing': list(SPACING),
        'SliceThickness': INTERVAL,
        'ImageOrientationPatient': orientation,
        'ImagePositionPatient': position,
        'RescaleType': 'HU',
    }
    data = ct_slice(hu + 1024, **{**elements, **changes})
    path = folder / (name or f'IM{(number * 7) % 100:03d}')
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def write_series(folder, numbers=range(SLICES), **changes):
    return [write_slice(folder, number, **changes) for number in numbers]


def expected(numbers=range(SLICES)):
    return np.array([hu_of(number) for number in numbers])


def test_slices_are_sorted_by_their_place(tmp_path):
    paths = write_series(tmp_path)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.files == paths
    assert series.notes == []
    assert series.uid == '1.2.3'
    # Columns, rows, slices.
    assert series.volume.spacing_mm == pytest.approx((0.7, 0.8, 2.5))
    corner = series.volume.to_patient([[2, 1, 3]])[0]
    assert corner == pytest.approx([-20 + 1.4, -30 + 0.8, 107.5])


def test_head_first_or_feet_first(tmp_path):
    # Turned about the vertical axis: rows and columns run the other way.
    turned = [-1, 0, 0, 0, -1, 0]
    for number in range(SLICES):
        corner = [
            -20 + 0.7 * (COLUMNS - 1),
            -30 + 0.8 * (ROWS - 1),
            100 + INTERVAL * number,
        ]
        write_slice(
            tmp_path,
            number,
            orientation=turned,
            position=corner,
            hu=hu_of(number)[::-1, ::-1],
        )
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.volume.to_patient([[0, 0, 0]])[0] == pytest.approx(
        [-20, -30, 100]
    )


def test_one_of_several_series(tmp_path):
    write_series(tmp_path / 'a')
    write_series(tmp_path / 'b', uid='1.2.4', SeriesDescription='bone')
    with pytest.raises(ValueError, match=r'one of .*1\.2\.3.*1\.2\.4 .*bone'):
        read_dicom(tmp_path)
    assert read_dicom(tmp_path, '1.2.4').uid == '1.2.4'
    with pytest.raises(ValueError, match=r'not 9\.9, but one of the 2 series'):
        read_dicom(tmp_path, '9.9')


def test_what_is_left_out_is_said(tmp_path):
    write_series(tmp_path)
    (tmp_path / 'DICOMDIR.txt').write_text('index')
    kind = ['ORIGINAL', 'PRIMARY', 'LOCALIZER']
    write_slice(tmp_path, 9, name='scout', ImageType=kind)
    write_slice(tmp_path, 2, name='twice')
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == [
        '1 files that are no DICOM images',
        '1 scout views left out',
        'twice, the same slice as IM014',
    ]


def test_two_slices_at_one_place(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 2, name='other', hu=hu_of(4))
    with pytest.raises(ValueError, match='same place with different pixels'):
        read_dicom(tmp_path)


def test_missing_slices_are_interpolated(tmp_path):
    write_series(tmp_path, (0, 1, 4))
    write_series(tmp_path, (5, 6))
    series = read_dicom(tmp_path)
    # The ramp is linear, so what is filled in is what was there.
    assert np.array_equal(series.volume.hu, expected(range(7)))
    assert [path is None for path in series.files] == [
        *(False, False, True, True, False, False, False),
    ]
    assert series.notes == ['2 missing slices interpolated']


def test_slices_that_are_not_equally_far_apart(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 9, position=[-20.0, -30.0, 111.1])
    with pytest.raises(ValueError, match=r'equally far apart \(2\.5 mm\)'):
        read_dicom(tmp_path)


def test_a_tilted_gantry(tmp_path):
    angle = np.radians(15)
    rows = [0.0, np.cos(angle), np.sin(angle)]
    for number in range(SLICES):
        write_slice(
            tmp_path,
            number,
            orientation=[1, 0, 0, *rows],
            position=[-20.0, -30.0, 100 + INTERVAL * number],
        )
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == [
        'gantry tilt of 15.0 degrees: slices stay as they are'
    ]
    place = series.volume.to_patient([[0, 2, 1]])[0]
    assert place == pytest.approx(
        np.array([-20, -30, 102.5]) + 1.6 * np.array(rows)
    )


@pytest.mark.parametrize('syntax', ['rle', 'jpeg', 'jpeg_ls', 'jpeg_2000'])
def test_compressed_pixels(tmp_path, syntax):
    import gdcm

    for path in write_series(tmp_path):
        if syntax == 'rle':
            data = pydicom.dcmread(path)
            data.compress(RLELossless)
            data.save_as(path)
            continue
        kinds = gdcm.TransferSyntax
        wanted = {
            'jpeg': kinds.JPEGLosslessProcess14_1,
            'jpeg_ls': kinds.JPEGLSLossless,
            'jpeg_2000': kinds.JPEG2000Lossless,
        }[syntax]
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(wanted))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        syntax_uid = pydicom.dcmread(path).file_meta.TransferSyntaxUID
        assert syntax_uid.is_compressed
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'Modality': 'MR'}, r'Modality must be CT, but got MR'),
        ({'RescaleSlope': None}, r'must have RescaleSlope, but has none'),
        ({'RescaleType': 'US'}, r'RescaleType must be HU, but got US'),
        ({'ImagePositionPatient': None}, r'must have ImagePositionPatient'),
        ({'PixelSpacing': None}, r'must have PixelSpacing'),
        ({'NumberOfFrames': 4}, r'one slice, but NumberOfFrames is 4'),
        ({'SamplesPerPixel': 3}, r'of a colour picture'),
        ({'RescaleSlope': 400}, r'must hold Hounsfield units, .* to'),
    ],
)
def test_what_is_no_ct_in_hu(tmp_path, changes, match):
    write_series(tmp_path, **changes)
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


def test_slices_of_two_kinds(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 9, PixelSpacing=[1.0, 1.0])
    with pytest.raises(ValueError, match=r'PixelSpacing must be that of the'):
        read_dicom(tmp_path)


def test_cut_off_pixels(tmp_path):
    path = write_series(tmp_path)[2]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r'IM014: the pixels must be read'):
        read_dicom(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='existing folder'):
        read_dicom(tmp_path / 'nowhere')
    (tmp_path / 'notes.txt').write_text('no DICOM')
    with pytest.raises(FileNotFoundError, match=r'none of its 1 files'):
        read_dicom(tmp_path)
    write_slice(tmp_path, 0)
    with pytest.raises(ValueError, match='at least two slices'):
        read_dicom(tmp_path)
