"""Densities."""

from __future__ import annotations

import numpy as np

from data_prep.phantom.anatomy.tissue import Palette, Tissue


def test_densities_are_those_of_ct():
    for seed in range(20):
        palette = Palette(np.random.default_rng(seed))
        assert palette.hu[Tissue.AIR] == -1000
        assert -900 < palette.hu[Tissue.LUNG] < -800
        assert -130 < palette.hu[Tissue.SUBFAT] < -80
        assert 30 < palette.hu[Tissue.LIVER] < 150
        assert palette.hu[Tissue.CORTEX] > 600
