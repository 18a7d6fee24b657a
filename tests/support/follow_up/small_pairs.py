"""Pairs of small scans of the phantom, made in a second."""

from functools import cache

from data_prep.phantom.follow_up.pair import make_pair
from data_prep.phantom.follow_up.settings import PairSettings

SMALL = PairSettings(
    size=64,
    source_mm=4.0,
    height_mm=(180.0, 180.0),
    middle_mm=(350.0, 350.0),
    ends_mm=(-5.0, 5.0),
    intervals_mm=(6.0,),
    diameter_mm=(13.0, 20.0),
    least_mm=12.0,
    near_mm=(22.0, 30.0),
    kept=(3, 3),
    vanished=(1, 1),
    new=(1, 1),
    other_phase=0.0,
)


@cache
def small_pair(seed=0):
    """The pair of a seed; not to be changed."""
    return make_pair(seed, SMALL)
