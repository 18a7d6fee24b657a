from mmuldor.functional.slices import (
    consecutive_runs,
    ranges_text,
    slice_name,
    slice_positions,
    stored_numbers,
    toward_key,
)


def test_positions_stay_in_the_range():
    assert slice_positions(5, (3, 7), 3) == [4, 5, 6]
    assert slice_positions(5, (3, 7), 7) == [3, 3, 4, 5, 6, 7, 7]
    assert slice_positions(5, (3, 7), 3, 0.5) == [4.5, 5, 5.5]


def test_interpolation_needs_both_sides():
    assert stored_numbers([4.5, 5, 5.5]) == {4, 5, 6}


def test_the_way_to_the_key_ends_at_what_exists():
    assert toward_key(3, 5, {3, 4}.__contains__) == [3]
    assert toward_key(3, 5, {4}.__contains__) == [3, 4]
    assert toward_key(7, 5, set().__contains__) == [7, 6, 5]


def test_names_have_three_digits_or_more():
    assert slice_name('000001_01_01/109.png', 109, 8) == '000001_01_01/008.png'
    assert slice_name('a/1009.png', 1009, 1010) == 'a/1010.png'
    assert slice_name('a/key.png', 4, 4) == 'a/key.png'


def test_runs_end_where_a_number_is_missing():
    assert consecutive_runs([3, 4, 5, 7, 9, 10]) == [[3, 4, 5], [7], [9, 10]]
    assert consecutive_runs([]) == []
    assert ranges_text([3, 4, 5, 7, 9, 10]) == '3-5, 7, 9-10'
    assert ranges_text([3, 10, 11], digits=2) == '03, 10-11'
    assert ranges_text([]) == ''
