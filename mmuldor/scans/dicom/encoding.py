"""Which bytes are DICOM, and how they are read within limits.

A file should begin with a preamble of 128 bytes, the letters DICM and a file
meta group (DICOM PS3.10, 7.1). Older software leaves out any of them, so the
first element decides then. pydicom finds out how such elements are encoded.
"""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from mmuldor.io.limits import (
    MAX_HEADER_BYTES,
    MAX_HEADER_ELEMENTS,
    MAX_HEADER_ITEMS,
)

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_PREAMBLE_BYTES = 128
_PREFIX = b'DICM'
# What must be read of a file before `starts_dicom` can tell: preamble, prefix,
# and the beginning of an element where the prefix should be.
START_BYTES = _PREAMBLE_BYTES + 8
# The first element is a date, a time, a name or a UID: it is short.
_MAX_FIRST_BYTES = 1024
# The element's tag, then UI and two bytes of length, or four of length.
_UID = rb'(?:UI..|....)([0-9][0-9.]{0,63})'
_SOP_CLASS = re.compile(
    rb'(?:[\x02\x08]\0[\x02\x16]\0|\0\x08\0\x16)' + _UID, re.DOTALL
)
_SERIES = re.compile(rb'(?:\x20\0\x0e\0|\0\x20\0\x0e)' + _UID, re.DOTALL)
# Of an element or an item: the tag and at least its length.
_START_BYTES = 8
# (FFFE,E000), little and big endian.
_ITEM_TAGS = (b'\xfe\xff\x00\xe0', b'\xff\xfe\xe0\x00')


def has_preamble(start: bytes) -> bool:
    """Whether preamble and prefix are among these first bytes of a file."""
    return start[_PREAMBLE_BYTES:].startswith(_PREFIX)


def starts_dicom(start: bytes) -> bool:
    """Whether a file that starts so is DICOM.

    Args:
        start: Its first `START_BYTES`, or all it has.
    """
    return _begin(start) is not None


def _begin(start: bytes) -> int | None:
    """Where pydicom must begin to read a file; None if it is no DICOM."""
    if has_preamble(start):
        return 0
    # Neither, the prefix alone, or the preamble alone.
    prefix = len(_PREFIX) if start.startswith(_PREFIX) else 0
    for place in (prefix, _PREAMBLE_BYTES):
        if _is_first_element(start[place:]):
            return place
    return None


def _is_first_element(start: bytes) -> bool:
    from pydicom.datadict import dictionary_has_tag
    from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, STANDARD_VR

    if len(start) < 8:
        return False
    big = start[0] == 0
    group, element = struct.unpack('>HH' if big else '<HH', start[:4])
    tag = group << 16 | element
    # Group lengths (element 0) are retired, but precede what old software
    # writes.
    if group not in (2, 8) or (element and not dictionary_has_tag(tag)):
        return False
    vr = start[4:6].decode('latin-1')
    if vr in {str(known) for known in STANDARD_VR}:
        short = vr in {str(known) for known in EXPLICIT_VR_LENGTH_16}
        return short or start[6:8] == b'\0\0'
    (length,) = struct.unpack('<I', start[4:8])
    # The file meta group is never implicit, nor is big endian.
    return group == 8 and not big and length <= _MAX_FIRST_BYTES


def dicom_part(file: BinaryIO) -> BinaryIO:
    """An open file from where pydicom must begin to read it.

    Raises:
        ValueError: If it is no DICOM.
    """
    file.seek(0)
    place = _begin(file.read(START_BYTES))
    if place is None:
        raise ValueError('it must begin as a DICOM file')
    file.seek(0)
    return file if place == 0 else cast(BinaryIO, _FilePart(file, place))


def read_dicom_file(
    file: BinaryIO, *, stop_before_pixels: bool = False
) -> FileDataset:
    """Read an open file, or the part of it that `dicom_part` returns.

    Raises:
        Exception: Any, of a damaged file.
    """
    import pydicom

    file.seek(0)
    return pydicom.dcmread(
        file, force=True, stop_before_pixels=stop_before_pixels
    )


class _FilePart:
    """A file from a place on, which it counts from."""

    def __init__(self, file: BinaryIO, place: int) -> None:
        self._file = file
        self._place = place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Like that of a file."""
        offset += self._place if whence == os.SEEK_SET else 0
        return self._file.seek(offset, whence) - self._place

    def tell(self) -> int:
        """Like that of a file."""
        return self._file.tell() - self._place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class HeaderLimitError(ValueError):
    """A header is larger than any real one."""


class LimitedReader:
    """A file that hands out a header within its limits.

    Elements state their own length, and a false one asks for gigabytes. Each
    element takes microseconds, each item of a sequence, which becomes a
    dataset, 30 of them, and of millions that would be minutes.

    Args:
        file: The file.
        size: Its bytes. A small file may be read to its end in one go.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = MAX_HEADER_BYTES if size > MAX_HEADER_BYTES else None
        self._elements = self._items = 0

    def read(self, size: int = -1) -> bytes:
        """Like that of a file; HeaderLimitError beyond a limit."""
        if self._left is not None:
            if not 0 <= size <= self._left:
                raise HeaderLimitError(
                    f'it has more than {MAX_HEADER_BYTES:,} bytes before its '
                    'pixels'
                )
            self._left -= size
        data = self._file.read(size)
        # pydicom looks ahead by 4 and 2 bytes, and reads them once more.
        if len(data) == _START_BYTES:
            self._elements += 1
        if self._elements > MAX_HEADER_ELEMENTS:
            raise HeaderLimitError(
                f'it has more than {MAX_HEADER_ELEMENTS:,} elements before '
                'its pixels, so the file is damaged'
            )
        if len(data) >= _START_BYTES:
            self._items = checked_items(data, self._items)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def limited(file: BinaryIO, size: int) -> BinaryIO:
    """The file, read to its limits only; `size` is its bytes."""
    return cast(BinaryIO, LimitedReader(file, size))


def checked_items(data: bytes, before: int) -> int:
    """The items of sequences in a part of a header and `before` it.

    Raises:
        HeaderLimitError: If they are more than a header may have.
    """
    # A few of the tags may be bytes of values, but not as many.
    items = before + sum(map(data.count, _ITEM_TAGS))
    if items > MAX_HEADER_ITEMS:
        raise HeaderLimitError(
            f'its sequences have more than {MAX_HEADER_ITEMS:,} items, so '
            'the file is damaged'
        )
    return items


def stated_uids(head: bytes) -> tuple[str, set[str]]:
    """What the beginning of an unreadable file says of itself.

    Args:
        head: The file's first bytes.

    Returns:
        SOP class UID, '' if unknown, and all SeriesInstanceUIDs: its own and
        those of series that it refers to.
    """
    sop_class = _SOP_CLASS.search(head)
    return (
        sop_class[1].decode() if sop_class else '',
        {match[1].decode() for match in _SERIES.finditer(head)},
    )
