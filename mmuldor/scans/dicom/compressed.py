"""Compressed DICOM pixels: sizes that they state, and decoders for pydicom.

A compressed image has its own size, which decoders use even if it differs from
Rows and Columns. A false size makes them allocate gigabytes or abort the
process. So both sizes must be equal before a decoder is called.

The decoders are those of imagecodecs: libjpeg-turbo, CharLS and OpenJPEG.
pydicom's own plugin for JPEG, gdcm, ends the process at damaged images, and
does not decode 12 bits.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset
    from pydicom.pixels.decoders.base import Decoder, DecodeRunner

# JPEG baseline, extended and lossless; JPEG-LS; JPEG 2000, the last three of
# high throughput.
_JPEG = tuple(f'1.2.840.10008.1.2.4.{n}' for n in (50, 51, 57, 70))
_JPEG_LS = tuple(f'1.2.840.10008.1.2.4.{n}' for n in (80, 81))
_JPEG_2000 = tuple(f'1.2.840.10008.1.2.4.{n}' for n in (90, 91, 201, 202, 203))
_RLE = '1.2.840.10008.1.2.5'
_PLUGIN = 'mmuldor'
# Required of a plugin by pydicom.
DECODER_DEPENDENCIES = dict.fromkeys(
    (*_JPEG, *_JPEG_LS, *_JPEG_2000), ('imagecodecs',)
)
# Frame headers (ITU T.81, B.1.1.3; JPEG-LS, T.87, C.2.2), start of a scan.
_SOF = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SOS = 0xDA
# The end of a JPEG image; padding may follow.
_EOI = b'\xff\xd9'
_PADDING_BYTES = 256
# Start and size of a JPEG 2000 codestream (ITU T.800, A.5.1), also of a high
# throughput one (T.814).
_SIZ = re.compile(b'\xff\x4f\xff\x51')
# A compressed image may have twice the bytes of its pixels plus this.
_SPARE_BYTES = 2**20


class _Size(NamedTuple):
    """What a compressed image states."""

    rows: int
    columns: int
    components: int


def check_compressed(data: FileDataset, number_of_frames: int) -> None:
    """Raise ValueError if a compressed image has a wrong size.

    Args:
        data: The file with Rows, Columns, BitsAllocated and PixelData.
        number_of_frames: Of the file.
    """
    from pydicom.encaps import generate_frames

    streams = generate_frames(
        data.PixelData,
        number_of_frames=number_of_frames,
        extended_offsets=_extended_offsets(data),
    )
    count = 0
    for stream in streams:
        _check_stream(stream, data)
        count += 1
    if count < number_of_frames:
        raise ValueError(
            f'it has {count} compressed images, but NumberOfFrames is '
            f'{number_of_frames}'
        )


def _extended_offsets(data: FileDataset) -> tuple[bytes, bytes] | None:
    """The table of frames' places and lengths, where there is one."""
    keywords = ('ExtendedOffsetTable', 'ExtendedOffsetTableLengths')
    if not all(keyword in data for keyword in keywords):
        return None
    return data[keywords[0]].value, data[keywords[1]].value


def _check_stream(stream: bytes, data: FileDataset) -> None:
    shape = (data.Rows, data.Columns)
    plain = data.Rows * data.Columns * data.BitsAllocated // 8
    if len(stream) > 2 * plain + _SPARE_BYTES:
        raise ValueError(
            f'{len(stream):,} bytes are too many for {shape[0]} x {shape[1]} '
            'pixels'
        )
    if data.file_meta.TransferSyntaxUID == _RLE:
        return
    is_jpeg = stream.startswith(b'\xff\xd8')
    # Decoders fill up a cut image with grey, or search for minutes.
    if is_jpeg and _EOI not in stream[-_PADDING_BYTES:]:
        raise ValueError('the compressed image is cut off')
    sizes = set(_stated_sizes(stream))
    if sizes != {(*shape, 1)}:
        found = ', '.join(f'{h} x {w} x {n}' for h, w, n in sorted(sizes))
        raise ValueError(
            f'the compressed image must state {shape[0]} x {shape[1]} x 1 '
            f'values, but states {found or "no size"}'
        )


def _stated_sizes(stream: bytes) -> Iterator[_Size]:
    """Every size that a compressed image states."""
    if stream.startswith(b'\xff\xd8'):
        yield from _jpeg_sizes(stream)
        return
    for match in _SIZ.finditer(stream):
        # Length, capabilities, then right, bottom, left and top.
        _, _, *sides, components = struct.unpack_from(
            '>HHIIII16xH', stream, match.end()
        )
        right, bottom, left, top = sides
        yield _Size(bottom - top, right - left, components)


def _jpeg_sizes(stream: bytes) -> Iterator[_Size]:
    """The size in each frame header before the first scan."""
    place = 2
    while place + 4 <= len(stream):
        marker = stream[place + 1]
        if stream[place] != 0xFF or marker == _SOS:
            return
        # A marker may be preceded by any number of 0xFF bytes.
        if marker == 0xFF:
            place += 1
            continue
        if marker in _SOF:
            yield _Size(*struct.unpack_from('>HHB', stream, place + 5))
        (length,) = struct.unpack_from('>H', stream, place + 2)
        place += 2 + length


def add_plugin(decoder: Decoder) -> str:
    """Let a decoder of pydicom use the functions here.

    Returns:
        The name of the plugin; '' if it cannot decode this syntax.
    """
    if not is_available(decoder.UID):
        return ''
    if _PLUGIN not in decoder.available_plugins:
        decoder.add_plugin(_PLUGIN, (__name__, 'decode_frame'))
    return _PLUGIN


def is_available(uid: str) -> bool:
    """Whether this plugin of pydicom can decode a transfer syntax."""
    return uid in DECODER_DEPENDENCIES


def decode_frame(stream: bytes, runner: DecodeRunner) -> bytearray:
    """A plugin of pydicom, see `pydicom.pixels.Decoder.add_plugin`.

    Args:
        stream: A compressed image of one component.
        runner: Says the syntax, and takes the bits of a decoded value.

    Returns:
        Its values, as many bytes each as they need, little endian.
    """
    import imagecodecs

    syntax = runner.transfer_syntax
    if syntax in _JPEG:
        values = imagecodecs.jpeg_decode(stream)
    elif syntax in _JPEG_LS:
        values = imagecodecs.jpegls_decode(stream)
    else:
        values = imagecodecs.jpeg2k_decode(stream)
    runner.set_option('bits_allocated', values.dtype.itemsize * 8)
    little = values.dtype.newbyteorder('<')
    # pydicom changes the values where the image states another sign.
    return bytearray(values.astype(little, copy=False).tobytes())
