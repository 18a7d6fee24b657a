"""Headers, one file at a time."""

import inspect
import zlib

import pydicom
import pytest
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from mmuldor.io.limits import MAX_SLICE_BYTES
from mmuldor.scans.dicom.headers import find_images, open_header
from tests.support.counted_reads import counted_reads
from tests.support.dicom_series import write_slice
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
    files, notes = find_images(tmp_path)
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
