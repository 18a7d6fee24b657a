import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmuldor.functional.arrays import descending_order, find_ids

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
def test_unknown_ids_are_named(known, other):
    known = [number for number in known if number != other]
    ids = [*known, other]
    with pytest.raises(ValueError, match=rf'entry {len(known)} is {other}\b'):
        find_ids(ids, len(ids), np.array(known, dtype=np.int64), 'ids')
