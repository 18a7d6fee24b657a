"""An empty slice to paint on."""

import pytest

from data_prep.phantom.anatomy.canvas import Canvas


@pytest.fixture(scope='session')
def canvas():
    """Makes a square canvas; 0 mm lies in its middle."""

    def make(size=101, spacing=1.0):
        return Canvas(size, spacing, ((size - 1) / 2, (size - 1) / 2))

    return make
