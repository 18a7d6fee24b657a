"""Compressed DICOM pixels: sizes that they state, and a decoder for pydicom.

A compressed image has its own size, which decoders use even if it differs from
Rows and Columns. A false size makes them allocate gigabytes or abort the
process. So both sizes must be equal before a decoder is called.

pydicom's gdcm plugin refuses JPEG Extended of 12 bits, and fails where 8 bits
are to be stored in 16. gdcm decodes both if it is told the bits of the image
itself, unsigned; pydicom sets the sign.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset
    from pydicom.pixels.decoders.base import DecodeRunner

# JPEG baseline (process 1) and extended (2 and 4).
LOSSY_JPEG = ('1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51')
_RLE = '1.2.840.10008.1.2.5'
# Required of a plugin by pydicom.
DECODER_DEPENDENCIES = {uid: ('gdcm>=3.0.10',) for uid in LOSSY_JPEG}
# Frame headers (ITU T.81, B.1.1.3; JPEG-LS, T.87, C.2.2), start of a scan.
_SOF = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SOS = 0xDA
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
        for _, size in _jpeg_frames(stream):
            yield size
        return
    for match in _SIZ.finditer(stream):
        # Length, capabilities, then right, bottom, left and top.
        _, _, *sides, components = struct.unpack_from(
            '>HHIIII16xH', stream, match.end()
        )
        right, bottom, left, top = sides
        yield _Size(bottom - top, right - left, components)


def _jpeg_frames(stream: bytes) -> Iterator[tuple[int, _Size]]:
    """Bits and size of each frame header before the first scan."""
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
            bits, *size = struct.unpack_from('>BHHB', stream, place + 4)
            yield bits, _Size(*size)
        (length,) = struct.unpack_from('>H', stream, place + 2)
        place += 2 + length


def is_available(uid: str) -> bool:
    """Whether this plugin of pydicom can decode a transfer syntax."""
    return uid in LOSSY_JPEG


def decode_lossy_jpeg(stream: bytes, runner: DecodeRunner) -> bytes:
    """A plugin of pydicom, see `Decoder.add_plugin`.

    Args:
        stream: A JPEG image of 8 or 12 bits.
        runner: Size of the image; takes the bits of a decoded value.

    Returns:
        Its values, one or two bytes each, little endian.
    """
    import gdcm

    bits = next((bits for bits, _ in _jpeg_frames(stream)), 0)
    if bits not in (8, 12):
        raise ValueError(f'the JPEG image must have 8 or 12 bits, not {bits}')
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(stream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(
            gdcm.PhotometricInterpretation.MONOCHROME2
        )
    )
    syntax = gdcm.TransferSyntax.GetTSType(str(runner.transfer_syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    # gdcm chooses its decoder by the allocated bits, and returns two bytes a
    # value for 12; 16 would work, too, after a complaint on the screen.
    image.SetPixelFormat(gdcm.PixelFormat(1, bits, bits, bits - 1, 0))
    runner.set_option('bits_allocated', 8 if bits <= 8 else 16)
    values = image.GetBuffer()
    if values is None:
        raise ValueError('gdcm cannot decode this JPEG image')
    # gdcm returns bytes as text.
    return bytes(values.encode('utf-8', 'surrogateescape'))
