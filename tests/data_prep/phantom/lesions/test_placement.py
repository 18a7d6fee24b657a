"""Where a lesion finds room."""

from __future__ import annotations

import numpy as np

from data_prep.phantom.anatomy.tissue import Tissue
from data_prep.phantom.lesions.placement import Placer


def test_a_placer_finds_room_once(canvas):
    page = canvas(128)
    page.label[20:44, 20:44] = Tissue.LIVER
    placer = Placer(page, circle=False)
    rng = np.random.default_rng(0)
    liver = (Tissue.LIVER,)
    place = placer.find(rng, liver, liver, 0.9, 18.0)
    x, y = page.to_px(place)
    assert 25 < x < 39
    assert 25 < y < 39
    placer.occupy(place, 9.0)
    assert placer.find(rng, liver, liver, 0.9, 18.0) is None
    assert placer.find(rng, (Tissue.LUNG,), liver, 0.9, 18.0) is None
