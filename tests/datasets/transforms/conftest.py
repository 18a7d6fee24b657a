"""A series of slices that transforms load."""

import numpy as np
import pytest

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16


@pytest.fixture
def series(tmp_path):
    """Slices 3 to 7 of 4x6 px; slice n has n * 100 HU everywhere."""
    for number in range(3, 8):
        pixels = hu_to_stored(np.full((4, 6), number * 100))
        write_png16(tmp_path / f'{number:03d}.png', pixels)
    return {
        'img_path': str(tmp_path / '005.png'),
        'key_slice': 5,
        'slice_range': [3, 7],
        'slice_interval_mm': 2.0,
        'height': 4,
        'width': 6,
    }
