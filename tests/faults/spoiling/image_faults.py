"""Ways to spoil PNG and NIfTI files."""

import gzip
import io
import math
import struct
import zlib

import nibabel
import numpy as np

from tests.faults.spoiling import good
from tests.faults.spoiling.fault import Fault

NAN, INF = math.nan, math.inf


def chunk(kind, content, crc=None):
    """A chunk of a PNG, its checksum right unless given."""
    body = kind + content
    crc = zlib.crc32(body) if crc is None else crc
    return struct.pack('>I', len(content)) + body + struct.pack('>I', crc)


def _png(
    width=16, height=16, depth=16, colour=0, data=None, extra=b'', end=True
):
    """A PNG whose checksums are right."""
    if data is None:
        data = zlib.compress(bytes((1 + 2 * 16) * 16))
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + extra
        + (chunk(b'IDAT', data) if data else b'')
        + (chunk(b'IEND', b'') if end else b'')
    )


PNG = {
    'absurd size': lambda: _png(100_000, 100_000),
    'absurd width': lambda: _png(2**31 - 1, 1),
    'larger than 31 bits': lambda: _png(2**32 - 1, 2**32 - 1),
    'no width': lambda: _png(0, 16),
    'no height': lambda: _png(16, 0),
    'another size': lambda: _png(32, 32),
    '8 bits': lambda: _png(depth=8),
    '3 bits': lambda: _png(depth=3),
    'colour': lambda: _png(colour=2),
    'palette': lambda: _png(colour=3),
    'no such colour': lambda: _png(colour=77),
    'no pixels': lambda: _png(data=b''),
    'too few pixels': lambda: _png(data=zlib.compress(bytes(100))),
    'pixels that do not inflate': lambda: _png(data=b'\xff' * 100),
    'cut inside': lambda: _png(data=zlib.compress(bytes(528))[:-6]),
    'no such filter': lambda: _png(data=zlib.compress(b'\x99' * 528)),
    'no end': lambda: _png(end=False),
    'chunk of 4 GB': lambda: _png()[:33] + b'\xff\xff\xff\xffIDAT' + b'x' * 99,
    'wrong checksum': lambda: _png(extra=chunk(b'tEXt', b'a\0b', crc=1)),
}


def faults_of_png():
    for name, make in PNG.items():
        yield Fault('png', name, lambda data, make=make: make())


# Bytes of the header (348 bytes, little endian): name, offset, format, values.
NIFTI = {
    'absurd sizes': (40, '<4h', (3, 32767, 32767, 32767)),
    'more than it holds': (40, '<4h', (3, 4000, 4000, 60)),
    'negative size': (40, '<4h', (3, 16, -16, 4)),
    'no size': (40, '<4h', (3, 16, 0, 4)),
    'two axes': (40, '<4h', (2, 16, 64, 1)),
    'no axes': (40, '<h', (0,)),
    'nine axes': (40, '<h', (9,)),
    'negative axes': (40, '<h', (-3,)),
    'four axes': (40, '<5h', (4, 16, 16, 2, 2)),
    'no such type': (70, '<h', (9999,)),
    'no type': (70, '<h', (0,)),
    'RGB': (70, '<2h', (128, 24)),
    'complex': (70, '<2h', (32, 64)),
    'not enough for floats': (70, '<2h', (64, 64)),
    'far start of voxels': (108, '<f', (1e30,)),
    'negative start of voxels': (108, '<f', (-1e9,)),
    'start of voxels is NaN': (108, '<f', (NAN,)),
    'absurd slope': (112, '<f', (1e38,)),
    'large slope': (112, '<2f', (1000.0, 0.0)),
    'infinite intercept': (112, '<2f', (1.0, INF)),
    'no magic': (344, '<4s', (b'abcd',)),
    'no codes': (252, '<2h', (0, 0)),
    'singular affine': (280, '<12f', (0.0,) * 12),
    'affine of NaN': (280, '<12f', (NAN,) * 12),
    'affine of inf': (280, '<12f', (INF,) * 12),
    'absurd affine': (
        280,
        '<12f',
        (1e30, 0, 0, 0, 0, 1e30, 0, 0, 0, 0, 1e30, 0),
    ),
}


def faults_of_nifti():
    for kind in ('nifti', 'labels'):
        for name, (offset, form, values) in NIFTI.items():
            # What a mask takes, or is read as no change.
            if kind == 'labels' and name in ('large slope',):
                continue
            yield Fault(kind, name, _header(kind, offset, form, values))
    for name in ('absurd sizes', 'far start of voxels'):
        yield Fault('gzipped nifti', name, _header('labels', *NIFTI[name]))
    yield Fault('gzipped nifti', 'bomb', _bomb)
    yield Fault('gzipped nifti', 'cut', lambda data: data[:-30])
    yield Fault('nifti', 'NaN', _voxels(np.full((4, 4, 4), NAN, 'f4')))
    yield Fault('nifti', 'inf', _voxels(np.full((4, 4, 4), INF, 'f4')))
    yield Fault('nifti', 'huge', _voxels(np.full((4, 4, 4), 1e30, 'f4')))
    yield Fault('nifti', 'a mask', _voxels(np.ones((4, 4, 4), 'u1')))
    shape = (good.SIDE, good.SIDE, good.SLICES)
    yield Fault('labels', 'shares', _voxels(np.full(shape, 0.5, 'f4')))
    yield Fault('labels', 'below 0', _voxels(np.full(shape, -1, 'i2')))
    yield Fault('labels', 'NaN', _voxels(np.full(shape, NAN, 'f4')))
    yield Fault('labels', 'other grid', _voxels(np.ones((4, 4, 4), 'u1')))


def _header(kind, offset, form, values):
    def spoil(data):
        packed = data[:2] == b'\x1f\x8b'
        changed = bytearray(gzip.decompress(data) if packed else data)
        if form == '<12f':
            struct.pack_into('<2h', changed, 252, 0, 1)
        struct.pack_into(form, changed, offset, *values)
        return gzip.compress(changed) if packed else bytes(changed)

    return spoil


def _bomb(data):
    """A small archive of a header that asks for all that is in it."""
    plain = bytearray(gzip.decompress(data))
    struct.pack_into('<4h', plain, 40, 3, 2048, 2048, 2048)
    return gzip.compress(bytes(plain) + bytes(10**7))


def _voxels(array):
    def spoil(data):
        image = nibabel.Nifti1Image(array, good.AFFINE)
        file = io.BytesIO(image.to_bytes())
        packed = data[:2] == b'\x1f\x8b'
        return gzip.compress(file.read()) if packed else file.read()

    return spoil
