import pytest

from data_prep.common.split_counts import split_counts


@pytest.mark.parametrize(
    ('images', 'splits', 'expected'),
    [
        (100, (0.7, 0.15, 0.15), (70, 15, 15)),
        (10, (0.7, 0.15, 0.15), (7, 2, 1)),
        (3, (0.7, 0.15, 0.15), (1, 1, 1)),
        (320, (180, 30, 110), (180, 30, 110)),
        (1, (1, 0, 0), (1, 0, 0)),
        (5, (1, 0, 0), (5, 0, 0)),
    ],
)
def test_split_counts(images, splits, expected):
    assert split_counts(images, splits) == expected
