"""Ways to spoil DICOM files."""

import math
import struct
import zlib

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.faults.spoiling import good
from tests.faults.spoiling.fault import Fault
from tests.support.enhanced_ct import enhanced_ct, frame

NAN = math.nan


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


_DCT_SCAN = b'\0\x08\1\1\0\0\x3f\0'
_LS_SCAN = b'\0\x08\1\1\0\0\0\0'
_RLE_HEADER = struct.pack('<16I', 2, 64, 66, *[0] * 13)
# What says another size than Rows and Columns; gdcm aborted on the first.
COMPRESSED = {
    'giant JPEG-LS': (JPEGLSLossless, jpeg(b'\xf7', _LS_SCAN)),
    'giant JPEG': (JPEGLosslessSV1, jpeg(b'\xc3', b'\0\x08\1\1\0\1\0\0')),
    'JPEG of 3': (JPEGLSLossless, jpeg(b'\xf7', _LS_SCAN, 16, 16, 3)),
    'JPEG of no size': (JPEGLSLossless, b'\xff\xd8\xff\xda' + bytes(99)),
    'giant JPEG of 12': (
        JPEGExtended12Bit,
        jpeg(b'\xc1', _DCT_SCAN),
    ),
    # gdcm ended the process on the first two.
    'JPEG without tables': (
        JPEGBaseline8Bit,
        jpeg(b'\xc0', _DCT_SCAN, 16, 16),
    ),
    'JPEG of 12 without tables': (
        JPEGExtended12Bit,
        jpeg(b'\xc1', _DCT_SCAN, 16, 16).replace(b'\x08\0\x10', b'\x0c\0\x10'),
    ),
    'lossless JPEG without tables': (
        JPEGLosslessSV1,
        jpeg(b'\xc3', b'\0\x08\1\1\0\1\0\0', 16, 16),
    ),
    'cut JPEG-LS': (JPEGLSLossless, jpeg(b'\xf7', _LS_SCAN, 16, 16)[:-20]),
    'giant HTJ2K': (HTJ2KLossless, jpeg_2000(60_000, 60_000)),
    'cut HTJ2K': (HTJ2KLossless, jpeg_2000(16, 16)[:20]),
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
    ('RescaleType', 'PCT'),
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


def faults_of_dicom():
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


# Elements of an enhanced image that do not fit its frames.
ENHANCED = [
    ('NumberOfFrames', None),
    ('NumberOfFrames', good.SLICES + 1),
    ('NumberOfFrames', 10**9),
    ('SharedFunctionalGroupsSequence', None),
    ('SharedFunctionalGroupsSequence', []),
    ('PerFrameFunctionalGroupsSequence', None),
    ('PerFrameFunctionalGroupsSequence', []),
    ('Rows', 65535),
    ('PixelData', b''),
    ('PixelData', bytes(100)),
    ('BitsAllocated', 64),
]
GROUPS = [
    ('PlanePositionSequence', 'ImagePositionPatient'),
    ('PixelValueTransformationSequence', 'RescaleSlope'),
]


def faults_of_enhanced_dicom():
    for name, value in ENHANCED:
        yield Fault(
            'enhanced dicom',
            f'{name} {str(value)[:20]}',
            lambda data, n=name, v=value: _enhanced({n: v}),
        )
    for group, element in GROUPS:
        yield Fault(
            *('enhanced dicom', f'no {group}'),
            lambda data, g=group: _enhanced({}, **{g: None}),
            element,
        )
    yield Fault('enhanced dicom', 'cut in the pixels', lambda data: data[:-50])


def _enhanced(changes, **groups):
    made = [
        frame(n, stored=good.pixels(n) + 1024, **groups)
        for n in range(good.SLICES)
    ]
    return good.dicom_bytes(enhanced_ct(made, **changes))


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
