import zipfile
from pathlib import Path

from data_prep.deeplesion.verification.zip_parts import (
    Contents,
    ZipPart,
    is_safe,
    part_path,
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
