"""Ways to spoil PNG, NIfTI and DICOM files."""

import gzip
import io
import math
import struct
import zlib

import nibabel
import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.faults import good
from tests.faults.fault import Fault

NAN, INF = math.nan, math.inf


def faults_of_images():
    """Every fault of a picture or a volume."""
    return [*_of_png(), *_of_nifti(), *_of_dicom()]


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


def _of_png():
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


def _of_nifti():
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


def jpeg(marker, scan, rows=60_000, columns=60_000, components=1):
    """The headers of a picture, then nothing of use."""
    sizes = struct.pack('>BHHB', 8, rows, columns, components)
    frame = sizes + b'\1\x11\0' * components
    header = struct.pack('>H', 2 + len(frame)) + frame
    end = b'\xff\xda' + scan + bytes(50) + b'\xff\xd9'
    return b'\xff\xd8\xff' + marker + header + end


def jpeg_2000(width, height, left=0, top=0):
    """The same in a codestream; what is asked for comes before the data."""
    sides = (width, height, left, top, width, height, 0, 0)
    size = struct.pack('>H8IH', 0, *sides, 1) + b'\x0f\1\1'
    return b'\xff\x4f\xff\x51' + struct.pack('>H', 2 + len(size)) + size


_LS_SCAN = b'\0\x08\1\1\0\0\0\0'
_RLE_HEADER = struct.pack('<16I', 2, 64, 66, *[0] * 13)
# What says another size than Rows and Columns; gdcm aborted on the first.
COMPRESSED = {
    'giant JPEG-LS': (JPEGLSLossless, jpeg(b'\xf7', _LS_SCAN)),
    'giant JPEG': (JPEGLosslessSV1, jpeg(b'\xc3', b'\0\x08\1\1\0\1\0\0')),
    'JPEG of 3': (JPEGLSLossless, jpeg(b'\xf7', _LS_SCAN, 16, 16, 3)),
    'JPEG of no size': (JPEGLSLossless, b'\xff\xd8\xff\xda' + bytes(99)),
    'giant JPEG 2000': (JPEG2000Lossless, jpeg_2000(60_000, 60_000)),
    'JPEG 2000 far away': (
        JPEG2000Lossless,
        jpeg_2000(2**31 + 16, 16, 2**31),
    ),
    'cut JPEG 2000': (JPEG2000Lossless, jpeg_2000(16, 16)[:20]),
    'RLE of much': (RLELossless, _RLE_HEADER + b'\x81\0' * 5_000_000),
}


# Elements of a DICOM slice: name, value.
DICOM = [
    ('Modality', 'MR'),
    ('Modality', None),
    ('RescaleSlope', None),
    ('RescaleSlope', 'NaN'),
    ('RescaleSlope', '1e300'),
    ('RescaleIntercept', None),
    ('RescaleIntercept', 'abc'),
    ('RescaleIntercept', '-50000'),
    ('RescaleType', 'US'),
    ('ImagePositionPatient', None),
    ('ImagePositionPatient', ['0', '0']),
    ('ImagePositionPatient', ['0', '0', '1e9999']),
    ('ImagePositionPatient', ['0', '0', '1e8']),
    ('ImageOrientationPatient', None),
    ('ImageOrientationPatient', ['0'] * 6),
    ('ImageOrientationPatient', ['1', '0', '0', '1', '0', '0']),
    ('ImageOrientationPatient', ['nan'] * 6),
    ('PixelSpacing', None),
    ('PixelSpacing', ['0.8']),
    ('PixelSpacing', ['0', '0']),
    ('PixelSpacing', ['-1', '-1']),
    ('PixelSpacing', ['1e6', '1e6']),
    ('PixelSpacing', ['a', 'b']),
    ('Rows', 65535),
    ('Rows', 0),
    ('Rows', 17),
    ('Rows', None),
    ('Columns', 65535),
    ('Columns', None),
    ('NumberOfFrames', '100000000'),
    ('NumberOfFrames', 'x'),
    ('SamplesPerPixel', 3),
    ('SeriesInstanceUID', None),
    ('BitsAllocated', 7),
    ('BitsAllocated', 64),
    ('PixelRepresentation', 9),
    ('PixelData', None),
    ('PixelData', b''),
    ('PixelData', b'\0' * 10),
]


def _of_dicom():
    for name, value in DICOM:
        yield Fault(
            'dicom',
            f'{name} {str(value)[:20]}',
            lambda data, n=name, v=value: _sliced(n, v),
            '' if name in _DECODERS or value in _RESULTS else name,
        )
    yield Fault('dicom', 'cut in the header', lambda data: data[:300])
    yield Fault('dicom', 'cut in the pixels', lambda data: data[:-50])
    yield Fault('dicom', 'deflate bomb', _deflated)
    yield Fault(
        *('dicom', 'palette', _palette),
        'PhotometricInterpretation',
    )
    yield Fault('dicom', 'NaN', _floats, 'nan')
    for name, (syntax, stream) in COMPRESSED.items():
        yield Fault('dicom', name, _compressed(syntax, stream))


# Values that are wrong for what comes of them.
_RESULTS = ('-50000', ['0', '0', '1e8'])
# Elements that the decoder speaks of in its own words.
_DECODERS = ('BitsAllocated', 'PixelRepresentation', 'PixelData')


def _sliced(name, value):
    data = good.dicom_slice()
    if isinstance(value, (str, list)) and name not in ('Modality',):
        # As bytes: pydicom would not take what is no number.
        text = '\\'.join([value] if isinstance(value, str) else value)
        vr = 'IS' if name == 'NumberOfFrames' else 'LO'
        data[name] = _element(
            name, vr if name == 'RescaleType' else 'DS', text
        )
    elif value is None:
        delattr(data, name)
    else:
        setattr(data, name, value)
    return good.dicom_bytes(data)


def _element(name, vr, text):
    """An element whose text nobody looks at when it is written."""
    from pydicom.datadict import tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    content = text.encode() + b' ' * (len(text) % 2)
    return RawDataElement(
        Tag(tag_for_keyword(name)), vr, len(content), content, 0, False, True
    )


def _compressed(syntax, stream):
    def spoil(data):
        picture = good.dicom_slice()
        picture.file_meta.TransferSyntaxUID = syntax
        picture.PixelData = encapsulate([stream])
        picture['PixelData'].is_undefined_length = True
        return good.dicom_bytes(picture)

    return spoil


def _palette(data):
    return good.dicom_bytes(
        good.dicom_slice(PhotometricInterpretation='PALETTE COLOR')
    )


def _floats(data):
    """Pixels as floats, one of them no number."""
    picture = good.dicom_slice(PixelData=None, BitsAllocated=32)
    values = np.zeros((good.SIDE, good.SIDE), 'f4')
    values[3, 3] = NAN
    picture.FloatPixelData = values.tobytes()
    return good.dicom_bytes(picture)


def _deflated(data):
    """300 kB that inflate to 300 MB."""
    whole = good.dicom_slice()
    whole.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    start = good.dicom_bytes(whole)
    meta_end = start.index(b'1.2.840.10008.1.2.1.99') + 22
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(10**6)
    body = b''.join(pack.compress(block) for _ in range(300)) + pack.flush()
    return start[:meta_end] + body
