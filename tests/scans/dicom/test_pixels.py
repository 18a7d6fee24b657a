"""Pixels in HU, plain and compressed."""

import struct

import cv2
import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import RLELossless

from mmuldor.scans.dicom.series import read_dicom
from tests.support.compressed_images import (
    BLOCKS,
    HTJ2K,
    HTJ2K_LOSSY,
    HTJ2K_RPCL,
    HTJ2K_SIGNED,
    JPEG_12,
    RAMP,
)
from tests.support.ct_slices import ct_slice
from tests.support.dicom_series import (
    SLICES,
    expected,
    hu_of,
    write_series,
    write_slice,
)
from tests.support.enhanced_ct import enhanced_ct, frame


@pytest.mark.parametrize('syntax', ['rle', 'jpeg', 'jpeg_ls', 'jpeg_2000'])
def test_compressed_pixels(tmp_path, syntax):
    import gdcm

    for path in write_series(tmp_path):
        if syntax == 'rle':
            data = pydicom.dcmread(path)
            data.compress(RLELossless)
            data.save_as(path)
            continue
        kinds = gdcm.TransferSyntax
        wanted = {
            'jpeg': kinds.JPEGLosslessProcess14_1,
            'jpeg_ls': kinds.JPEGLSLossless,
            'jpeg_2000': kinds.JPEG2000Lossless,
        }[syntax]
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(wanted))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        syntax_uid = pydicom.dcmread(path).file_meta.TransferSyntaxUID
        assert syntax_uid.is_compressed
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())


def test_cut_off_pixels(tmp_path):
    path = write_series(tmp_path)[2]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r'IM014: the pixels must be read'):
        read_dicom(tmp_path)


def write_compressed(folder, syntax, streams, **changes):
    """Slices with these compressed images, 1 mm apart."""
    for number, (stream, shape) in enumerate(streams):
        data = ct_slice(
            np.zeros(shape),
            PixelSpacing=[1, 1],
            ImagePositionPatient=[0, 0, number],
            PixelData=encapsulate([stream]),
            **changes,
        )
        data['PixelData'].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = syntax
        data.save_as(folder / str(number), enforce_file_format=True)
    return folder


@pytest.mark.parametrize('stored', [12, 16])
def test_jpeg_extended_of_12_bits(tmp_path, stored, capfd):
    """pydicom's own plugin refuses it."""
    images = [(JPEG_12, BLOCKS.shape)] * 2
    bits = {'BitsStored': stored, 'HighBit': stored - 1}
    write_compressed(tmp_path, uid.JPEGExtended12Bit, images, **bits)
    hu = read_dicom(tmp_path).volume.hu
    assert np.array_equal(hu, [BLOCKS - 1024] * 2)
    assert capfd.readouterr() == ('', '')


def test_jpeg_extended_of_12_bits_with_a_sign(tmp_path):
    """Two's complement: 2048 is the lowest value, 4095 is -1."""
    images = [(JPEG_12, BLOCKS.shape)] * 2
    bits = {'BitsStored': 12, 'HighBit': 11, 'PixelRepresentation': 1}
    write_compressed(
        *(tmp_path, uid.JPEGExtended12Bit, images),
        **{**bits, 'RescaleIntercept': 0},
    )
    hu = read_dicom(tmp_path).volume.hu
    assert hu[0, ::8, ::8].tolist() == [[0, 1000], [-2048, -1]]


def test_a_real_image_of_jpeg_extended(tmp_path):
    """pydicom ships one; the numbers are those of gdcm."""
    source = pydicom.dcmread(get_testdata_file('JPGExtended.dcm'))
    stream = get_frame(source.PixelData, 0, number_of_frames=1)
    images = [(stream, (1024, 256))] * 2
    bits = {'BitsStored': 12, 'HighBit': 11, 'RescaleIntercept': 0}
    write_compressed(tmp_path, uid.JPEGExtended12Bit, images, **bits)
    hu = read_dicom(tmp_path).volume.hu
    assert hu[0].sum() == 3767007
    assert np.unravel_index(hu[0].argmax(), hu[0].shape) == (421, 143)
    assert hu[0].max() == 264
    assert hu[0, 300:302, 100:103].tolist() == [[36, 37, 37], [34, 35, 36]]


@pytest.mark.parametrize(
    'syntax', [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit]
)
@pytest.mark.parametrize('allocated', [8, 16])
def test_jpeg_of_8_bits(tmp_path, syntax, allocated):
    blocks = np.kron([[0, 100], [128, 255]], np.ones((8, 8), dtype=np.uint8))
    quality = [cv2.IMWRITE_JPEG_QUALITY, 100]
    stream = cv2.imencode('.jpg', blocks, quality)[1].tobytes()
    images = [(stream + bytes(len(stream) % 2), blocks.shape)] * 2
    bits = {'BitsAllocated': allocated, 'BitsStored': 8, 'HighBit': 7}
    write_compressed(tmp_path, syntax, images, **bits)
    hu = read_dicom(tmp_path).volume.hu
    assert np.array_equal(hu[1], blocks.astype(int) - 1024)


@pytest.mark.parametrize(
    ('syntax', 'stream', 'changes', 'expected_hu', 'error'),
    [
        (uid.HTJ2KLossless, HTJ2K, {}, RAMP - 1024, 0),
        (uid.HTJ2KLosslessRPCL, HTJ2K_RPCL, {}, RAMP - 1024, 0),
        (uid.HTJ2K, HTJ2K, {}, RAMP - 1024, 0),
        (uid.HTJ2K, HTJ2K_LOSSY, {}, RAMP - 1024, 40),
        (
            uid.HTJ2KLossless,
            HTJ2K_SIGNED,
            {'PixelRepresentation': 1, 'RescaleIntercept': 0},
            RAMP - 1000,
            0,
        ),
    ],
)
def test_high_throughput_jpeg_2000(
    tmp_path, syntax, stream, changes, expected_hu, error
):
    images = [(stream + bytes(len(stream) % 2), RAMP.shape)] * 2
    write_compressed(tmp_path, syntax, images, **changes)
    hu = read_dicom(tmp_path).volume.hu
    assert np.abs(hu[1].astype(int) - expected_hu).max() <= error


def test_a_real_image_that_states_another_sign_than_its_header(tmp_path):
    """pydicom ships one, a CT; the numbers are those of its other decoders."""
    source = pydicom.dcmread(get_testdata_file('J2K_pixelrep_mismatch.dcm'))
    stream = get_frame(source.PixelData, 0, number_of_frames=1)
    images = [(stream, (512, 512))] * 2
    bits = {'BitsStored': 13, 'HighBit': 12, 'PixelRepresentation': 1}
    write_compressed(
        *(tmp_path, uid.JPEG2000Lossless, images),
        **{**bits, 'RescaleIntercept': 0},
    )
    hu = read_dicom(tmp_path).volume.hu[0]
    assert (hu.min(), hu.max(), hu.sum()) == (-2000, 1896, -172605258)
    assert hu[256, 250:253].tolist() == [33, 32, 33]


def test_a_cut_image_is_not_filled_up(tmp_path):
    """Decoders return grey for what is missing, and no error."""
    images = [(JPEG_12[:-6], BLOCKS.shape)] * 2
    write_compressed(tmp_path, uid.JPEGExtended12Bit, images)
    with pytest.raises(ValueError, match='compressed image is cut off'):
        read_dicom(tmp_path)


@pytest.mark.parametrize(
    ('syntax', 'stream'),
    [
        (uid.JPEGExtended12Bit, JPEG_12 + bytes(len(JPEG_12) % 2)),
        (uid.HTJ2KLossless, HTJ2K + b'\0'),
    ],
)
def test_every_frame_must_state_the_size(tmp_path, syntax, stream):
    """The second of three states another one than the file."""
    size = BLOCKS.shape if stream.startswith(b'\xff\xd8') else RAMP.shape
    rows, columns = size
    made = [frame(n, stored=np.zeros(size)) for n in range(3)]
    data = enhanced_ct(made)
    data.file_meta.TransferSyntaxUID = syntax
    wide = stream.replace(
        struct.pack('>HH', rows, columns), struct.pack('>HH', 9000, 9000)
    ).replace(
        struct.pack('>II', columns, rows), struct.pack('>II', 9000, 9000)
    )
    assert wide != stream
    data['PixelData'].is_undefined_length = True
    data.PixelData = encapsulate([stream, stream, stream])
    data.save_as(tmp_path / 'a', enforce_file_format=True)
    assert read_dicom(tmp_path).volume.hu.shape == (3, *size)
    data.PixelData = encapsulate([stream, wide, stream])
    data.save_as(tmp_path / 'a', enforce_file_format=True)
    with pytest.raises(ValueError, match=r'must state .* 9000 x 9000 x 1'):
        read_dicom(tmp_path)


@pytest.mark.parametrize('signed', [False, True])
@pytest.mark.parametrize('junk', [0, 0b1010])
def test_twelve_bits_in_the_upper_ones_of_sixteen(tmp_path, signed, junk):
    """HighBit 15: 100 is stored as 100 * 16, maybe with an overlay below."""
    intercept = 0 if signed else -1024
    kind = np.int16 if signed else np.uint16
    hu = expected()
    # Bone: its 3,024 * 16 needs the upper bits.
    hu[:, 0, 0] = 2000
    for number in range(SLICES):
        stored = (hu[number] - intercept).astype(kind) * 16 + junk
        write_slice(
            *(tmp_path, number),
            PixelData=stored.astype(kind).tobytes(),
            PixelRepresentation=int(signed),
            RescaleIntercept=intercept,
            BitsStored=12,
            HighBit=15,
        )
    assert np.array_equal(read_dicom(tmp_path).volume.hu, hu)


def test_a_false_high_bit(tmp_path):
    """The values lie in the lower bits: no 4,096 of them, and odd ones."""
    write_series(tmp_path, BitsStored=12, HighBit=15)
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())


@pytest.mark.parametrize(
    ('signed', 'padding', 'hu', 'notes'),
    [
        # -2000 read as an unsigned value would be 62,512 HU.
        (0, 63536, -1024, ['padding of 62512 HU taken as air']),
        (1, 32767, -1024, ['padding of 31743 HU taken as air']),
        # The same two bytes, signed: below air, as usual.
        (1, 63536, -3024, []),
        (1, -2000, -3024, []),
        (0, 24, -1000, []),
    ],
)
def test_padding_outside_the_scan(tmp_path, signed, padding, hu, notes):
    for number in range(SLICES):
        stored = (hu_of(number) + 1024).astype(np.int64)
        stored[0] = padding
        path = write_slice(
            *(tmp_path, number),
            PixelData=(stored % 2**16).astype(np.uint16).tobytes(),
            PixelRepresentation=signed,
        )
        data = pydicom.dcmread(path)
        data.add_new(
            'PixelPaddingValue', 'SS' if padding < 0 else 'US', padding
        )
        data.save_as(path)
    series = read_dicom(tmp_path)
    assert (series.volume.hu[:, 0] == hu).all()
    assert np.array_equal(series.volume.hu[:, 1:], expected()[:, 1:])
    assert series.notes == notes


def test_signed_pixels_that_are_called_unsigned(tmp_path):
    for number in range(SLICES):
        write_slice(
            *(tmp_path, number),
            PixelData=hu_of(number).tobytes(),
            RescaleIntercept=0,
        )
    with pytest.raises(
        ValueError,
        match=r'go from 64536 to 64583\. As signed pixels they would go from '
        r'-1000 to -953\. .*dcmodify -nb -m "\(0028,0103\)=1"',
    ):
        read_dicom(tmp_path)
