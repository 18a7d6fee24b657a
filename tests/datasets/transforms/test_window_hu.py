import numpy as np
import pytest

from mmuldor.datasets.transforms import WindowHU


def test_windows_become_channels():
    image = np.zeros((2, 2, 3), dtype=np.float32)
    image[..., 1] = 100
    windows = [(-100, 100), (0, 200)]
    grey = WindowHU(windows).transform({'img': image})['img']
    assert grey.shape == (2, 2, 6)
    assert grey.dtype == np.float32
    np.testing.assert_allclose(
        grey[0, 0], [127.5, 255, 127.5, 0, 127.5, 0], atol=1e-3
    )


@pytest.mark.parametrize('windows', [[], [(1, 1)], [(3, 2)], [(1, 2, 3)]])
def test_wrong_windows(windows):
    with pytest.raises(ValueError, match='`windows` must'):
        WindowHU(windows)


def test_a_view_keeps_its_hu():
    scan = np.full((2, 4, 4, 3), 50, np.float32)
    grey = WindowHU([(0, 100)]).transform({'img': scan[0]})['img']
    assert (grey == 127.5).all()
    assert (scan == 50).all()
    own = scan[1].copy()
    grey = WindowHU([(0, 100)]).transform({'img': own})['img']
    assert (grey == 127.5).all()
    assert grey is own
