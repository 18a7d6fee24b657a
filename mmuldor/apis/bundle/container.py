"""The file of a bundle: a zip archive of a few parts, none compressed.

Any program for zip archives opens it. Read are only the parts of `PARTS`, into
memory, never to the disk, and only from an archive as :func:`archive_of`
writes it: each part once, stored as it is, one after the other. What a zip
archive may have besides (folders, links, encryption, comments, ZIP64) is
refused, so a bundle never needs more memory than its own size.
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

from mmuldor.io.json_values import shortened
from mmuldor.io.paths import existing_file

SUFFIX = '.mmuldor'
MANIFEST, CONFIG, CARD = 'bundle.json', 'config.json', 'card.md'
CALIBRATION, WEIGHTS = 'calibration.json', 'weights.safetensors'
# Most bytes of each part. DenseNet-121 has 100 MB of weights, ResNet-152 with
# FPN 300 MB; a file above 2 GiB would need ZIP64.
PARTS = {
    MANIFEST: 2**20,
    CARD: 2**20,
    CONFIG: 2**20,
    CALIBRATION: 2**26,
    WEIGHTS: 2**31 - 2**27,
}
_REMEDY = 'Fetch the file again, or publish the model again.'
# The end of an archive without comment, and its one for ZIP64 before that.
_END = struct.Struct('<4s4H2LH')
_ZIP64 = b'PK\x06\x07'
_MAX_DIRECTORY = 2**16
# Of a part's header, before its name.
_HEADER_BYTES = 30


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
    path = existing_file(
        path, 'the bundle', 'Make one with `mmuldor publish CHECKPOINT`.'
    )
    with path.open('rb') as file:
        try:
            _check_end(file)
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
                _check_parts(infos, path.stat().st_size)
                return {info.filename: archive.read(info) for info in infos}
        # zipfile raises many types of exceptions on damaged archives.
        except Exception as error:
            raise ValueError(
                f"'{path}' must be a bundle as `mmuldor publish` writes it, "
                f'but {_reason(error)}. {_REMEDY}'
            ) from error


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
    signature, _, _, _, count, directory, _, comment = end
    if signature != b'PK\x05\x06' or comment:
        raise ValueError('it does not end as a zip archive: is it cut off?')
    if tail.startswith(_ZIP64) or count > len(PARTS):
        raise ValueError(f'it is a zip archive of {count} or more parts')
    if directory > _MAX_DIRECTORY:
        raise ValueError(f'its table of contents has {directory:,} bytes')


def _check_parts(infos: list[zipfile.ZipInfo], size: int) -> None:
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
    begin = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        _check_part(info)
        if info.header_offset < begin:
            raise ValueError(f'its part `{info.filename}` overlaps another')
        begin = info.header_offset + _HEADER_BYTES + info.file_size
    if begin > size:
        raise ValueError('its parts are longer than the file')


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
    if info.file_size > PARTS[name]:
        raise ValueError(
            f'its part `{name}` has {info.file_size:,} bytes, more than '
            f'{PARTS[name]:,}'
        )


def bundle_name(name: str, digest: str) -> str:
    """The name of a bundle's file: with the first 8 digits of its SHA-256."""
    return f'{Path(name).name}-{digest[:8]}{SUFFIX}'
