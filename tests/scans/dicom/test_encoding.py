"""Files without preamble, file meta or transfer syntax."""

import io
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom import uid

from mmuldor.scans.dicom.encoding import START_BYTES, starts_dicom
from mmuldor.scans.dicom.series import read_dicom
from tests.support.counted_reads import counted_reads
from tests.support.dicom_series import expected, write_series, write_slice
from tests.support.memory import at_most

SYNTAXES = {
    'implicit': (uid.ImplicitVRLittleEndian, True, True),
    'explicit': (uid.ExplicitVRLittleEndian, False, True),
    'big': (uid.ExplicitVRBigEndian, False, False),
}


def written(data):
    """The bytes of a file; the length of its meta group is at 140."""
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


def rewrite(path, syntax, *, preamble=False, meta=False, stated=False):
    """Write a slice again without what old software leaves out."""
    data = pydicom.dcmread(path)
    wanted, implicit, little = SYNTAXES[syntax]
    if not little:
        data.PixelData = data.pixel_array.astype('>u2').tobytes()
    for element in data:
        assert element.value is not None
    data.file_meta.TransferSyntaxUID = wanted
    # Else pydicom refuses another order of bytes.
    data.set_original_encoding(implicit, little)
    whole = written(data)
    start = 144 + int.from_bytes(whole[140:144], 'little')
    head = whole[132:start]
    if not stated:
        value = wanted.encode() + b'\0' * (len(wanted) % 2)
        size = len(value).to_bytes(2, 'little')
        element = b'\x02\0\x10\0UI' + size + value
        assert element in head
        head = head.replace(element, b'')
        length = (len(head) - 12).to_bytes(4, 'little')
        head = head[:8] + length + head[12:]
    path.write_bytes(whole[: 132 * preamble] + head * meta + whole[start:])


@pytest.mark.parametrize('syntax', SYNTAXES)
@pytest.mark.parametrize(
    'parts',
    [
        {},
        {'meta': True, 'stated': True},
        {'meta': True},
        {'preamble': True},
        {'preamble': True, 'meta': True},
    ],
    ids=lambda parts: '+'.join(parts) or 'nothing',
)
def test_slices_without_preamble_meta_or_syntax(tmp_path, syntax, parts):
    for path in write_series(tmp_path):
        rewrite(path, syntax, **parts)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == []


@pytest.mark.parametrize('syntax', SYNTAXES)
@pytest.mark.parametrize('start', [b'DICM', bytes(128)])
def test_prefix_or_preamble_alone(tmp_path, syntax, start):
    paths = write_series(tmp_path)
    for number, path in enumerate(paths):
        rewrite(path, syntax, meta=number % 2 == 0, stated=True)
        path.write_bytes(start + path.read_bytes())
    with counted_reads() as reads:
        series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == []
    assert [reads[path] for path in paths] == [2] * len(paths)


def test_some_slices_of_a_series_without_preamble(tmp_path):
    for path in write_series(tmp_path)[1::2]:
        rewrite(path, 'implicit')
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == []


def test_a_cut_slice_without_preamble_is_refused_by_name(tmp_path):
    path = write_series(tmp_path)[2]
    rewrite(path, 'explicit')
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r'IM014 must be a whole CT image'):
        read_dicom(tmp_path)


def test_compressed_pixels_of_no_stated_syntax(tmp_path):
    for path in write_series(tmp_path):
        data = pydicom.dcmread(path)
        data.compress(uid.RLELossless)
        whole = written(data)
        start = 144 + int.from_bytes(whole[140:144], 'little')
        path.write_bytes(whole[start:])
    with pytest.raises(
        ValueError,
        match=r'IM000: .*TransferSyntaxUID is missing, .* not 96 as .*Export',
    ):
        read_dicom(tmp_path)


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('a', 'b' * 500)
    return file.getvalue()


OTHERS = {
    'empty': b'',
    'short': b'\x08\0',
    'zeros': bytes(300),
    'text': b'no DICOM, but a longer text\n' * 20,
    'JPEG': b'\xff\xd8\xff\xe0\0\x10JFIF\0' + bytes(200),
    'PNG': b'\x89PNG\r\n\x1a\n' + bytes(200),
    'zip': zipped(),
    'exe': b'MZ\x90\0\3\0\0\0' + bytes(200),
    'macOS': b'\0\5\x16\7\0\2\0\0Mac OS X' + bytes(200),
    '.DS_Store': b'\0\0\0\1Bud1\0\0\x10' + bytes(200),
    'Thumbs.db': b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(200),
    'NIfTI': b'\x5c\1\0\0' + bytes(344),
    'labels of 2': b'\2\0' * 500,
    'labels of 8': b'\x08\0' * 500,
    'group 8, no element': b'\x08\0\xff\xffUI\2\0' + bytes(200),
    'group 2, implicit': b'\2\0\x10\0\x14\0\0\0' + bytes(200),
    'group 8, too long': b'\x08\0\5\0\0\0\1\0' + bytes(200),
}


@pytest.mark.parametrize('kind', OTHERS)
def test_other_files_are_no_dicom(tmp_path, kind):
    assert not starts_dicom(OTHERS[kind][:START_BYTES])
    write_series(tmp_path)
    (tmp_path / 'other').write_bytes(OTHERS[kind])
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['1 files that are no DICOM images']


@pytest.mark.parametrize('suffix', ['.dcm', '.IMA'])
def test_a_slice_that_was_overwritten_is_named(tmp_path, suffix):
    """By zeros, as of a disk or an interrupted copy."""
    write_series(tmp_path)
    path = tmp_path / f'last{suffix}'
    path.write_bytes(bytes(500))
    path.with_name(f'._{path.name}').write_bytes(bytes(500))
    series = read_dicom(tmp_path)
    assert series.notes == [
        '2 files that are no DICOM images',
        f'1 of them named as DICOM: {path.name}',
    ]


def test_noise_is_no_dicom():
    rng = np.random.default_rng(0)
    assert not any(starts_dicom(rng.bytes(START_BYTES)) for _ in range(5000))


def test_a_first_element_alone_makes_no_image(tmp_path):
    """It passes the look at the first bytes, and nothing behind it does."""
    write_series(tmp_path)
    (tmp_path / 'other').write_bytes(b'\x08\0\5\0CS\2\0AB' + bytes(400))
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert len(series.notes) == 1


def test_a_false_length_costs_no_memory(tmp_path):
    """An element says that it has 4 GB, and the file has them."""
    path = write_slice(tmp_path, 1)
    false = b'\x08\0\x81\0OB\0\0\0\0\0\xf0' + bytes(100)
    path.write_bytes(false)
    with path.open('r+b') as file:
        file.truncate(2**33)
    with (
        at_most(150e6),
        pytest.raises(FileNotFoundError, match='1 cannot be read'),
    ):
        read_dicom(tmp_path)
