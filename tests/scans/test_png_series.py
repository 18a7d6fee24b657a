import numpy as np
import pytest

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16
from mmuldor.scans.png_series import read_png_series

SPACING = (0.7, 0.8, 2.5)


def hu_of(number, shape=(4, 5)):
    pixels = np.arange(np.prod(shape)).reshape(shape)
    return (pixels + 30.0 * number - 1000).astype(np.float32)


def write(folder, numbers, **changes):
    for number in numbers:
        stored = hu_to_stored(hu_of(number, **changes))
        write_png16(folder / f'{number:03d}.png', stored)


def test_numbers_count_from_the_head(tmp_path):
    write(tmp_path, range(8, 13))
    volume, notes = read_png_series(tmp_path, SPACING)
    assert notes == []
    # The lowest slice comes first: the one with the largest number.
    expected = np.array([hu_of(number) for number in range(12, 7, -1)])
    assert np.array_equal(volume.hu, expected)
    assert volume.spacing_mm == pytest.approx(SPACING)
    assert volume.to_patient([[0, 0, 4], [2, 1, 0]]) == pytest.approx(
        np.array([[0, 0, 0], [1.4, 0.8, -10]])
    )


def test_missing_slices_are_interpolated(tmp_path):
    write(tmp_path, (1, 2, 5))
    volume, notes = read_png_series(tmp_path, SPACING)
    expected = np.array([hu_of(number) for number in range(5, 0, -1)])
    assert np.array_equal(volume.hu, expected)
    assert notes == ['2 missing slices interpolated']


def test_a_gap_that_is_too_wide(tmp_path):
    write(tmp_path, (1, 2, 7))
    match = r'002\.png and 007\.png are 12\.5 mm apart, where 4 slices are'
    with pytest.raises(ValueError, match=match):
        read_png_series(tmp_path, SPACING)
    # Three slices of 6 mm.
    (tmp_path / '007.png').rename(tmp_path / '006.png')
    with pytest.raises(ValueError, match=r'002\.png and 006\.png are 24 mm'):
        read_png_series(tmp_path, (0.7, 0.8, 6))


def test_wrong_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match='has none'):
        read_png_series(tmp_path / 'nowhere', SPACING)
    with pytest.raises(FileNotFoundError, match='has none'):
        read_png_series(tmp_path, SPACING)
    write(tmp_path, (1, 2))
    (tmp_path / 'scan.png').write_bytes((tmp_path / '001.png').read_bytes())
    with pytest.raises(ValueError, match=r'scan\.png must be named by'):
        read_png_series(tmp_path, SPACING)


def test_what_systems_leave_beside_slices(tmp_path):
    """macOS writes ._001.png, viewers write thumbnails."""
    write(tmp_path, (1, 2))
    names = ['._001.png', '._002.png', 'Preview.png', '001_thumb.png']
    for name in names:
        (tmp_path / name).write_bytes(b'\0\5\x16\7')
    volume, notes = read_png_series(tmp_path, SPACING)
    assert np.array_equal(volume.hu, [hu_of(2), hu_of(1)])
    assert notes == [
        '4 PNG files that are no slices: ._001.png, ._002.png, '
        '001_thumb.png, Preview.png'
    ]


def test_a_number_twice(tmp_path):
    write(tmp_path, (1, 2))
    (tmp_path / '1.png').write_bytes((tmp_path / '001.png').read_bytes())
    with pytest.raises(ValueError, match='must come once'):
        read_png_series(tmp_path, SPACING)


def test_slices_of_two_sizes(tmp_path):
    write(tmp_path, (1, 2))
    write(tmp_path, (3,), shape=(5, 5))
    with pytest.raises(ValueError, match=r'003\.png'):
        read_png_series(tmp_path, SPACING)


@pytest.mark.parametrize(
    'spacing',
    [(1, 1), (1, 1, 0), (1, 1, float('nan')), (488, 488, 5), (1, 1, 51)],
)
def test_wrong_spacing(tmp_path, spacing):
    write(tmp_path, (1, 2))
    with pytest.raises(
        ValueError, match='`spacing_mm` must be three positive'
    ):
        read_png_series(tmp_path, spacing)


def test_a_real_sub_volume(real_data):
    folder = real_data / 'deeplesion_sample/Images_png/000001_03_01'
    volume, notes = read_png_series(folder, (0.8, 0.8, 1.0))
    assert notes == []
    assert volume.shape == (61, 512, 512)
    assert volume.hu.min() <= -900 < 200 < volume.hu.max()
