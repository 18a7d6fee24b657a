"""Noise and field of view."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.phantom.scanner import Scanner
from data_prep.phantom.settings import (
    Difficulty,
)


def test_the_scanner_is_quiet_in_air_and_dark_outside_the_circle():
    rng = np.random.default_rng(0)
    scanner = Scanner(rng, 256, 1.5, True, 12.0, Difficulty())
    hu = np.full((256, 256), 50, np.float32)
    first, again = scanner.acquire(hu, 7), scanner.acquire(hu, 7)
    np.testing.assert_array_equal(first, again)
    assert (first != scanner.acquire(hu, 8)).any()
    assert first[0, 0] == -1024
    assert first[118:138, 118:138].std() == pytest.approx(12.6, rel=0.25)
    assert first[10:20, 120:136].std() < 10
