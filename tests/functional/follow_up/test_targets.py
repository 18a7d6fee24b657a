"""Which lesions are targets by RECIST 1.1."""

import pytest

from mmuldor.functional.follow_up.targets import Diameters, choose_targets


def choose(*lesions, slice_mm=1.0):
    return choose_targets([Diameters(*lesion) for lesion in lesions], slice_mm)


def test_the_largest_five_first():
    sizes = [12, 30, 11, 25, 40, 10, 9.9, 18]
    assert choose(*((size, 5) for size in sizes)) == [4, 1, 3, 7, 0]


def test_two_an_organ():
    lesions = [(50, 9, 'liver'), (40, 9, 'liver'), (30, 9, 'liver')]
    lesions += [(20, 9, 'lung'), (15, 9)]
    assert choose(*lesions) == [0, 1, 3, 4]


def test_equal_sizes_keep_their_order():
    assert choose((20, 9), (20, 9)) == [0, 1]


@pytest.mark.parametrize(
    ('lesion', 'slice_mm', 'chosen'),
    [
        ((10.0, 5), 5.0, True),
        ((9.99, 9), 1.0, False),
        ((11.0, 5), 6.0, False),  # two slices are 12 mm
        ((12.0, 5), 6.0, True),
        ((30.0, 14.9, 'lymph node'), 1.0, False),
        ((16.0, 15.0, 'lymph node'), 1.0, True),
        ((16.0, 15.0, 'Lymphatic'), 1.0, True),
        ((40.0, 30.0, 'bone'), 1.0, False),
        ((None, None), 1.0, False),
    ],
)
def test_measurable(lesion, slice_mm, chosen):
    assert choose(lesion, slice_mm=slice_mm) == ([0] if chosen else [])


def test_a_node_counts_by_its_short_axis():
    assert Diameters(30, 16, 'node').along('short') == 16
    assert Diameters(30, 16, 'node').axis == 'short'
    assert choose((20, 5), (40, 16, 'node')) == [0, 1]
