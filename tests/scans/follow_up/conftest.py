"""Results folders of a small pair of scans."""

import pytest

from data_prep.phantom.follow_up.dataset import write_pair
from tests.support.follow_up.small_pairs import small_pair


@pytest.fixture
def pair_folder(tmp_path):
    """``baseline`` and ``follow_up`` with true lesions, and their scans."""
    folder = tmp_path / 'pair'
    write_pair(folder, folder, small_pair(0))
    return folder
