import numpy as np
import pytest

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16
from mmuldor.visualization.ct_image import load_slice, window_rgb


def test_window_maps_low_middle_high_and_does_not_wrap():
    hu = np.array([[-1024, -175, 50], [275, 276, 3071]])
    grey = window_rgb(hu_to_stored(hu), (-175, 275))
    assert grey.dtype == np.uint8
    assert grey.shape == (2, 3, 3)
    expected = [[0, 0, 128], [255, 255, 255]]
    for channel in range(3):
        np.testing.assert_array_equal(grey[..., channel], expected)


@pytest.mark.parametrize(
    ('stored', 'window', 'error', 'words'),
    [
        (np.zeros((2, 2), np.uint8), (0, 1), TypeError, 'uint16'),
        (np.zeros((2, 2, 3), np.uint16), (0, 1), ValueError, r'\(H, W\)'),
        (np.zeros((2, 2), np.uint16), (1, 0), ValueError, 'low to high'),
        (np.zeros((2, 2), np.uint16), (1,), ValueError, 'low, high'),
    ],
)
def test_window_rejects(stored, window, error, words):
    with pytest.raises(error, match=words):
        window_rgb(stored, window)


def test_slice_is_read_in_its_own_window(tmp_path):
    write_png16(tmp_path / 's' / '001.png', hu_to_stored(np.full((4, 6), 50)))
    record = {'file_name': 's/001.png', 'height': 4, 'width': 6}
    assert load_slice(record, tmp_path)[0, 0, 0] == 128
    record['window_hu'] = [0.0, 50.0]
    assert load_slice(record, tmp_path)[0, 0, 0] == 255
    record['height'] = 5
    with pytest.raises(ValueError, match=r'001\.png'):
        load_slice(record, tmp_path)
    record['file_name'] = 's/002.png'
    with pytest.raises(FileNotFoundError, match=r'002\.png'):
        load_slice(record, tmp_path)


def test_real_slice(real_data):
    record = {
        'file_name': '000001_01_01/109.png',
        'height': 512,
        'width': 512,
        'window_hu': [-175.0, 275.0],
    }
    folder = real_data / 'deeplesion_sample' / 'Images_png'
    grey = load_slice(record, folder)[..., 0]
    # Air around the body and in the lungs, bone and contrast, soft tissue.
    assert np.mean(grey == 0) > 0.3
    assert np.mean(grey == 255) > 0.005
    assert np.mean((grey > 80) & (grey < 180)) > 0.1
