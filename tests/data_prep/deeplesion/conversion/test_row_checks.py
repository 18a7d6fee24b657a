from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data_prep.deeplesion.conversion.conversion_report as report_module
from data_prep.common.dl_info import git_hash

BAD = [
    ('Bounding_boxes', '33, 22, 15, 38', 'box_without_area'),
    ('Bounding_boxes', '15, 22, 15, 38', 'box_without_area'),
    ('Bounding_boxes', '25, 22, 40, 38', 'box_misses_recist'),
    ('Bounding_boxes', '15, 22, 80, 38', 'far_outside_image'),
    ('Slice_range', '6, 8', 'key_slice_outside_range'),
    ('Patient_index', '7', 'name_disagrees'),
    ('Key_slice_index', '6', 'name_disagrees'),
    ('DICOM_windows', '40, 40', 'window_without_width'),
    (
        'Measurement_coordinates',
        '20, 30, 28, 30, 24, 30, 24, 30',
        'recist_of_zero_length',
    ),
    (
        'Measurement_coordinates',
        '20, 30, 20, 30, 24, 27, 24, 33',
        'recist_of_zero_length',
    ),
    (
        'Measurement_coordinates',
        '20, 30, 28, 30, 22, 30, 25, 30',
        'recist_on_one_line',
    ),
    ('Image_size', '64, 47', 'image_facts_disagree'),
    ('Spacing_mm_px_', '0.7, 0.8, 5', 'image_facts_disagree'),
    ('Train_Val_Test', '3', 'image_facts_disagree'),
    ('Train_Val_Test', 'x', 'malformed'),
    ('Spacing_mm_px_', '0.8, 0, 5', 'malformed'),
    ('Measurement_coordinates', '20, 30, 28, 30', 'malformed'),
    ('File_name', '000001/005.png', 'malformed'),
]


@pytest.mark.parametrize(('column', 'value', 'reason'), BAD)
def test_a_bad_row_stops_or_is_dropped(
    column, value, reason, full_place, rows, make_row
):
    row = make_row(1, x=21, **{column: value})
    full_place.write_csv([*rows, row])
    full_place.fails(
        ValueError,
        rf'1 of 5 rows are bad: DL_info\.csv row 5 on line 6 .*, column '
        rf'{column}: must .*, but got .*`--bad-rows drop`',
    )
    report = full_place.convert('--bad-rows', 'drop')
    entry = full_place.only(report, 'dropped')
    assert (entry['row'], entry['line']) == (5, 6)
    assert (entry['column'], entry['value']) == (column, value)
    assert entry['reason'] == reason
    assert sum(report['counts']['kept'].values()) == 4


def test_a_cut_file_is_a_bad_row(full_place):
    data = full_place.csv.read_bytes()
    full_place.csv.write_bytes(data[:-40])
    full_place.fails(ValueError, 'row 4 on line 5 .*must be 18 fields')


def test_many_bad_rows_are_counted_and_three_shown(place, make_row):
    place.write_csv([make_row(n, split=9) for n in range(1, 8)])
    with pytest.raises(ValueError, match='7 of 7 rows are bad') as caught:
        place.keep()
    assert str(caught.value).count('column Train_Val_Test') == 3
    assert 'and 4 more' in str(caught.value)


def test_dropped_rows_are_told_of(place, capsys, rows, make_row):
    zero = '20, 30, 28, 30, 24, 30, 24, 30'
    place.write_csv([*rows, make_row(4, Measurement_coordinates=zero)])
    place.keep('--bad-rows', 'drop')
    assert (
        'warning: dropped: DL_info.csv row 5 on line 6 '
        '(000004_01_01_005.png), column Measurement_coordinates: must be two '
        f'diameters of more than zero length, but got {zero!r}'
    ) in capsys.readouterr().err


def test_the_release_itself_always_goes_through(
    place, monkeypatch, rows, make_row
):
    """Its users cannot repair it; the odd row is dropped and listed."""
    place.write_csv([*rows, make_row(4, Slice_range='6, 8')])
    with pytest.raises(ValueError, match='1 of 5 rows are bad'):
        place.keep()
    digest = git_hash(place.csv.read_bytes())
    monkeypatch.setattr(report_module, 'OFFICIAL_GIT_HASH', digest)
    found = place.keep()
    assert found['source']['official'] is True
    assert place.only(found, 'dropped')['reason'] == 'key_slice_outside_range'


def test_a_row_that_occurs_twice_is_dropped_once(place, rows):
    place.write_csv([*rows, rows[0]])
    entry = place.only(place.keep(), 'dropped')
    assert (entry['row'], entry['reason']) == (5, 'duplicate_row')
    assert entry['detail'] == 'must not repeat row 1'


REPAIRED = [
    ('Spacing_mm_px_', '0.8, 0.8, -5', 'slice_interval_negative'),
    ('Slice_range', '8, 3', 'slice_range_reversed'),
    ('DICOM_windows', '275, -175', 'window_reversed'),
    ('DICOM_windows', '-160, 240', 'image_facts_disagree'),
    ('Slice_range', '4, 9', 'image_facts_disagree'),
    ('Spacing_mm_px_', '0.8, 0.8, 1', 'image_facts_disagree'),
]


@pytest.mark.parametrize(('column', 'value', 'reason'), REPAIRED)
def test_obvious_readings_are_taken_and_listed(
    column, value, reason, place, rows, make_row
):
    place.keep()
    good = place.load('train')['images']
    place.write_csv([*rows, make_row(1, x=21, **{column: value})])
    report = place.keep()
    entry = place.only(report, 'repaired')
    assert (entry['reason'], entry['value']) == (reason, value)
    assert report['notes'] == []
    assert place.load('train')['images'] == good
    assert report['counts']['kept']['train'] == 3


NOTED = [
    (
        {'Measurement_coordinates': '24, 27, 24, 33, 20, 30, 28, 30'},
        {'first_diameter_is_shorter', 'diameters_disagree'},
    ),
    (
        {
            'Measurement_coordinates': '20, 30, 28, 30, 24, 29.8, 24, 30.2',
            'Bounding_boxes': '15, 24.8, 33, 35.2',
            'Lesion_diameters_Pixel_': '8, 0.4',
        },
        {'short_axis_under_1_px'},
    ),
    # Right edge of the box at 33 - 1 = 32, last pixel at 29: 3 px.
    ({'Image_size': '30, 48'}, {'box_leaves_image'}),
    ({'Bounding_boxes': '16, 22, 33, 38'}, {'box_is_not_recist_plus_5_px'}),
    ({'Lesion_diameters_Pixel_': '8, 7'}, {'diameters_disagree'}),
    ({'Slice_range': '5, 8'}, {'key_slice_at_end_of_range'}),
    ({'Spacing_mm_px_': '8, 8, 5'}, {'spacing_unusual'}),
    ({'Patient_age': ''}, {'age_missing'}),
    ({'Patient_gender': ''}, {'gender_missing'}),
]


@pytest.mark.parametrize(('fields', 'reasons'), NOTED)
def test_oddities_are_kept_and_noted(fields, reasons, place, rows, make_row):
    place.write_csv([*rows, make_row(4, **fields)])
    report = place.keep()
    assert report['counts']['notes'] == dict.fromkeys(reasons, 1)
    assert {entry['row'] for entry in report['notes']} == {5}
    assert report['counts']['kept']['train'] == 3


def test_what_only_the_whole_file_shows(place, rows, make_row, capsys):
    place.write_csv(
        [
            *rows,
            make_row(1, key_slice=6, split=3, Spacing_mm_px_='0.8, 0.8, 1'),
            make_row(2, split=2, Possibly_noisy=1),
        ]
    )
    report = place.keep()
    assert report['counts']['notes'] == {
        'recist_repeated': 1,
        'patient_in_several_splits': 1,
        'several_slice_intervals': 1,
    }
    assert report['counts']['kept'] == {'train': 2, 'val': 2, 'test': 2}
    error = capsys.readouterr().err
    assert 'patient 1 leaks from one split to another' in error


@given(data=st.data())
@settings(max_examples=25)
def test_every_row_is_kept_or_dropped(
    tmp_path_factory, data, make_row, make_workplace
):
    """Whatever is damaged, the counts add up and what is written loads."""
    rows = [make_row(n, x=20 + n, split=n % 3 + 1) for n in range(1, 7)]
    words = st.sampled_from(
        ['', 'x', '0', '-1', '7', '1, 2', '20, 20', '1, 1, 1, 1', 'nan', '1e9']
    )
    for _ in range(data.draw(st.integers(0, 4))):
        row = rows[data.draw(st.integers(0, 4))]
        row[data.draw(st.integers(0, 17))] = data.draw(words)
    workplace = make_workplace(tmp_path_factory.mktemp('rows'))
    workplace.write_csv(rows)
    report = workplace.keep('--bad-rows', 'drop')
    kept = sum(report['counts']['kept'].values())
    assert kept + len(report['dropped']) == 6
    assert kept == sum(
        len(workplace.load(split)['annotations'])
        for split in ('train', 'val', 'test')
    )
    assert len({entry['row'] for entry in report['dropped']}) + kept == 6
