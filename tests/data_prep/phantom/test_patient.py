"""Which slices of a patient are written."""

import numpy as np

from data_prep.phantom.patient import slice_range
from data_prep.phantom.settings import Settings


def test_slices_are_numbered_from_1():
    rng = np.random.default_rng(0)
    settings = Settings(neighbours=15, clipped_range_share=0)
    assert slice_range(rng, 4, settings) == list(range(1, 20))
    assert slice_range(rng, 20, settings) == list(range(5, 36))
