import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from mmuldor.scans.dicom.references.valid_values import (
    INVALID,
    is_repaired,
    valid_value,
)


@pytest.fixture(autouse=True)
def any_value(monkeypatch):
    """Headers may hold what pydicom would not write."""
    for mode in ('reading_validation_mode', 'writing_validation_mode'):
        monkeypatch.setattr(config.settings, mode, config.IGNORE)


def header_of(keyword, value, vr=None):
    header = Dataset()
    if vr is None:
        setattr(header, keyword, value)
    else:
        header.add(DataElement(keyword, vr, value))
    return header


@pytest.mark.parametrize(
    ('keyword', 'value', 'expected'),
    [
        ('StudyDate', '20200131', '20200131'),
        ('StudyDate', '2020.01.31', '20200131'),
        ('StudyDate', '2020-01-31', '20200131'),
        ('StudyTime', '101112.25', '101112.25'),
        ('StudyTime', '10', '10'),
        ('StudyTime', '10:11', '1011'),
        ('StudyTime', '10:11:12.5', '101112.5'),
        ('PatientSex', 'F', 'F'),
        ('PatientSex', 'm', 'M'),
        ('PatientAge', '045Y', '045Y'),
        ('PatientID', ' 7 ', '7'),
        ('PatientName', 'A^B', 'A^B'),
        ('StudyDescription', '\u80f8\u90e8\u3000x', '\u80f8\u90e8\u3000x'),
        ('StudyInstanceUID', '1.2.0.34', '1.2.0.34'),
        ('StudyInstanceUID', '2.25.99', '2.25.99'),
        ('SeriesNumber', 7, 7),
    ],
)
def test_what_can_be_written(keyword, value, expected):
    header = header_of(keyword, value)
    found = valid_value(header, keyword)
    assert found == expected
    changed = str(expected) != str(value).strip()
    assert is_repaired(header, keyword, found) == changed


@pytest.mark.parametrize(
    ('keyword', 'value'),
    [
        ('PatientBirthDate', 'unknown'),
        ('PatientBirthDate', '00000000'),
        ('PatientBirthDate', '19000000'),
        ('StudyDate', '20200230'),
        ('StudyDate', '2020'),
        ('StudyDate', '2020.01-31'),
        ('StudyTime', '250000'),
        ('StudyTime', '235960'),
        ('StudyTime', '10:1112'),
        ('StudyTime', 'noon'),
        ('PatientSex', 'W'),
        ('PatientSex', 'female'),
        ('PatientAge', '45'),
        ('PatientID', 'x' * 65),
        ('PatientID', 'a\nb'),
        ('PatientID', ['a', 'b']),
        ('StudyID', 'x' * 17),
        ('PatientName', 'a=b=c=d'),
        ('PatientName', 'A^B^C^D^E^F'),
        ('PatientName', '^^^^'),
        ('PatientName', 'x' * 65),
        ('StudyDescription', 'a\ufffdb'),
        ('StudyInstanceUID', 'anonymous'),
        ('StudyInstanceUID', '1.2.03'),
        ('StudyInstanceUID', '1.2.'),
        ('StudyInstanceUID', '0.1.2'),
        ('StudyInstanceUID', '3.14'),
        ('StudyInstanceUID', '2.999.1'),
        ('StudyInstanceUID', '1.' + '2' * 70),
        ('SeriesNumber', 2**40),
    ],
)
def test_what_cannot_be_written(keyword, value):
    assert valid_value(header_of(keyword, value), keyword) is INVALID


@pytest.mark.parametrize('value', [None, '', ' ', '\0'])
def test_nothing_is_none(value):
    assert valid_value(header_of('PatientID', value), 'PatientID') is None
    assert valid_value(Dataset(), 'PatientID') is None


def test_a_long_name_loses_its_last_parts():
    """Latin, ideographic and phonetic: 20, 16 and 28 bytes of UTF-8."""
    latin, kanji = 'Kobayashi^Shinnosuke', '\u5c0f\u6797^\u614e\u4e4b\u52a9'
    kana = '\u3053\u3070\u3084\u3057^\u3057\u3093\u306e\u3059\u3051'
    header = header_of('PatientName', '='.join([latin, kanji, kana]))
    found = valid_value(header, 'PatientName')
    assert found == f'{latin}={kanji}'
    assert is_repaired(header, 'PatientName', found)


@pytest.mark.parametrize(
    ('keyword', 'vr', 'value', 'expected'),
    [
        ('StudyInstanceUID', 'LO', '1.2.3', '1.2.3'),
        ('PatientSex', 'LO', 'F', 'F'),
        ('StudyDate', 'DT', '20200131101112', INVALID),
        ('SliceThickness', 'LO', 'thin', INVALID),
        ('SliceThickness', 'LO', '2.5', '2.5'),
        ('PatientID', 'OB', b'\x01\x02', INVALID),
        ('PatientID', 'SQ', [Dataset()], INVALID),
    ],
)
def test_wrong_representations(keyword, vr, value, expected):
    header = header_of(keyword, value, vr)
    assert valid_value(header, keyword) == expected


def test_a_value_that_cannot_be_decoded():
    class Damaged(Dataset):
        def get(self, key, default=None):
            raise NotImplementedError

    assert valid_value(Damaged(), 'PatientID') is INVALID
