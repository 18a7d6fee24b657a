"""Headers, one file at a time."""

import inspect
import io
import struct
import zlib

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    BasicTextSRStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from mmuldor.io.limits import MAX_SLICE_BYTES
from mmuldor.scans.dicom import encoding
from mmuldor.scans.dicom.folder import find_images
from mmuldor.scans.dicom.headers import open_header
from mmuldor.scans.dicom.series import read_dicom
from tests.support.counted_reads import counted_reads
from tests.support.ct_slices import ct_slice
from tests.support.dicom_series import (
    expected,
    hu_of,
    write_series,
    write_slice,
)
from tests.support.enhanced_ct import frame, write_enhanced
from tests.support.memory import at_most


def test_everything_but_the_pixels(tmp_path):
    header = open_header(write_slice(tmp_path, 3))
    assert header.Modality == 'CT'
    assert header.ImagePositionPatient == [-20, -30, 107.5]
    assert 'PixelData' not in header


@pytest.mark.parametrize('content', [b'', b'text', bytes(300)])
def test_no_dicom_has_no_header(tmp_path, content):
    path = tmp_path / 'other'
    path.write_bytes(content)
    with counted_reads() as reads:
        assert open_header(path) is None
    assert reads[path] == 1


def test_a_large_file_that_is_no_dicom_is_another_file(tmp_path):
    path = write_slice(tmp_path, 1)
    large = tmp_path / 'large'
    with large.open('wb') as file:
        file.truncate(MAX_SLICE_BYTES + 1)
    files, _, notes = find_images(tmp_path)
    assert [file.path for file in files] == [path]
    assert notes == ['1 files that are no DICOM images']


def test_a_large_dicom_file_is_refused_unread(tmp_path):
    path = write_slice(tmp_path, 1)
    with path.open('r+b') as file:
        file.truncate(MAX_SLICE_BYTES + 1)
    with at_most(20e6), pytest.raises(ValueError, match=r'IM007 must be one'):
        open_header(path)


@pytest.mark.parametrize('padding', [b'', b'\0'])
def test_a_deflated_file_is_inflated_and_let_go(tmp_path, padding):
    """A padding byte behind the stream was inflated without end."""
    path = write_slice(tmp_path, 1, PixelData=bytes(2**20))
    plain = open_header(path)
    deflate(path, padding)
    with counted_reads() as reads:
        header = open_header(path)
    assert reads[path] == 1
    assert header == plain
    assert not getattr(header, 'buffer', None)


@pytest.mark.parametrize('kind', ['of unknown length', 'known', 'deflated'])
def test_a_sequence_of_too_many_items_is_not_parsed(
    tmp_path, monkeypatch, kind
):
    """Each became a dataset: 200,000 took half a minute."""
    parsed = []
    read_item = pydicom.filereader.read_sequence_item

    def counted(*args, **options):
        parsed.append(1)
        return read_item(*args, **options)

    monkeypatch.setattr(pydicom.filereader, 'read_sequence_item', counted)
    monkeypatch.setattr(encoding, 'MAX_HEADER_ITEMS', 50)
    for count in (50, 200_000):
        path = write_slice(tmp_path, 1)
        insert_items(path, count, known=kind == 'known')
        if kind == 'deflated':
            deflate(path, b'')
        parsed.clear()
        if count == 50:
            header = open_header(path)
            assert len(header.ReferencedStudySequence) == 50
            # The last one tells that a sequence of unknown length ends.
            assert len(parsed) in (50, 51)
            continue
        with pytest.raises(ValueError, match='more than 50 items'):
            open_header(path)
        assert len(parsed) <= 51


def test_too_many_elements_are_not_read(tmp_path, monkeypatch):
    """All with one tag, so that few are in the end."""
    path = write_slice(tmp_path, 1)
    whole = path.read_bytes()
    place = whole.index(b'\x20\x00\x0d\x00UI')
    empty = b'\x18\x00\x50\x00DS\0\0' * 200_000
    path.write_bytes(whole[:place] + empty + whole[place:])
    monkeypatch.setattr(encoding, 'MAX_HEADER_ELEMENTS', 1000)
    seen = []
    read = pydicom.filereader.RawDataElement

    def counted(*args):
        seen.append(1)
        return read(*args)

    monkeypatch.setattr(pydicom.filereader, 'RawDataElement', counted)
    with pytest.raises(ValueError, match='more than 1,000 elements'):
        open_header(path)
    # Those of the file meta are read by themselves.
    assert 500 < len(seen) <= 1020


def insert_items(path, count, *, known):
    """A ReferencedStudySequence of empty items, before the PatientName."""
    whole = path.read_bytes()
    place = whole.index(b'\x20\x00\x0d\x00UI')
    items = b'\xfe\xff\x00\xe0\0\0\0\0' * count
    length = struct.pack('<I', len(items) if known else 2**32 - 1)
    end = b'' if known else b'\xfe\xff\xdd\xe0\0\0\0\0'
    sequence = b'\x08\x00\x10\x11SQ\0\0' + length + items + end
    path.write_bytes(whole[:place] + sequence + whole[place:])


def test_pydicoms_private_reader_stops_where_the_inflated_part_begins(
    tmp_path,
):
    """It has our argument, says the syntax, and leaves the rest unread.

    pydicom's public `read_file_meta_info` takes a path and opens it again.
    """
    read = pydicom.filereader._read_file_meta_info
    assert len(inspect.signature(read).parameters) == 1
    path = write_slice(tmp_path, 1)
    deflate(path, b'')
    with path.open('rb') as file:
        pydicom.filereader.read_preamble(file, False)
        meta = read(file)
        rest = file.read()
    assert meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    # A dataset begins with group 0008.
    assert zlib.decompress(rest, -zlib.MAX_WBITS)[:2] == b'\x08\x00'


def truncated(path, keyword):
    """Cut a file in the middle of an element."""
    whole = path.read_bytes()
    tag = pydicom.tag.Tag(keyword)
    place = whole.index(struct.pack('<HH', tag.group, tag.element))
    path.write_bytes(whole[: place + 6])


@pytest.mark.parametrize('keyword', ['StudyInstanceUID', 'Rows'])
def test_a_slice_cut_off_in_its_header_is_refused_by_name(tmp_path, keyword):
    """Before its series is stated, it may be of any, and after it."""
    write_series(tmp_path)
    truncated(tmp_path / 'IM014', keyword)
    with pytest.raises(ValueError, match=r'IM014 must be a whole CT image'):
        read_dicom(tmp_path)


@pytest.mark.parametrize(
    ('keyword', 'stops'), [('StudyInstanceUID', False), ('Rows', True)]
)
def test_a_cut_slice_where_the_series_is_chosen(tmp_path, keyword, stops):
    """One of another series never stops; nor one that does not say which."""
    write_series(tmp_path / 'a')
    write_series(tmp_path / 'b', uid='1.2.4')
    truncated(tmp_path / 'b' / 'IM014', keyword)
    series = read_dicom(tmp_path, '1.2.3')
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['1 DICOM files that cannot be read: IM014']
    if stops:
        with pytest.raises(ValueError, match=r'IM014 must be a whole'):
            read_dicom(tmp_path, '1.2.4')


@pytest.mark.parametrize('series_uid', [None, '1.2.3'])
@pytest.mark.parametrize('size', [160, 300, 400])
def test_half_a_report_does_not_stop_a_scan(tmp_path, series_uid, size):
    """Of another class, of the same series or not."""
    write_series(tmp_path)
    whole = io.BytesIO()
    report = ct_slice(
        hu_of(0) + 1024,
        SOPClassUID=BasicTextSRStorage,
        Modality='SR',
        SeriesInstanceUID='1.2.9',
    )
    report.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    report.save_as(whole, enforce_file_format=True)
    (tmp_path / 'SR').write_bytes(whole.getvalue()[:size])
    series = read_dicom(tmp_path, series_uid)
    assert np.array_equal(series.volume.hu, expected())
    (note,) = series.notes
    assert note in (
        '1 files that are no DICOM images',
        '1 DICOM files that cannot be read: SR',
    )


def test_noise_with_the_letters_of_dicom_does_not_stop_a_scan(tmp_path):
    write_series(tmp_path)
    rng = np.random.default_rng(0)
    for number in range(8):
        # Of the meta group, and nothing that pydicom can make sense of.
        content = b'\x02\0\x10\0UI' + rng.bytes(400)
        path = tmp_path / f'noise{number}'
        path.write_bytes(bytes(128) + b'DICM' + content)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    counts = [int(note.split()[0]) for note in series.notes]
    assert sum(counts) == 8


def test_an_object_that_refers_to_the_series_is_no_slice(tmp_path):
    """A presentation state names the series before its own."""
    write_series(tmp_path)
    state = '1.2.840.10008.5.1.4.1.1.11.1'
    referred = Dataset()
    referred.SeriesInstanceUID = '1.2.3'
    path = write_slice(
        tmp_path,
        8,
        uid='1.2.8',
        name='PR',
        SOPClassUID=state,
        ReferencedSeriesSequence=[referred],
    )
    truncated(path, 'PixelSpacing')
    path.write_bytes(path.read_bytes().replace(CTImageStorage.encode(), b'1'))
    assert read_dicom(tmp_path).uid == '1.2.3'


def test_an_element_of_no_known_type_behind_those_that_are_used(tmp_path):
    """Copying the header decoded it, outside of what catches errors."""
    write_enhanced(tmp_path / 'ct', [frame(n) for n in range(3)])
    whole = (tmp_path / 'ct').read_bytes()
    shared = b'\x00\x52\x29\x92SQ'
    assert shared in whole
    (tmp_path / 'ct').write_bytes(whole.replace(shared, shared[:-1] + b'\0'))
    with pytest.raises(ValueError, match=r'ct: the header must be readable'):
        read_dicom(tmp_path)


def test_nothing_but_what_cannot_be_read(tmp_path):
    path = write_slice(tmp_path, 1)
    truncated(path, 'Rows')
    with pytest.raises(ValueError, match=r'IM007 must be a whole CT image'):
        read_dicom(tmp_path)
    # Of no CT, and the type of an element of the file meta is unknown.
    content = write_slice(tmp_path, 1).read_bytes()
    content = content.replace(b'\x02\0\x02\0UI', b'\x02\0\x02\0U\x1a')
    secondary = SecondaryCaptureImageStorage.encode()
    path.write_bytes(content.replace(CTImageStorage.encode(), secondary))
    with pytest.raises(FileNotFoundError, match=r'1 files .* 1 cannot be'):
        read_dicom(tmp_path)


def deflate(path, padding):
    """Write a file again in the deflated transfer syntax."""
    data = pydicom.dcmread(path)
    meta = data.file_meta
    whole = path.read_bytes()
    start = 132 + 12 + meta.FileMetaInformationGroupLength
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = deflater.compress(whole[start:]) + deflater.flush()
    with path.open('wb') as file:
        file.write(bytes(128) + b'DICM')
        write_file_meta_info(file, meta)
        file.write(body + padding)
