from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmuldor.io import png


@pytest.fixture
def slice_path(tmp_path):
    path = tmp_path / 'series' / '001.png'
    png.write_png16(path, np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000)
    return path


def test_what_is_written_is_read(slice_path):
    array = png.read_png16(slice_path, shape=(3, 4))
    assert array.dtype == np.uint16
    assert array.tolist()[2] == [40000, 45000, 50000, 55000]


@given(st.data())
@settings(max_examples=20)
def test_any_array_survives(tmp_path_factory, data):
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    seed = data.draw(st.integers(0, 1000))
    array = np.random.default_rng(seed).integers(0, 2**16, shape)
    path = tmp_path_factory.mktemp('png') / 'a.png'
    png.write_png16(path, array.astype(np.uint16))
    assert (png.read_png16(path) == array).all()


def test_header_says_height_before_width(slice_path):
    assert png.read_png_size(slice_path) == (3, 4, 16)
    assert png.read_png_header(slice_path).colour == 'grey'
    assert png.check_png16(slice_path)[:2] == (3, 4)


@pytest.mark.parametrize(
    'read', [png.read_png16, png.check_png16, png.read_png_size]
)
def test_missing_file(read, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'existing PNG.*gone\.png'):
        read(tmp_path / 'gone.png')


@pytest.mark.parametrize('read', [png.read_png16, png.check_png16])
@pytest.mark.parametrize(
    ('array', 'found'),
    [
        (np.zeros((3, 4), np.uint8), '8-bit grey'),
        (np.zeros((3, 4, 3), np.uint8), '8-bit RGB'),
        (np.zeros((3, 4, 3), np.uint16), '16-bit RGB'),
        (np.zeros((3, 4, 4), np.uint16), '16-bit RGBA'),
    ],
)
def test_other_pixels_are_refused(read, array, found, tmp_path):
    path = tmp_path / 'other.png'
    cv2.imwrite(str(path), array)
    with pytest.raises(ValueError, match=rf'other\.png must be.*is {found}'):
        read(path)


@pytest.mark.parametrize('read', [png.read_png16, png.check_png16])
def test_other_size_is_refused(read, slice_path):
    with pytest.raises(
        ValueError, match='4 high and 3 wide, but it is 3 high and 4 wide'
    ):
        read(slice_path, (4, 3))


@pytest.mark.parametrize('read', [png.read_png16, png.check_png16])
def test_a_file_cut_anywhere_is_refused(read, slice_path):
    data = slice_path.read_bytes()
    for length in range(len(data)):
        slice_path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r'001\.png must be a'):
            read(slice_path)


def test_any_flipped_byte_is_refused(slice_path):
    data = slice_path.read_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        slice_path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r'001\.png must be'):
            png.read_png16(slice_path)


def test_too_few_pixels_behind_right_checksums(tmp_path):
    """What libpng alone would fill up with zeros."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return (
            struct.pack('>I', len(body)) + kind + body + struct.pack('>I', crc)
        )

    head = struct.pack('>IIBBBBB', 4, 3, 16, 0, 0, 0, 0)
    path = tmp_path / 'short.png'
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', head)
        + chunk(b'IDAT', zlib.compress(b'\0' * 9))
        + chunk(b'IEND', b'')
    )
    with pytest.raises(ValueError, match=r'short\.png must be'):
        png.read_png16(path)


def test_not_a_png(tmp_path):
    path = tmp_path / 'text.png'
    path.write_text('<html>not found</html>')
    with pytest.raises(ValueError, match=r"text\.png must be a PNG.*'<html>"):
        png.check_png16(path)


def test_write_wants_an_array(tmp_path):
    with pytest.raises(TypeError, match='`array` must be a NumPy array'):
        png.write_png16(tmp_path / 'a.png', [[1]])


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((2, 2), np.int16),
        np.zeros((2, 2, 1), np.uint16),
        np.zeros((0, 2), np.uint16),
    ],
)
def test_write_wants_uint16_of_two_dimensions(array, tmp_path):
    with pytest.raises(ValueError, match=r'uint16 of shape \(H, W\)'):
        png.write_png16(tmp_path / 'a.png', array)
    assert not list(tmp_path.iterdir())


def test_real_slices(real_data):
    paths = sorted((real_data / 'deeplesion_sample').rglob('*.png'))
    assert len(paths) == 148
    for path in paths:
        assert png.check_png16(path, (512, 512)).bit_depth == 16
    assert png.read_png16(paths[0]).shape == (512, 512)
