import struct
import zipfile
from pathlib import Path

import pytest

from data_prep.deeplesion.verification.zip_parts import (
    Contents,
    ZipPart,
    is_safe,
    part_path,
    read_part,
)


def test_links_devices_and_pipes_in_a_zip_are_not_safe():
    member = zipfile.ZipInfo('Images_png/000001_01_01')
    for mode in (0, 0o100644, 0o040755):
        member.external_attr = mode << 16
        assert is_safe(member)
    for mode in (0o120777, 0o060666, 0o020666, 0o010666, 0o140777):
        member.external_attr = mode << 16
        assert not is_safe(member)


def part(number, *series, state='whole'):
    return ZipPart(number, part_path(Path(), number), state, '', series)


def test_a_part_that_is_not_there_is_known_by_its_neighbours():
    lost = [part(n, state='missing') for n in (2, 5, 6)]
    whole = [part(1, 'a', 'c'), part(3, 'g', 'k'), part(4, 'k', 'm')]
    contents = Contents([*whole, *lost])
    assert contents.parts_of('a') == [1]
    assert contents.parts_of('k') == [3, 4]
    assert contents.parts_of('e') == [2]
    assert contents.parts_of('p') == [5, 6]
    # Between two series of a whole part there is nothing else.
    assert contents.parts_of('b') == []
    unordered = [part(1, 'k', 'm'), part(3, 'a', 'c')]
    assert Contents([*unordered, *lost]).parts_of('e') == []
    assert Contents(lost).parts_of('a') == Contents([]).parts_of('a') == []


def test_missing_and_damaged_zip_parts(here, capsys):
    path = here.zips / 'Images_png_02.zip'
    path.write_bytes(path.read_bytes()[:-10])
    report = here.verify('--zips', here.zips, '--parts', 1, 2, 3)
    assert [part['state'] for part in report['zips']] == [
        'whole',
        'damaged',
        'missing',
    ]
    out = capsys.readouterr().out
    assert '1 zip parts are not there: 03. Download them' in out
    assert 'Images_png_02.zip: it cannot be read' in out
    # None of those that are asked for is there, but the folder is right.
    report = here.verify('--zips', here.zips, '--parts', 5)
    assert report['zips'][0]['state'] == 'missing'
    assert '1 zip parts are not there: 05.' in capsys.readouterr().out
    assert len(here.verify('--zips', here.zips)['zips']) == 56
    assert '54 zip parts are not there: 03-56.' in capsys.readouterr().out


def test_an_empty_or_foreign_zip_is_not_whole(here):
    path = here.write_zip(2, [], names=['readme.txt'])
    assert read_part(here.zips, 2).problem == 'it holds no slices'
    path.write_bytes(b'')
    assert read_part(here.zips, 2).state == 'damaged'


HOSTILE = [
    '../evil.png',
    'Images_png/../../evil.png',
    '/etc/evil.png',
    'C:\\evil.png',
    'Images_png\\..\\evil.png',
]


@pytest.mark.parametrize('name', HOSTILE)
def test_members_that_leave_the_folder(here, name, capsys):
    here.write_zip(2, ['000003_01_01'], names=[name])
    report = here.verify_zips()
    assert report['zips'][1]['state'] == 'unsafe'
    assert repr(name) in report['zips'][1]['problem']
    assert 'Do not unpack it' in capsys.readouterr().out


@pytest.mark.parametrize('name', ['005.png', '005.PNG'])
def test_members_that_come_twice(here, name, capsys):
    here.write_zip(
        2, ['000003_01_01'], names=[f'Images_png/000003_01_01/{name}']
    )
    (_, report) = here.verify_zips()['zips']
    assert report['state'] == 'unsafe'
    assert report['problem'].endswith('comes twice')


def lie(path, sizes):
    """The last member's sizes in the table of contents."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(b'PK\1\2')
    struct.pack_into('<2I', data, entry + 20, *sizes)
    path.write_bytes(data)


@pytest.mark.parametrize('sizes', [None, (100, 2**32 - 2)])
def test_a_zip_that_unpacks_to_much(here, sizes, capsys):
    """By its data, or by what it says of it."""
    if sizes:
        lie(here.write_zip(2, ['000003_01_01']), sizes)
    else:
        path = here.write_zip(2, [])
        with zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as archive:
            for number in range(3):
                name = f'Images_png/000003_01_01/{number:03d}.png'
                archive.writestr(name, bytes(10**7))
    (_, report) = here.verify_zips()['zips']
    assert report['state'] == 'unsafe'
    assert 'would unpack to' in report['problem']
