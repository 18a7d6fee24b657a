"""Zip archives that are not as `publish` writes them."""

import stat
import struct
import zipfile

import numpy as np
import pytest

from mmuldor.apis.bundle.container import CARD, PARTS, read_parts
from tests.apis.bundle.small import refused
from tests.support.memory import at_most


@pytest.fixture
def parts(bundle):
    return read_parts(bundle)


def zipped(path, entries):
    """Members of any name, given as (ZipInfo or name, content)."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    'name',
    [
        *('../evil.py', '/etc/cron.d/evil', 'a\\..\\evil', 'C:\\evil'),
        *('evil.py', 'config.json/', 'Config.json', './config.json'),
    ],
)
def test_other_parts(parts, tmp_path, name):
    path = zipped(tmp_path / 'x.mmuldor', [*parts.items(), (name, b'')])
    refused(path, r'which is none of|link or folder')
    assert not (tmp_path / 'evil.py').exists()


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_a_part_twice(parts, tmp_path):
    entries = [*parts.items(), ('config.json', b'{}')]
    refused(zipped(tmp_path / 'x.mmuldor', entries), 'config.json` twice')


@pytest.mark.parametrize('name', [n for n in PARTS if n[:4] != 'cali'])
def test_a_part_is_missing(parts, tmp_path, name):
    entries = [(n, part) for n, part in parts.items() if n != name]
    refused(zipped(tmp_path / 'x.mmuldor', entries), f'{name}` is missing')


def test_a_link(parts, tmp_path):
    info = zipfile.ZipInfo(CARD)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    entries = [(info, b'/etc/passwd')]
    entries += [(n, part) for n, part in parts.items() if n != CARD]
    refused(zipped(tmp_path / 'x.mmuldor', entries), 'is a link or folder')


@pytest.mark.parametrize(
    'compression', [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_what_unpacks_to_more_than_its_size(parts, tmp_path, compression):
    info = zipfile.ZipInfo('calibration.json')
    info.compress_type = compression
    bomb = [*parts.items(), (info, bytes(10**6))]
    refused(zipped(tmp_path / 'x.mmuldor', bomb), 'is compressed, not stored')


def directory(content):
    """Where the table of contents begins, and its entries' places."""
    begin = struct.unpack('<L', content[-6:-2])[0]
    return begin, content.index(b'weights.safetensors', begin) - 46


@pytest.mark.parametrize(
    ('place', 'value', 'match'),
    [
        (8, struct.pack('<H', 1), 'is encrypted'),
        (10, struct.pack('<H', 99), 'is compressed'),
        (24, struct.pack('<L', 2**31), 'is compressed, not stored'),
        (20, struct.pack('<2L', 2**31, 2**31), 'more than 2,013,265,920'),
        (20, struct.pack('<2L', 10**9, 10**9), 'longer than the file'),
        (42, struct.pack('<L', 0), 'overlaps another'),
        (16, struct.pack('<L', 1), 'a header that says other than'),
    ],
)
def test_a_table_of_contents_that_lies(bundle, tmp_path, place, value, match):
    content = bytearray(bundle.read_bytes())
    _, entry = directory(content)
    content[entry + place : entry + place + len(value)] = value
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(content)
    with at_most(50e6):
        refused(path, match)


def test_a_directory_of_any_length(bundle, tmp_path):
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    # Of ZIP64, which has sizes of 64 bits.
    locator = b'PK\x06\x07' + bytes(16)
    path.write_bytes(content[:-22] + locator + content[-22:])
    refused(path, 'a zip archive of 4 or more parts')
    path.write_bytes(content[:-14] + struct.pack('<2H', 9, 9) + content[-10:])
    refused(path, 'a zip archive of 9 or more parts')
    path.write_bytes(content[:-10] + struct.pack('<L', 2**30) + content[-6:])
    refused(path, 'table of contents has 1,073,741,824 bytes')
    path.write_bytes(content[:-2] + b'\x05\0hello')
    refused(path, 'does not end as a zip archive')


@pytest.mark.parametrize('share', [0, 0.001, 0.5, 0.999])
def test_a_file_that_is_cut_off(bundle, tmp_path, share):
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    path.write_bytes(content[: int(share * len(content))])
    refused(path, r'must be a bundle as .*Fetch the file again')


def test_flipped_bytes(bundle, tmp_path):
    """Each file is refused in one line, or is the same bundle."""
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    start = content.index(
        b'weights.safetensors', content.index(b'PK\x03\x04', 4000)
    )
    rng = np.random.default_rng(0)
    # Most of the file are weights; try what stands around them, too.
    places = [
        *rng.integers(0, start + 3000, 60),
        *rng.integers(0, len(content), 20),
        *rng.integers(len(content) - 500, len(content), 60),
    ]
    refusals, before = [], read_parts(bundle)
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            assert read_parts(path) == before
        except ValueError as error:
            refusals.append(str(error))
    assert all(str(path) in said for said in refusals)
    assert len(refusals) > len(places) / 2


def test_any_bytes(tmp_path):
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(b'PK\x05\x06' + bytes(18))
    refused(path, 'is missing')
    path.write_bytes(b'PK\x03\x04')
    refused(path, 'it has 4 bytes')


def of(parts, path, change=None, **fields):
    """An archive whose card has other fields, see zipfile.ZipInfo."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, part in parts.items():
            info = zipfile.ZipInfo(name)
            if name == CARD:
                for field, value in fields.items():
                    setattr(info, field, value)
            archive.writestr(info, part)
    if change:
        path.write_bytes(change(path.read_bytes()))
    return path


# Info-ZIP's field 0x7075 gives a part a second name: version, CRC-32, name.
SECOND_NAME = struct.pack('<2HBL', 0x7075, 14, 1, 0) + b'/tmp/evil'


@pytest.mark.parametrize(
    'fields', [{'extra': SECOND_NAME}, {'comment': b'run: curl'}]
)
def test_what_a_part_has_besides(parts, tmp_path, fields):
    path = of(parts, tmp_path / 'x.mmuldor', **fields)
    refused(path, 'card.md` has flags, a comment or an extra field')


def shifted(content, count):
    """The table of contents, moved; its last word is where it begins."""
    begin = struct.unpack('<L', content[-6:-2])[0]
    return content[:-6] + struct.pack('<LH', begin + count, 0)


@pytest.mark.parametrize(
    'change',
    [
        # A shell script, a page or a program that is a bundle, too.
        lambda content: b'#!/bin/sh\nreboot\n' + content,
        lambda content: shifted(content, -4),
        lambda content: shifted(content, 10**6),
    ],
)
def test_bytes_before_the_archive(parts, tmp_path, change):
    path = of(parts, tmp_path / 'x.mmuldor', change)
    refused(path, 'bytes before its first part|must be a bundle as')


def test_bytes_between_the_parts(parts, tmp_path):
    def change(content):
        begin, _ = directory(content)
        hidden = b'MZ hidden'
        moved = content[:begin] + hidden + content[begin:]
        return shifted(moved, len(hidden))

    path = of(parts, tmp_path / 'x.mmuldor', change)
    refused(path, 'bytes behind its last part')


def test_a_part_that_is_not_in_the_table_of_contents(parts, tmp_path):
    path = tmp_path / 'x.mmuldor'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('evil.py', b'import os')
        for name, part in parts.items():
            archive.writestr(name, part)
        # Programs that read from the first byte on find it.
        del archive.filelist[0]
    refused(path, 'overlaps another, or does not follow it')


@pytest.mark.parametrize(
    ('place', 'value'),
    [
        (6, struct.pack('<H', 8)),
        (8, struct.pack('<H', 8)),
        (14, struct.pack('<L', 1)),
        (18, struct.pack('<L', 0)),
        (22, struct.pack('<L', 0)),
        (28, struct.pack('<H', 1)),
    ],
)
def test_a_header_that_lies(bundle, tmp_path, place, value):
    content = bytearray(bundle.read_bytes())
    # Of `bundle.json`: flags, compression, CRC-32, sizes, extra field.
    content[place : place + len(value)] = value
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(content)
    refused(path, 'header that says other than|does not follow it')


def test_a_part_of_several_files(bundle, tmp_path):
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    path.write_bytes(content[:-18] + b'\1\0' + content[-16:])
    refused(path, 'a zip archive of several files')


def test_a_byte_of_the_weights(bundle, tmp_path):
    content = bytearray(bundle.read_bytes())
    begin, _ = directory(content)
    content[begin - 1] ^= 1
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(content)
    refused(path, 'Bad CRC-32')
