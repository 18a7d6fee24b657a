"""CT series as scanners and archives leave them."""

import shutil

import numpy as np
import pydicom
import pytest

from mmuldor.scans.dicom.series import read_dicom
from tests.support.counted_reads import counted_reads
from tests.support.dicom_series import (
    COLUMNS,
    INTERVAL,
    ROWS,
    SLICES,
    expected,
    hu_of,
    write_series,
    write_slice,
)
from tests.support.enhanced_ct import frame, item, write_enhanced


def test_slices_are_sorted_by_their_place(tmp_path):
    paths = write_series(tmp_path)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    uids = [pydicom.dcmread(path).SOPInstanceUID for path in paths]
    headers = series.volume.dicom_headers
    assert [header.SOPInstanceUID for header in headers] == uids
    assert not any('PixelData' in header for header in headers)
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


def test_an_export_that_was_made_twice(tmp_path):
    write_series(tmp_path / 'a', range(6))
    shutil.copytree(tmp_path / 'a', tmp_path / 'b')
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected(range(6)))
    assert series.notes == ['6 files with the same slices as others']


def test_two_slices_at_one_place(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 2, name='other', hu=hu_of(4))
    with pytest.raises(ValueError, match='same place with different pixels'):
        read_dicom(tmp_path)


def test_two_phases_in_enhanced_images_of_their_own(tmp_path):
    for phase in (1, 2):
        content = item(TemporalPositionIndex=phase)
        made = [frame(k, FrameContentSequence=content) for k in range(SLICES)]
        # In one slice a pixel differs.
        made[3][0][2, 3] += phase
        write_enhanced(tmp_path / f'{phase}', made)
    match = r'2, frame 4 and .*1, frame 4 .*different pixels.*of 2 phases'
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


def test_two_slices_at_one_place_explain_uneven_ones(tmp_path):
    write_series(tmp_path)
    between = [-20.0, -30.0, 100 + INTERVAL * 1.5]
    write_slice(tmp_path, 8, position=between)
    with pytest.raises(ValueError, match='must be equally far apart'):
        read_dicom(tmp_path)
    write_slice(tmp_path, 2, name='other', hu=hu_of(4))
    with pytest.raises(ValueError, match=r'other and .*IM014 must be differ'):
        read_dicom(tmp_path)


def test_each_file_is_opened_once_for_its_header_and_once_for_pixels(
    tmp_path,
):
    paths = write_series(tmp_path)
    twice = write_slice(tmp_path, 2, name='twice')
    others = write_series(tmp_path / 'b', uid='1.2.4')
    note = tmp_path / 'note.txt'
    note.write_text('no DICOM' * 30)
    with counted_reads() as reads:
        series = read_dicom(tmp_path, '1.2.3')
    assert np.array_equal(series.volume.hu, expected())
    ours = {p: n for p, n in reads.items() if tmp_path in p.parents}
    assert ours == {
        **dict.fromkeys([*paths, twice], 2),
        **dict.fromkeys([*others, note], 1),
    }


def test_missing_slices_are_interpolated(tmp_path):
    write_series(tmp_path, (0, 1, 4))
    write_series(tmp_path, (5, 6))
    series = read_dicom(tmp_path)
    # The ramp is linear, so what is filled in is what was there.
    assert np.array_equal(series.volume.hu, expected(range(7)))
    headers = series.volume.dicom_headers
    assert [header is None for header in headers] == [
        *(False, False, True, True, False, False, False),
    ]
    assert series.notes == ['2 missing slices interpolated']


def test_slices_that_are_not_equally_far_apart(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 9, position=[-20.0, -30.0, 111.1])
    with pytest.raises(ValueError, match=r'equally far apart \(2\.5 mm\)'):
        read_dicom(tmp_path)


def test_uneven_copies_are_decoded_once_a_file(tmp_path):
    for name in 'ab':
        made = [frame(number) for number in (0, 1, 2, 2.5, 4)]
        write_enhanced(tmp_path / name, made)
    with (
        counted_reads() as reads,
        pytest.raises(ValueError, match='equally far apart'),
    ):
        read_dicom(tmp_path)
    # Once for the header.
    assert {reads[tmp_path / name] for name in 'ab'} == {2}


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
    assert series.notes == [
        'slices slanted by 15.0 degrees, as by a gantry tilt, resampled to a '
        'straight grid'
    ]
    # Slices move by 2.5 x sin(15 degrees) / 0.8 = 0.809 rows.
    up = 2.5 * np.sin(angle) / 0.8
    volume = series.volume
    assert volume.shape == (SLICES, ROWS + 4, COLUMNS)
    for number, hu in enumerate(volume.hu):
        assert (hu == -1000).all(axis=1).sum() == 4 - (number > 0)
    # A row grows by 8 HU, so row 2 of slice 1 lies 8 x 0.809 HU higher.
    assert volume.hu[0, :ROWS].tolist() == hu_of(0).tolist()
    assert volume.hu[1, 2, 0] == np.rint(hu_of(1)[2, 0] - 8 * up)
    place = volume.to_patient([[0, 2, 1]])[0]
    assert place == pytest.approx(
        np.array([-20, -30, 102.5]) + (2 - up) * 0.8 * np.array(rows)
    )
    assert volume.spacing_mm == pytest.approx((0.7, 0.8, 2.5 * np.cos(angle)))


@pytest.mark.parametrize('turn_degrees', [0.1, 3])
def test_a_tilted_gantry_and_a_patient_turned_on_the_table(
    tmp_path, turn_degrees
):
    """The rounding of the cosines does not say in which plane slices lie."""
    tilt, turn = np.radians([14, turn_degrees])
    cosines = [
        *(np.cos(turn), np.sin(turn), 0.0),
        *(-np.sin(turn) * np.cos(tilt), np.cos(turn) * np.cos(tilt)),
        np.sin(tilt),
    ]
    write_series(tmp_path, orientation=[f'{value:.6f}' for value in cosines])
    series = read_dicom(tmp_path)
    # Slices move by 2.5 x sin(14 degrees) / 0.8 = 0.76 rows.
    assert series.volume.shape == (SLICES, ROWS + 4, COLUMNS)
    assert series.volume.slice_axis == 2


def test_a_gap_that_is_too_wide(tmp_path):
    write_series(tmp_path, (0, 1, 2, 7, 8))
    match = r'IM014 and IM049 are 12\.5 mm apart, where 4 slices are missing'
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)
    # Two ranges need not lie a whole number of intervals apart.
    for number in (7, 8):
        place = [-20.0, -30.0, 151.1 + INTERVAL * number]
        write_slice(tmp_path, number, position=place)
    with pytest.raises(ValueError, match=r'IM014 and IM049 are 63\.6 mm'):
        read_dicom(tmp_path)


def test_positions_with_one_decimal(tmp_path):
    """0.6, 1.2, 1.9, 2.5 mm and so on are steps of 0.625 mm."""
    for number in range(20):
        place = ['-20.0', '-30.0', f'{0.625 * number:.1f}']
        write_slice(tmp_path, number, position=place)
    volume = read_dicom(tmp_path).volume
    assert volume.spacing_mm == pytest.approx((0.7, 0.8, 0.625), abs=1e-3)
    assert np.array_equal(volume.hu, expected(range(20)))


def test_slices_with_different_rescale(tmp_path):
    write_series(tmp_path, (0, 1, 3, 4))
    # Stored values are HU + 1024: 2 x stored - 2048 = 2 x HU.
    write_slice(tmp_path, 2, RescaleSlope=2, RescaleIntercept=-2048 - 100)
    hu = read_dicom(tmp_path).volume.hu
    assert np.array_equal(hu[[0, 1, 3, 4]], expected((0, 1, 3, 4)))
    assert np.array_equal(hu[2], 2 * hu_of(2) - 100)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='existing folder'):
        read_dicom(tmp_path / 'nowhere')
    (tmp_path / 'notes.txt').write_text('no DICOM')
    with pytest.raises(FileNotFoundError, match=r'none of its 1 files'):
        read_dicom(tmp_path)
    write_slice(tmp_path, 0)
    with pytest.raises(ValueError, match='at least two slices'):
        read_dicom(tmp_path)
