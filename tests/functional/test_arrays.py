import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmuldor.functional.arrays import (
    check_ids,
    check_images,
    check_rows,
    check_scores,
    check_vector,
    descending_order,
    find_ids,
)

# Few values, so that some are equal; neighbours that differ in one half of
# their bits; both zeros.
scores = st.lists(
    st.one_of(
        st.floats(allow_nan=False),
        st.sampled_from([0.5, np.nextafter(0.5, 1), 1.0, -0.5, 0.0, -0.0]),
    )
)
# A table holds the small ids, a search finds the large ones.
small, large = st.integers(0, 40), st.integers(-(2**62), 2**62)


@given(scores)
def test_descending_order_equals_a_stable_sort(values):
    values = np.array(values, dtype=np.float64)
    order = descending_order(values)
    assert order.dtype == np.int64
    assert order.tolist() == np.argsort(-values, kind='stable').tolist()


def test_descending_order_of_many():
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=100_000), 4)
    values[::3] = rng.normal(size=values[::3].shape)
    expected = np.argsort(-values, kind='stable')
    assert np.array_equal(descending_order(values), expected)


@given(st.lists(small | large, min_size=1, unique=True), st.data())
def test_ids_are_found_where_they_are(known, data):
    ids = data.draw(st.lists(st.sampled_from(known)))
    rows = find_ids(ids, len(ids), np.array(known), 'ids')
    assert [known[row] for row in rows] == ids


@given(st.lists(small | large, unique=True), small | large)
@example([0, 1, 2], 3)
@example([0, 1, 2], -1)
@example([5], 2**62)
# Counted from the end of the table it would be a known one.
@example([0, 1, 2, 3], -3)
def test_unknown_ids_are_named(known, other):
    known = [number for number in known if number != other]
    ids = [*known, other]
    with pytest.raises(ValueError, match=rf'entry {len(known)} is {other}\b'):
        find_ids(ids, len(ids), np.array(known, dtype=np.int64), 'ids')


def test_integers_of_any_width_become_int64():
    for ids in ([3, 1], np.array([3, 1], np.uint8), np.array([3, 1], '>i4')):
        checked = check_ids(ids, 2, 'ids')
        assert checked.dtype == np.int64
        assert checked.tolist() == [3, 1]
    assert check_ids([], 0, 'ids').dtype == np.int64
    assert check_images([]).shape == (0,)
    assert find_ids(np.uint8([1, 3]), 2, np.array([3, 1]), 'ids').tolist() == [
        1,
        0,
    ]


def test_scores_become_float64():
    for scores_ in ([2, 1], np.float32([2, 1]), np.uint8([2, 1])):
        checked = check_scores(scores_, 2, 'scores')
        assert checked.dtype == np.float64
        assert checked.tolist() == [2, 1]


def test_arrays_that_fit_are_not_copied():
    ids, values = np.array([2, 5]), np.array([0.5, 0.25])
    assert check_ids(ids, 2, 'ids') is ids
    assert check_scores(values, 2, 'scores') is values


def test_rows_keep_their_dtype():
    for empty in ([], np.zeros((0, 4), np.uint8)):
        assert check_rows(empty, 4, 'boxes').shape == (0, 4)
    for dtype in (np.uint8, np.int16, np.float32):
        assert check_rows(np.ones((2, 3), dtype), 3, 'rows').dtype == dtype


def test_a_vector_has_a_number_a_box():
    vector = check_vector('scores', [1, 2], 2)
    assert vector.dtype == np.float64
    assert vector.tolist() == [1, 2]


@pytest.mark.parametrize(
    ('call', 'error', 'message'),
    [
        (
            lambda: check_ids([0.5], 1, 'ids'),
            TypeError,
            '`ids` must be integers, but got float64.',
        ),
        (
            lambda: check_ids([1, 2], 3, 'ids'),
            ValueError,
            '`ids` must have the shape (3,), but got (2,).',
        ),
        (
            lambda: check_images([4, 7, 9, 7, 9, 7]),
            ValueError,
            '`images` must name each image once, but id 7 occurs 3 times.',
        ),
        (
            lambda: check_images([[4], [7]]),
            ValueError,
            '`images` must have the shape (2,), but got (2, 1).',
        ),
        (
            lambda: find_ids([4, 6, 5], 3, np.array([4]), 'ids'),
            ValueError,
            '`ids` must be ids in `images`, but entry 1 is 6.',
        ),
        (
            lambda: check_scores([True], 1, 'scores'),
            TypeError,
            '`scores` must be numbers, but got bool.',
        ),
        (
            lambda: check_scores([0, np.inf, np.nan], 3, 'scores'),
            ValueError,
            '`scores` must be finite, but score 1 is inf.',
        ),
        (
            lambda: check_rows([[True] * 3], 3, 'rows'),
            TypeError,
            '`rows` must be numbers, but got bool.',
        ),
        (
            lambda: check_rows([[1, 2]], 3, 'rows'),
            ValueError,
            '`rows` must have the shape (n, 3), but got (1, 2).',
        ),
        (
            lambda: check_rows([1, 2, 3], 3, 'rows'),
            ValueError,
            '`rows` must have the shape (n, 3), but got (3,).',
        ),
        (
            lambda: check_rows(np.zeros((0, 2)), 3, 'rows'),
            ValueError,
            '`rows` must have the shape (n, 3), but got (0, 2).',
        ),
        (
            lambda: check_vector('scores', [1, np.nan], 2),
            ValueError,
            '`scores` must be 2 finite numbers, one a box, but got shape '
            '(2,).',
        ),
        (
            lambda: check_vector('scores', [1], 2),
            ValueError,
            '`scores` must be 2 finite numbers, one a box, but got shape '
            '(1,).',
        ),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
