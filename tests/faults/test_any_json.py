"""Any value at any place of a JSON file: read, or refused in one line."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.spoiling import good

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(['', '1', '/', '..', '\0', '\ud800', '__class__']),
)
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=5),
        st.dictionaries(st.text(max_size=8), inside, max_size=4),
    ),
    max_leaves=10,
)


def places(document, way=()):
    """The way to every value inside a document."""
    yield way
    if isinstance(document, (list, dict)):
        keys = document if isinstance(document, dict) else range(len(document))
        for key in keys:
            yield from places(document[key], (*way, key))


def put(document, way, value):
    if not way:
        return value
    inside = document
    for key in way[:-1]:
        inside = inside[key]
    inside[way[-1]] = value
    return document


@pytest.mark.parametrize('kind', good.DOCUMENTS)
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_value_at_any_place(kind, tmp_path, data):
    document = json.loads(json.dumps(good.DOCUMENTS[kind]))
    way = data.draw(st.sampled_from(list(places(document))))
    spoilt = put(document, way, data.draw(VALUES))
    path = tmp_path / 'spoilt.json'
    path.write_text(json.dumps(spoilt))
    try:
        good.read(kind, path)
    except (ValueError, OSError) as error:
        said = str(error)
        # A file of another scan is none of this one's.
        assert path.name in said or 'every volume must have' in said
