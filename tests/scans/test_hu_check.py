"""Values that are HU, that are not, and that are doubtful."""

import nibabel
import numpy as np
import pytest

from mmuldor.functional.hounsfield import stored_to_hu16
from mmuldor.io.png import read_png16
from mmuldor.scans.hu_check import REPAIR_DICOM, REPAIR_PNG, check_hu
from tests.scans.nifti_format.nifti_files import run_command


def body(side=40, slices=6):
    """Air, a body of soft tissue with fat around it, lungs and a bone, HU."""
    rng = np.random.default_rng(1)
    rows, columns = np.indices((side, side)) / side - 0.5
    away = np.hypot(rows, columns)
    hu = np.full((side, side), -1000.0)
    hu[away < 0.42] = -100
    hu[away < 0.38] = 40
    hu[np.hypot(rows, columns - 0.15) < 0.12] = -850
    hu[np.hypot(rows - 0.25, columns) < 0.05] = 700
    noise = rng.normal(0, 10, (slices, side, side))
    return np.rint(np.clip(hu + noise, -1024, 3071)).astype(np.int16)


def inside(*, hu):
    """A crop of soft tissue, without anything lighter."""
    return np.random.default_rng(2).normal(hu, 12, (12, 12, 12)).astype('i2')


def padded(hu, value):
    """With a rim that scanners have outside their field of view."""
    hu = hu.copy()
    hu[:, :, :8] = value
    return hu


def metal(hu):
    hu = hu.copy()
    hu[0, 20, 20:24] = 32767
    return hu


@pytest.mark.parametrize(
    'values',
    [
        body(),
        body(slices=1),
        padded(body(), -2000),
        padded(body(), -3024),
        padded(padded(body(), -3024), -2000),
        metal(body()),
        body() + 0.25,
        np.clip(body(), -1000, 3071),
        # The air of a scan with little of it.
        body()[:, 8:32, 8:32],
        # A drawing without noise.
        np.where(np.hypot(*np.indices((40, 40))) < 20, 60, -1000),
    ],
)
def test_ct(values):
    assert check_hu(values, 's.nii') == []


@pytest.mark.parametrize(
    ('values', 'match'),
    [
        (inside(hu=-20), 'neither air nor lung'),
        (inside(hu=120), 'lighter than water'),
        (np.clip(body(), -160, 240), 'clipped to a window'),
        (np.clip(body(), -1000, 500), 'clipped to a window'),
        (np.clip(body(), -1024, None) % 700 + 1, 'lighter than water'),
        (body()[:, 18:23, 22:29].repeat(9, axis=0), 'any soft tissue'),
        ((body() - body().mean()) * 0.5, 'mean is 0'),
    ],
)
def test_doubtful(values, match):
    assert values.size >= 1000
    notes = check_hu(values, 's.nii')
    assert any(match in note for note in notes), notes
    assert all('unlikely for Hounsfield units' in note for note in notes)


@pytest.mark.parametrize(
    ('values', 'match'),
    [
        (body() + 1024, r'-\d+ to|HU \+1024 .*To add -1024: python'),
        (body() + 1000, r'without their intercept'),
        (body() + 1024.0, r'without their intercept'),
        (body() + 2048, r'HU \+2048 .*To add -2048'),
        (inside(hu=50) + 1024, r'HU \+1024'),
        # Padding is not raised, or was filled in later.
        (padded(body() + 1024, -2000), r'HU \+1024'),
        (padded(body() + 1024, -1024), r'HU \+1024'),
        ((body() - body().mean()) / body().std(), 'normalised values'),
        # An outlier, as of metal, does not hide them.
        (metal(body()) * 1e-3, 'normalised values'),
        ((body() + 1024) / 4095.0, '8-bit picture'),
        (body() / 1000.0, 'normalised values'),
        ((body() > 0).astype(np.uint8), 'label map'),
        (np.clip((body() + 160) * 0.6, 0, 255).astype('u1'), '8-bit picture'),
        (np.full((9, 16, 9), -1024), 'all the same'),
        (body().astype(np.int32) + 32768, r'To add -32768'),
        # Pixels of 0 to 4095, read as HU + 32768.
        (body() - 31744, r'all below air\..*To add 31744'),
        # HU without sign, read as HU + 32768.
        (body().view(np.uint16).astype(int) - 32768, 'neither air nor soft'),
        (body() - 1024, r'added twice\..*To add 1024'),
        (np.where(body() < 0, -309.5, 290.5) + body() % 7, 'neither air'),
    ],
)
def test_no_hu(values, match):
    with pytest.raises(ValueError, match=rf's\.nii must hold H.*{match}'):
        check_hu(values, 's.nii')


def test_padding_alone_but_for_a_voxel_beside_the_sample():
    hu = np.full((10, 200, 201), -2000, dtype=np.int16)
    hu[0, 0, 1] = 100
    with pytest.raises(ValueError, match='-2000 to 100, with neither air'):
        check_hu(hu, 's.nii')
    (note,) = check_hu(hu, 's.nii', accept=True)
    assert 'with neither air nor soft tissue; they are accepted' in note


def test_few_voxels_have_no_shares():
    assert check_hu(np.arange(800, 900), 's.nii') == []
    assert check_hu(np.full(9, -1024), 's.nii') == []
    with pytest.raises(ValueError, match='0 to 19, like a label map'):
        check_hu(np.arange(20), 's.nii')
    with pytest.raises(ValueError, match='-1 to 1, like normalised'):
        check_hu(np.linspace(-1, 1, 20), 's.nii')


def test_the_remedy_is_that_of_the_format():
    with pytest.raises(ValueError, match='add -1024 to RescaleIntercept'):
        check_hu(body() + 1024, 'folder', REPAIR_DICOM)
    with pytest.raises(ValueError, match=r'pixels of HU \+ 32768'):
        check_hu(body() - 31744, 'folder', REPAIR_PNG)


def test_accepted_values_are_noted_and_the_message_says_how():
    with pytest.raises(ValueError, match='as of a phantom, give --accept-val'):
        check_hu(np.full(2000, 300), 's.nii')
    assert check_hu(np.full(2000, 300), 's.nii', accept=True) == [
        'its values go from 300 to 300, all the same; they are accepted as '
        'HU, as requested'
    ]
    # Nothing changes where nothing is wrong, or only doubtful.
    for values in (body(), np.clip(body(), -160, 240)):
        found = check_hu(values, 's.nii')
        assert check_hu(values, 's.nii', accept=True) == found
    # One slice of several lacks its intercept.
    stack = np.stack([body(), body(), body() + 1024])
    names = ['a.dcm', 'b.dcm', 'c.dcm']
    (note,) = check_hu(stack, 'folder', REPAIR_DICOM, names, accept=True)
    assert note.startswith('those of c.dcm go from')


def test_the_command_repairs_the_file(tmp_path):
    path = tmp_path / "it's raised.nii.gz"
    affine = np.diag([700, 700, 2000.0, 1.0])
    image = nibabel.Nifti1Image(body() + 1024.0, affine)
    image.header.set_xyzt_units('micron')
    nibabel.save(image, path)
    with pytest.raises(ValueError, match='To add -1024: ') as refused:
        check_hu(body() + 1024, path.name)
    run_command(refused.value, tmp_path)
    repaired = nibabel.load(tmp_path / 'hu.nii.gz')
    assert np.array_equal(repaired.dataobj, body())
    assert repaired.get_data_dtype() == np.int16
    assert np.allclose(repaired.affine, affine)
    assert repaired.header.get_xyzt_units()[0] == 'micron'


def real_scans(folder):
    """HU of real slices and volumes."""
    for path in sorted(folder.glob('deeplesion*/Images_png/*/*.png'))[::8]:
        yield stored_to_hu16(read_png16(path)), path
    for path in sorted((folder / 'nifti').glob('*.nii.gz')):
        yield np.asarray(nibabel.load(path).dataobj), path


def test_real_scans_and_their_faults(real_data):
    count = 0
    for hu, path in real_scans(real_data):
        assert check_hu(hu, str(path)) == []
        for wrong in (
            hu.astype(np.int32) + 1024,
            hu.astype(np.int32) + 1000,
            (hu - hu.mean()) / hu.std(),
            (hu - float(hu.min())) / np.ptp(hu.astype(float)),
            np.maximum(hu, -1024).astype(np.int32) + 1024 - 32768,
        ):
            with pytest.raises(ValueError, match='must hold Hounsfield'):
                check_hu(wrong, str(path))
        count += 1
    assert count > 10
