"""The benchmark of masks by GrabCut."""

import numpy as np
import pytest

from benchmarks.grabcut.measure import (
    GRABCUT,
    PAPER,
    Sample,
    measure,
    real_samples,
)
from benchmarks.grabcut.page import page
from benchmarks.grabcut.run import PAGE, RESULT
from mmuldor.io.json_files import read_json


def disc(radius):
    rows, columns = np.indices((60, 60))
    return (columns - 30) ** 2 + (rows - 30) ** 2 <= radius**2


def sample(patient, radius, contrast=100.0):
    """A disc of 10 px; diameters of twice `radius`."""
    hu = np.random.default_rng(0).normal(0, 10, (60, 60))
    hu += contrast * disc(10)
    ends = [
        [30 - radius, 30],
        [30 + radius, 30],
        [30, 30 - radius],
        [30, 30 + radius],
    ]
    return Sample(patient, hu, np.array(ends, dtype=float), disc(10))


def test_masks_that_fit_and_masks_that_do_not():
    found = measure([sample('a', 10), sample('b', 8)])
    assert (found['lesions'], found['patients']) == (2, 2)
    assert found['fallbacks'] == 0
    paper, cut = found['masks'][PAPER], found['masks'][GRABCUT]
    assert paper['area_ratio']['value'] == 1
    # Discs of 10 and of 8 px; GrabCut finds 10 px both times.
    assert paper['dice']['value'] == pytest.approx(
        (1 + 2 * 64 / 164) / 2, abs=0.02
    )
    assert cut['dice']['value'] > 0.98
    assert cut['dice_minus_paper']['value'] == pytest.approx(
        cut['dice']['value'] - paper['dice']['value']
    )
    assert cut['area_ratio']['value'] == pytest.approx(
        (1 + 100 / 64) / 2, rel=0.05
    )
    # 20 px instead of 20 and 16, and half a pixel of measuring.
    assert cut['long_px']['value'] == pytest.approx(2.5, abs=0.6)


def test_a_fallback_is_the_papers_mask():
    found = measure([sample('a', 10, contrast=0.0), sample('b', 0.6)])
    assert found['fallbacks'] >= 1
    figures = found['masks'][GRABCUT]['area_ratio']['value']
    assert 0.5 <= figures <= 2


def test_the_page_is_that_of_the_figures():
    assert PAGE.read_text() == page(read_json(RESULT))


def test_real_lesions(real_data):
    samples = list(real_samples(real_data))
    stored = read_json(RESULT)['real']
    assert stored['lesions'] == len(samples) == 43
    assert stored['patients'] == len({s.patient for s in samples}) == 14
    some = [s for s in samples if s.patient == samples[0].patient]
    assert measure(some)['fallbacks'] == 0
