"""Names, packing and offsets of NIfTI files."""

import gzip
import shutil
import struct

import nibabel
import numpy as np
import pytest

from mmuldor.scans.nifti import read_nifti
from mmuldor.scans.nifti_format.header import is_nifti_name
from mmuldor.scans.reading import read_scan
from tests.scans.nifti_format.nifti_files import ct, run_command, save_ct

AFFINE = np.diag([-0.8, -0.7, 2.5, 1.0])


@pytest.mark.parametrize('name', ['V.NII.GZ', 'v.Nii', 'v.nii.Gz', 'v.NII'])
def test_endings_in_any_case(tmp_path, name):
    plain = save_ct(tmp_path, AFFINE, f'x{name[1:].lower()}')
    path = tmp_path / name
    shutil.move(plain, path)
    volume, _ = read_scan(path)
    assert np.array_equal(volume.hu, ct().T)


def test_names():
    assert is_nifti_name('a.NII.gz')
    assert not is_nifti_name('a.nii.zip')
    assert not is_nifti_name('a.gz')


def test_what_is_packed_shows_in_the_file_not_in_its_name(tmp_path):
    data = save_ct(tmp_path, AFFINE, 'v.nii').read_bytes()
    # As a browser leaves what it unpacked.
    (tmp_path / 'plain.nii.gz').write_bytes(data)
    (tmp_path / 'packed.nii').write_bytes(gzip.compress(data))
    for name in ('plain.nii.gz', 'packed.nii'):
        assert np.array_equal(read_nifti(tmp_path / name)[0].hu, ct().T)


@pytest.mark.parametrize('offset', [0, 100, 347, 351, -1, float('nan')])
@pytest.mark.parametrize('name', ['v.nii', 'v.nii.gz'])
def test_voxels_that_start_inside_the_header(tmp_path, name, offset):
    path = save_ct(tmp_path, AFFINE, 'v.nii')
    data = bytearray(path.read_bytes())
    struct.pack_into('<f', data, 108, offset)
    packed = gzip.compress(data) if name.endswith('gz') else bytes(data)
    (tmp_path / name).write_bytes(packed)
    with pytest.raises(
        ValueError, match=rf'v\.nii.*`vox_offset` {offset:g}, not 352'
    ):
        read_nifti(tmp_path / name)


def test_nifti_2(tmp_path):
    path = save_ct(tmp_path, AFFINE, kind=nibabel.Nifti2Image)
    assert np.array_equal(read_nifti(path)[0].hu, ct().T)
    data = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into('<q', data, 168, 500)
    path.write_bytes(gzip.compress(data))
    with pytest.raises(ValueError, match='`vox_offset` 500, not 544'):
        read_nifti(path)


@pytest.mark.parametrize(
    'kind', [nibabel.Nifti1Pair, nibabel.Spm2AnalyzeImage]
)
def test_a_pair_of_files(tmp_path, kind):
    nibabel.save(kind(ct(), AFFINE), tmp_path / 'SCAN.img')
    for name in ('SCAN.hdr', 'SCAN.img'):
        with pytest.raises(
            ValueError, match=rf'{name} must be .* half of'
        ) as refused:
            read_scan(tmp_path / name)
    run_command(refused.value, tmp_path)
    assert nibabel.load(tmp_path / 'joined.nii.gz').shape == ct().shape


def test_half_a_pair_by_another_name(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(ct(), AFFINE), tmp_path / 'v.hdr')
    shutil.move(tmp_path / 'v.hdr', tmp_path / 'v.nii')
    with pytest.raises(ValueError, match=r'v\.nii must be a NIfTI file, but: '
                       r'it is half of a \.hdr and \.img pair'):  # fmt: skip
        read_scan(tmp_path / 'v.nii')
