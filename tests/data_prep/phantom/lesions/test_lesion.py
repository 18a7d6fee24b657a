"""The shape, density and size of a lesion."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.phantom.lesions.lesion import PhantomLesion, draw_size
from data_prep.phantom.settings import (
    Difficulty,
)

PLAIN = Difficulty(irregularity=(0, 0), spiculation=(0, 0))


def test_a_lesion_without_bumps_is_an_ellipsoid(canvas):
    rng = np.random.default_rng(0)
    page = canvas(161, 0.5)
    lesion = PhantomLesion(rng, (0, 0, 0), (30, 20), 50, False, 0.5, PLAIN)
    lesion.semi = np.array([15.0, 10.0, 12.0])
    assert lesion.mask(page, 0).sum() == pytest.approx(np.pi * 600, rel=0.01)
    # Half way up its axis an ellipse is sqrt(3) / 2 as long and as wide.
    share = lesion.mask(page, 6.0).sum() / lesion.mask(page, 0).sum()
    assert share == pytest.approx(0.75, abs=0.02)
    assert not lesion.mask(page, 12.5).any()
    volume = 4 / 3 * np.pi * 15 * 10 * 12
    assert lesion.volume_mm3() == pytest.approx(volume, rel=0.03)


def test_a_lesion_is_brighter_than_fat_and_has_texture(canvas):
    rng = np.random.default_rng(0)
    page = canvas(161, 0.5)
    lesion = PhantomLesion(
        rng, (3, -4, 0), (30, 24), 60, False, 0.5, Difficulty()
    )
    hu = np.full((161, 161), -100, np.float32)
    lesion.render(hu, page, 0)
    mask = lesion.mask(page, 0)
    assert 20 < hu[mask].mean() < 100
    assert hu[mask].std() > 20
    at = (np.arange(161) - 80) * 0.5
    outside = lesion.distance(at[None], at[:, None], 0)
    assert np.array_equal(hu[outside > 2], np.full((outside > 2).sum(), -100))


def test_lesion_sizes_follow_deeplesion_above_the_cut():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_size(rng, Difficulty(), 70) for _ in range(4000)])
    assert drawn[:, 0].min() >= 11.0
    assert drawn[:, 0].max() <= 70.0
    # The median of the real ones between 11 and 70 mm.
    assert np.median(drawn[:, 0]) == pytest.approx(21.8, abs=1.5)
    assert (drawn[:, 1] <= drawn[:, 0]).all()
