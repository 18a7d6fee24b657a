"""Pixels in HU, plain and compressed."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from mmuldor.scans.dicom.series import read_dicom
from tests.support.dicom_series import expected, write_series


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
