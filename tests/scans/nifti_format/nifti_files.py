"""NIfTI files of CT, with any geometry in their header."""

import shlex
import subprocess
import sys

import nibabel
import numpy as np


def ct(shape=(16, 14, 12)):
    """HU of air and a body with a noise of its own in each voxel."""
    rng = np.random.default_rng(4)
    hu = rng.normal(-1000, 8, shape)
    inner = tuple(slice(side // 4, side - side // 4) for side in shape)
    hu[inner] = rng.normal(40, 12, hu[inner].shape)
    return np.rint(hu).astype(np.int16)


def save_ct(
    folder,
    affine,
    name='v.nii.gz',
    *,
    data=None,
    shape=(16, 14, 12),
    unit='unknown',
    qform=None,
    codes=None,
    pixdim=None,
    kind=nibabel.Nifti1Image,
):
    """A CT whose header has these forms.

    `codes` are those of sform and qform: by default 2 and, with a qform, 1.
    """
    image = kind(ct(shape) if data is None else data, affine)
    image.header.set_xyzt_units(unit)
    if qform is not None:
        image.header.set_qform(qform, 1)
    if codes is not None:
        image.header['sform_code'], image.header['qform_code'] = codes
    if pixdim is not None:
        image.header['pixdim'][1:4] = pixdim
    # nibabel would mend the codes on its way to a file.
    start = image.header.copy()
    data = bytearray(image.to_bytes())
    header = image.header_class(data[: start.sizeof_hdr])
    start['vox_offset'] = header['vox_offset']
    start['magic'] = header['magic']
    data[: start.sizeof_hdr] = start.binaryblock
    path = folder / name
    opener = nibabel.openers.Opener(str(path), 'wb')
    with opener as file:
        file.write(bytes(data))
    return path


def run_command(message, folder, change=('', '')):
    """Run the command that an error message gives, as a shell would."""
    message = str(message)
    words = shlex.split(message[message.index('python -c') :])[:3]
    code = words[2].replace(*change)
    subprocess.run([sys.executable, '-c', code], cwd=folder, check=True)


def oblique(degrees, spacing=(0.8, 0.7, 2.5)):
    """An affine turned about all three axes, the last one most."""
    affine = np.diag([*spacing, 1.0])
    for plane, angle in (((0, 1), 7.0), ((0, 2), 11.0), ((1, 2), degrees)):
        turn = np.eye(4)
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turn[np.ix_(plane, plane)] = [[c, -s], [s, c]]
        affine = turn @ affine
    affine[:3, 3] = [31.5, -12.25, 80]
    return affine
