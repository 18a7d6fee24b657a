"""The file of a bundle: a zip archive of a few parts, none compressed.

Any program for zip archives opens it. Read are only the parts of `PARTS`, into
memory, never to the disk, and only from an archive as :func:`archive_of`
writes it: each part once, stored as it is, one after the other, from the first
byte to the last. What a zip archive may have besides (folders, links,
encryption, comments, extra fields, ZIP64, bytes between the parts) is refused.
So a bundle needs no more memory than its own size, and is the same to every
program that opens it: another one might go by a part's own header, or by a
second name in an extra field.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from mmuldor.commands import BUNDLE_SUFFIX, command_line, command_name
from mmuldor.io.json_values import shortened
from mmuldor.io.paths import existing_file

MANIFEST, CONFIG, CARD = 'bundle.json', 'config.json', 'card.md'
CALIBRATION, WEIGHTS = 'calibration.json', 'weights.safetensors'
# Most bytes of each part. DenseNet-121 has 100 MB of weights, ResNet-152 with
# FPN 300 MB; a file above 2 GiB would need ZIP64.
PARTS = {
    MANIFEST: 2**20,
    CARD: 2**20,
    CONFIG: 2**20,
    # 70,000 operating points; as Python's objects 400 MB.
    CALIBRATION: 2**24,
    WEIGHTS: 2**31 - 2**27,
}
_REMEDY = 'Fetch the file again, or publish the model again.'
# The end of an archive without comment, and its one for ZIP64 before that.
_END = struct.Struct('<4s4H2LH')
_ZIP64 = b'PK\x06\x07'
_MAX_DIRECTORY = 2**16
# Of a part's own header, before its name: signature, version, flags,
# compression, time, date, CRC-32, both sizes, lengths of name and extra field.
_HEADER = struct.Struct('<4s5H3L2H')
_HEADER_BYTES = _HEADER.size


def is_bundle(path: str | os.PathLike[str]) -> bool:
    """Whether a file is meant as a bundle: its first part is the manifest."""
    start = b'PK\x03\x04'
    try:
        with open(path, 'rb') as file:
            head = file.read(_HEADER_BYTES + len(MANIFEST))
    except OSError:
        return False
    name = head[_HEADER_BYTES:]
    return head.startswith(start) and name == MANIFEST.encode()


def archive_of(parts: Mapping[str, bytes]) -> bytes:
    """The archive of these parts; the same parts give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w', zipfile.ZIP_STORED) as archive:
        for name in PARTS:
            if name not in parts:
                continue
            if len(parts[name]) > PARTS[name]:
                raise ValueError(
                    f'`{name}` of a bundle must have at most {PARTS[name]:,} '
                    f'bytes, but has {len(parts[name]):,}.'
                )
            # zipfile's own defaults are the time and the umask of now.
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, parts[name])
    return content.getvalue()


def read_parts(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """The parts of a bundle's file, by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such archive; names file and part.
    """
    make = command_line('publish', 'CHECKPOINT --out DIR')
    path = existing_file(path, 'the bundle', f'Make one with `{make}`.')
    if _is_checkpoint(path):
        make = command_line('publish', f'{path} --out DIR')
        raise ValueError(
            f"'{path}' must be a bundle, but is a checkpoint. Make a bundle "
            f'of it with `{make}`, or give CONFIG and CHECKPOINT, not --model.'
        )
    with path.open('rb') as file:
        try:
            _check_end(file)
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
                _check_parts(infos)
                _check_layout(file, infos, archive.start_dir)
                return {info.filename: archive.read(info) for info in infos}
        # zipfile raises many types of exceptions on damaged archives.
        except Exception as error:
            raise ValueError(
                f"'{path}' must be a bundle as `{command_name('publish')}` "
                f'writes it, but {_reason(error)}. {_REMEDY}'
            ) from error


def _is_checkpoint(path: Path) -> bool:
    """Whether `torch.save` wrote a file: its pickle comes first."""
    with path.open('rb') as file:
        head = file.read(2**10)
    pickled = head.startswith(b'PK') and b'/data.pkl' in head
    return pickled or head.startswith(b'\x80\x02')


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip('.')


def _check_end(file: BinaryIO) -> None:
    """Refuse what would let zipfile read a directory of any length."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END.size - 20, 0))
    tail = file.read()
    if len(tail) < _END.size:
        raise ValueError(f'it has {size} bytes')
    end = _END.unpack(tail[-_END.size :])
    signature, disk, first, here, count, directory, begin, comment = end
    if signature != b'PK\x05\x06' or comment:
        raise ValueError('it does not end as a zip archive: is it cut off?')
    if tail.startswith(_ZIP64) or max(here, count) > len(PARTS):
        raise ValueError(f'it is a zip archive of {count} or more parts')
    if directory > _MAX_DIRECTORY:
        raise ValueError(f'its table of contents has {directory:,} bytes')
    if disk or first or here != count:
        raise ValueError('it is a part of a zip archive of several files')
    if begin + directory + _END.size != size:
        raise ValueError(
            'there are bytes before its first part or after its table of '
            'contents'
        )


def _check_parts(infos: list[zipfile.ZipInfo]) -> None:
    """Raise ValueError unless the parts are those of :func:`archive_of`."""
    names = [info.filename for info in infos]
    for name in names:
        if name not in PARTS:
            raise ValueError(
                f'it has the part {shortened(name)}, which is none of '
                f'{", ".join(PARTS)}'
            )
        if names.count(name) > 1:
            raise ValueError(f'it has the part `{name}` twice')
    for name in PARTS:
        if name not in names and name != CALIBRATION:
            raise ValueError(f'its part `{name}` is missing')
    for info in infos:
        _check_part(info)


def _check_part(info: zipfile.ZipInfo) -> None:
    name, kind = info.filename, stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or info.is_dir():
        raise ValueError(f'its part `{name}` is a link or folder, no file')
    if info.flag_bits & 0x2041:
        raise ValueError(f'its part `{name}` is encrypted')
    if info.compress_type != zipfile.ZIP_STORED or (
        info.compress_size != info.file_size
    ):
        raise ValueError(f'its part `{name}` is compressed, not stored')
    if info.flag_bits or info.extra or info.comment or info.volume:
        raise ValueError(
            f'its part `{name}` has flags, a comment or an extra field'
        )
    if info.file_size > PARTS[name]:
        raise ValueError(
            f'its part `{name}` has {info.file_size:,} bytes, more than '
            f'{PARTS[name]:,}'
        )


def _check_layout(
    file: BinaryIO, infos: list[zipfile.ZipInfo], directory: int
) -> None:
    """Check that the parts follow each other as the table of contents says.

    Args:
        file: The archive; its position changes.
        infos: Its table of contents.
        directory: Where that begins.
    """
    begin = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        name = info.filename
        if info.header_offset != begin:
            raise ValueError(
                f'its part `{name}` overlaps another, or does not follow it'
            )
        file.seek(begin)
        header = _HEADER.unpack(file.read(_HEADER_BYTES))
        _, _, flags, method, _, _, crc, *sizes, length, extra = header
        begin += _HEADER_BYTES + length + extra + info.file_size
        if begin > directory:
            raise ValueError(f'its part `{name}` is longer than the file')
        # zipfile goes by the table of contents, but others by the header.
        if (flags, method, crc, *sizes, extra) != (
            *(0, zipfile.ZIP_STORED, info.CRC),
            *(info.file_size, info.file_size, 0),
        ):
            raise ValueError(
                f'its part `{name}` has a header that says other than the '
                'table of contents'
            )
    if begin != directory:
        raise ValueError('there are bytes behind its last part')


def bundle_name(name: str, digest: str) -> str:
    """The name of a bundle's file: with the first 8 digits of its SHA-256."""
    return f'{Path(name).name}-{digest[:8]}{BUNDLE_SUFFIX}'
