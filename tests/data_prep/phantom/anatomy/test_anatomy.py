"""Regions of the body."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.phantom.anatomy.anatomy import Anatomy, paint
from data_prep.phantom.anatomy.tissue import Tissue


@pytest.mark.parametrize(
    ('height', 'expected'),
    [
        (110, {Tissue.VISFAT, Tissue.SPONGIOSA, Tissue.BOWEL}),
        (290, {Tissue.LIVER, Tissue.KIDNEY, Tissue.AORTA, Tissue.VISFAT}),
        (440, {Tissue.LUNG, Tissue.HEART, Tissue.AORTA, Tissue.CORTEX}),
        (540, {Tissue.LUNG, Tissue.MEDFAT, Tissue.AIRWAY, Tissue.CORTEX}),
    ],
)
def test_every_region_shows_its_organs(canvas, height, expected):
    for seed in range(3):
        anatomy = Anatomy((seed,))
        page = canvas(256, 1.6)
        paint(anatomy.section(height, height, 1.0), page, height)
        shown = set(np.unique(page.label).tolist())
        missing = {tissue.name for tissue in expected if tissue not in shown}
        assert missing == set()
