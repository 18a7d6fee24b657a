"""Which scans are found, and the names of their folders."""

import os

import pytest

from mmuldor.apis.many_scans.scan_list import (
    list_scans,
    read_scan_list,
    scans_in,
)
from tests.support.dicom_series import write_slice


def names_of(*paths):
    return [scan.name for scan in list_scans(paths)]


def test_a_name_is_that_of_the_file_or_folder():
    given = ('/d/a.nii.gz', '/d/B.NII', '/d/c.NII.GZ', '/d/e.f', '/d/g.dcm')
    assert names_of(*given) == ['a', 'B', 'c', 'e.f', 'g']


@pytest.mark.parametrize(
    ('paths', 'expected'),
    [
        (('/a/scan.nii', '/b/scan.nii'), ['a_scan', 'b_scan']),
        (('/a/x/s', '/b/x/s', '/c/s'), ['a_x_s', 'b_x_s', 'c_s']),
        (('/d/S.nii', '/d/s.nii.gz'), ['d_S', 'd_s_2']),
        (('/d/s', '/d/s.nii', '/d/s.nii.gz'), ['d_s', 'd_s_2', 'd_s_3']),
        (('/a/s', '/b/s', '/c/a_s'), ['a_s', 'b_s', 'c_a_s']),
        # One name on a Mac, composed and decomposed.
        (('/a/\u00e9', '/b/e\u0301'), ['a_\u00e9', 'b_e\u0301']),
        (('/d/all_lesions.csv',), ['d_all_lesions.csv']),
        (('/all_scans.csv',), ['all_scans.csv_2']),
        (('/d/.nii',), ['scan']),
        (('/',), ['scan']),
    ],
)
def test_names_are_unique_in_any_case(paths, expected):
    found = names_of(*paths)
    # d/s and so on differ in nothing but their ending.
    assert found == expected
    assert len({name.casefold() for name in found}) == len(found)


def test_names_do_not_depend_on_the_order():
    paths = ['/a/s.nii', '/b/s.nii', '/c/t.nii']
    forth, back = list_scans(paths), list_scans(paths[::-1])
    assert sorted(forth) == sorted(back)


def test_long_names_fit_a_file_system():
    found = names_of('/a/' + 'n' * 255, '/b/' + 'n' * 255)
    assert all(len(name) <= 204 for name in found)
    assert len(set(found)) == 2


def test_a_scan_given_twice_is_done_once(tmp_path):
    (tmp_path / 'a.nii').touch()
    (tmp_path / 'link.nii').symlink_to(tmp_path / 'a.nii')
    given = [
        f'{tmp_path}/a.nii',
        f'{tmp_path}/./a.nii',
        f'{tmp_path}/link.nii',
    ]
    assert list_scans(given) == [(given[0], 'a')]


def test_a_link_has_its_own_name(tmp_path):
    """As git-annex and DataLad keep files."""
    store = tmp_path / 'annex' / 'MD5E-s77--0123.nii.gz'
    store.parent.mkdir()
    store.touch()
    (tmp_path / 'scans').mkdir()
    link = tmp_path / 'scans' / 'p1.nii.gz'
    link.symlink_to(store)
    assert list_scans([str(link)]) == [(str(link), 'p1')]


def test_a_list_is_a_scan_a_line(tmp_path, monkeypatch):
    (tmp_path / 'lists').mkdir()
    (tmp_path / 'lists' / 'beside.nii').touch()
    (tmp_path / 'here.nii').touch()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / 'lists' / 'list.txt'
    file.write_bytes(
        b'\xef\xbb\xbf# scans\r\n\r\n here.nii \r\nbeside.nii\r\n'
        b'/x/caf\xe9.nii\r\ngone.nii'
    )
    assert read_scan_list(file) == [
        'here.nii',
        str(tmp_path / 'lists' / 'beside.nii'),
        os.fsdecode(b'/x/caf\xe9.nii'),
        'gone.nii',
    ]


@pytest.mark.parametrize('content', ['', '# none\n\n'])
def test_a_list_without_scans_is_refused(tmp_path, content):
    (tmp_path / 'list.txt').write_text(content)
    with pytest.raises(ValueError, match='names none'):
        read_scan_list(tmp_path / 'list.txt')


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='--scans-from'):
        read_scan_list(tmp_path / 'list.txt')


def test_scans_of_a_folder(tmp_path):
    for name in ('b.nii.gz', 'A.NII', '.DS_Store', '._b.nii.gz', 'notes.TXT'):
        (tmp_path / name).touch()
    for name in ('c', '.hidden'):
        (tmp_path / name).mkdir()
    found = [os.path.basename(path) for path in scans_in(tmp_path)]
    assert found == ['A.NII', 'b.nii.gz', 'c']


def test_a_folder_without_scans_is_refused(tmp_path):
    with pytest.raises(ValueError, match='has none'):
        scans_in(tmp_path)
    with pytest.raises(FileNotFoundError, match='--scans-in'):
        scans_in(tmp_path / 'gone')


@pytest.mark.parametrize('kind', ['dicom', 'png'])
def test_a_series_itself_is_no_folder_of_scans(tmp_path, kind):
    for number in range(2):
        if kind == 'dicom':
            write_slice(tmp_path, number)
        else:
            (tmp_path / f'{number:03d}.png').touch()
    with pytest.raises(ValueError, match='Is it one scan'):
        scans_in(tmp_path)


def test_files_of_many_frames_are_scans(tmp_path):
    for number in range(2):
        write_slice(tmp_path, number, NumberOfFrames=20)
    assert len(scans_in(tmp_path)) == 2


def test_a_list_in_utf_16(tmp_path):
    """As PowerShell writes it."""
    text = 'a.nii\r\nCafé.nii\r\n'
    (tmp_path / 'list.txt').write_bytes(text.encode('utf-16'))
    assert read_scan_list(tmp_path / 'list.txt') == ['a.nii', 'Café.nii']


def test_a_scan_is_no_list(tmp_path):
    (tmp_path / 'a.nii.gz').write_bytes(b'\x1f\x8b\x08\x00\x00\xff')
    with pytest.raises(ValueError, match=r'a\.nii\.gz is none. Is it a scan'):
        read_scan_list(tmp_path / 'a.nii.gz')
