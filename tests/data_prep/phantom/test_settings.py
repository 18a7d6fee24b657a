"""Difficulty as text."""

from __future__ import annotations

import pytest

from data_prep.phantom.settings import (
    Difficulty,
    change_difficulty,
)


def test_knobs_can_be_changed_by_text():
    changed = change_difficulty(
        Difficulty(), ['lesion_texture_hu=60', 'confusers_per_image=2,3']
    )
    assert changed.lesion_texture_hu == 60.0
    assert changed.confusers_per_image == (2, 3)
    assert changed.noise_hu == Difficulty().noise_hu
    with pytest.raises(ValueError, match='two rising numbers'):
        change_difficulty(Difficulty(), ['noise_hu=9,3'])
