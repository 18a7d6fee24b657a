"""Headers of NIfTI files, checked before any voxel is read."""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path
from typing import Any

from mmuldor.io.commands import python_command
from mmuldor.io.limits import MAX_VOXELS

# Maximum start of the voxels in the file; header extensions come before.
_MAX_OFFSET = 2**24
# What makes one file of a pair.
_JOIN = 'import nibabel as n; n.save(n.load(PATH), "joined.nii.gz")'
_FIRST = (
    'import nibabel as n; '
    'n.save(n.load(PATH).slicer[..., :1{rest}], "first.nii.gz")'
)
_GZIP = b'\x1f\x8b'


def is_nifti_name(name: str) -> bool:
    """Whether a name ends in ``.nii`` or ``.nii.gz``, in any case."""
    return name.lower().endswith(('.nii', '.nii.gz'))


def pair_message(path: Path) -> str:
    """Why half of a pair of files is not read."""
    command = python_command(_JOIN, str(path.with_suffix('.hdr')))
    return (
        'it is half of a .hdr and .img pair. This makes one file of it: '
        f'{command} (joined.nii.gz)'
    )


def axes_advice(path: Path, shape: tuple[int, ...]) -> str:
    """How to make a volume of three axes of a file with more, '' of others."""
    if len(shape) < 4 or 0 in shape:
        return ''
    rest = ', :1' * (len(shape) - 4)
    command = python_command(_FIRST.format(rest=rest), str(path))
    return f' Take one of its volumes, the first here: {command}'


def open_nifti(path: Path) -> gzip.GzipFile | io.FileIO:
    """The file, unpacked if it is compressed, whatever its name says."""
    with path.open('rb') as file:
        packed = file.read(2) == _GZIP
    # No buffer: the voxels are mapped or read in one piece.
    return gzip.open(path) if packed else path.open('rb', buffering=0)


def checked_header(path: Path) -> Any:
    """The header; ValueError if reading the voxels needs too much memory.

    nibabel's own loader also reads header extensions, which may unpack to any
    size.
    """
    import nibabel

    with open_nifti(path) as file:
        start = file.read(nibabel.Nifti2Header.sizeof_hdr)
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if kind.may_contain_header(start):
            header = kind(start[: kind.sizeof_hdr], check=False)
            break
    else:
        raise ValueError('it does not start with the header of one')
    voxels = math.prod(int(side) for side in header.get_data_shape())
    size = voxels * header.get_data_dtype().itemsize
    if not (0 <= voxels <= MAX_VOXELS and size <= 4 * MAX_VOXELS):
        raise ValueError(
            f'its header says {header.get_data_shape()} voxels, more than '
            f'{MAX_VOXELS:,}'
        )
    offset = _voxel_offset(header, path)
    if _length(path, offset + size) < offset + size:
        raise ValueError(
            f'it ends before the {voxels:,} voxels that its header says. Was '
            'it cut off? Copy it again'
        )
    # Programs leave the intercept NaN where they do not scale.
    if math.isnan(header['scl_inter']):
        header['scl_inter'] = 0
    return type(header)(header.binaryblock, header.endianness)


def _voxel_offset(header: Any, path: Path) -> int:
    """Where the voxels start in the file, in bytes."""
    if bytes(header['magic']).rstrip(b'\0') == header.pair_magic:
        raise ValueError(pair_message(path))
    # After the header come four bytes on its extensions.
    least = header.single_vox_offset
    offset = float(header['vox_offset'])
    if not least <= offset <= _MAX_OFFSET:
        raise ValueError(
            f'its header says `vox_offset` {offset:g}, not {least} (behind '
            f'the header) to {_MAX_OFFSET:,} bytes'
        )
    return int(offset)


def _length(path: Path, enough: int) -> int:
    """Unpacked size of a file in bytes, counted up to about `enough`."""
    file = open_nifti(path)
    if not isinstance(file, gzip.GzipFile):
        file.close()
        return path.stat().st_size
    count = 0
    with file:
        while count < enough and (part := file.read(2**20)):
            count += len(part)
    return count
