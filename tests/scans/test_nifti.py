"""CT volumes from NIfTI, in any orientation."""

import itertools
import shlex

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from mmuldor.scans.nifti import (
    read_label_nifti,
    read_nifti,
    write_label_nifti,
)
from mmuldor.scans.volume import Volume

SHAPE = (5, 6, 7)


def image(affine=None, shape=SHAPE, dtype=np.int16, data=None):
    """A volume whose every voxel differs."""
    if data is None:
        count = int(np.prod(shape))
        data = (np.arange(count) - 1000).reshape(shape).astype(dtype)
    if affine is None:
        affine = np.diag([0.7, 0.8, 2.5, 1.0])
        affine[:3, 3] = [-10, 20, -300]
    return nibabel.Nifti1Image(data, affine)


def save(tmp_path, picture, name='v.nii.gz'):
    nibabel.save(picture, tmp_path / name)
    return tmp_path / name


def reordered(picture, codes):
    """The same volume stored along other axes."""
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(picture.affine),
        nibabel.orientations.axcodes2ornt(codes),
    )
    return picture.as_reoriented(turn)


ORIENTATIONS = [
    tuple(axes[k][flip[k]] for k in range(3))
    for axes in itertools.permutations(('LR', 'PA', 'SI'))
    for flip in itertools.product((0, 1), repeat=3)
]


@pytest.mark.parametrize('codes', ORIENTATIONS, ids=''.join)
def test_any_orientation_is_the_same_volume(tmp_path, codes):
    picture = image()
    volume, _ = read_nifti(save(tmp_path, reordered(picture, codes)))
    # Stored as RAS: columns to the left and rows to the back are reversed.
    expected = np.asarray(picture.dataobj)[::-1, ::-1].T
    assert np.array_equal(volume.hu, expected)
    assert volume.hu.dtype == np.int16
    assert volume.spacing_mm == pytest.approx((0.7, 0.8, 2.5))


@pytest.mark.parametrize('codes', ORIENTATIONS[::7], ids=''.join)
def test_a_voxel_keeps_its_place_in_the_patient(tmp_path, codes):
    picture = image()
    volume, _ = read_nifti(save(tmp_path, reordered(picture, codes)))
    place = np.array([3, 1, 4])
    right, anterior, superior = nibabel.affines.apply_affine(
        picture.affine, place
    )
    value = np.asarray(picture.dataobj)[tuple(place)]
    slice_, row, column = np.argwhere(volume.hu == value)[0]
    found = volume.to_patient([[column, row, slice_]])[0]
    assert found == pytest.approx([-right, -anterior, superior])


def test_labels_lie_where_the_volume_lies(tmp_path):
    volume, _ = read_nifti(save(tmp_path, reordered(image(), ('P', 'S', 'R'))))
    labels = (volume.hu == volume.hu[2, 3, 1]).astype(np.uint8)
    write_label_nifti(tmp_path / 'labels.nii.gz', labels, volume)
    written = nibabel.load(tmp_path / 'labels.nii.gz')
    place = np.argwhere(np.asarray(written.dataobj))[0]
    ras = nibabel.affines.apply_affine(written.affine, place)
    left, back, up = volume.to_patient([[1, 3, 2]])[0]
    assert ras == pytest.approx([-left, -back, up])
    with pytest.raises(ValueError, match=r'shape of the volume, \(7, 6, 5\)'):
        write_label_nifti(tmp_path / 'x.nii', labels[1:], volume)


def test_labels_of_other_scans_have_two_equal_forms(tmp_path):
    """Direction cosines of DICOM, of few decimals, are not quite at 90."""
    affine = np.eye(4)
    axes = [[0.8, -0.34, 0.5], [0.39, 0.92, 0.0], [-0.46, 0.195, 0.866]]
    affine[:3, :3] = np.array(axes).T * [0.7, 0.7, 2.0]
    affine[:3, 3] = [-150, -80, 40]
    volume = Volume(np.zeros((9, 32, 40), np.int16), affine)
    labels = np.zeros(volume.shape, np.uint16)
    labels[8, 31, 39], labels[0, 0, 0], labels[3, 7, 21] = 1, 2, 3
    path = tmp_path / 'labels.nii.gz'
    write_label_nifti(path, labels, volume)
    image = nibabel.load(path)
    assert image.header['sform_code'] == image.header['qform_code'] == 1
    assert image.header.get_xyzt_units()[0] == 'mm'
    forms = image.get_sform(), image.get_qform()
    assert np.allclose(*forms, atol=1e-4)
    sizes = nibabel.affines.voxel_sizes(forms[0])
    assert np.allclose(sizes, np.linalg.norm(affine[:3, :3], axis=0))
    picture = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(picture)
    for label in (1, 2, 3):
        index = np.argwhere(array == label)[0, ::-1].tolist()
        place = volume.to_patient([index])[0]
        # Less than a tenth of a pixel was straightened.
        found = picture.TransformIndexToPhysicalPoint(index)
        assert found == pytest.approx(place, abs=0.07)
    volume.affine[1, 2] += 0.5
    with pytest.raises(ValueError, match='must be at right angles'):
        write_label_nifti(path, labels, volume)


@pytest.mark.parametrize('codes', ORIENTATIONS[::5], ids=''.join)
def test_a_mask_is_read_in_any_orientation(tmp_path, codes):
    volume, _ = read_nifti(save(tmp_path, reordered(image(), ('P', 'S', 'R'))))
    labels = image(data=np.arange(210).reshape(SHAPE).astype(np.uint8))
    path = save(tmp_path, reordered(labels, codes), 'm.nii.gz')
    found = read_label_nifti(path, volume)
    assert found.dtype == np.uint16
    # Both count their voxels in the same order.
    assert (found == volume.hu + 1000).all()


@pytest.mark.parametrize(
    ('labels', 'match'),
    [
        (image(shape=(5, 6, 8)), r'has 5 x 6 x 8 voxels'),
        (
            image(np.diag([0.7, 0.8, 2.5, 1.0])),
            r'\(7\.2, -24, -300\) LPS.*\(-2\.8, -4, 0\)',
        ),
        (image(np.diag([0.7, 0.9, 2.5, 1.0])), r'0\.7 x 0\.9 x 2\.5 mm'),
        (image(data=np.full(SHAPE, 0.5, np.float32)), r'need a threshold'),
        (image(), r'whole numbers from 0.*Is it CT\?'),
        (image(shape=(*SHAPE, 3)), r'three axes'),
    ],
)
def test_masks_that_do_not_fit(tmp_path, labels, match):
    volume, _ = read_nifti(save(tmp_path, image()))
    if np.asarray(labels.dataobj).dtype == np.int16 and 'CT' not in match:
        zeros = np.zeros(labels.shape, np.uint8)
        labels = nibabel.Nifti1Image(zeros, labels.affine)
    path = save(tmp_path, labels, 'm.nii.gz')
    with pytest.raises(ValueError, match=rf'm\.nii\.gz.*{match}'):
        read_label_nifti(path, volume)


def test_an_oblique_volume_keeps_its_slices(tmp_path):
    angle = np.radians(20)
    affine = np.eye(4)
    affine[1:3, 1:3] = [
        [np.cos(angle), -np.sin(angle)],
        [np.sin(angle), np.cos(angle)],
    ]
    volume, _ = read_nifti(save(tmp_path, image(affine)))
    assert sorted(volume.hu.ravel()) == sorted(
        np.asarray(image().dataobj).ravel()
    )
    up = volume.to_patient([[0, 0, 1]]) - volume.to_patient([[0, 0, 0]])
    assert up[0] == pytest.approx([0, np.sin(angle), np.cos(angle)])


def test_scaled_and_float_values_are_hu(tmp_path):
    picture = image(dtype=np.float32)
    assert np.array_equal(
        read_nifti(save(tmp_path, picture))[0].hu,
        read_nifti(save(tmp_path, image(), 'w.nii'))[0].hu,
    )
    # Stored as bytes with a slope and an intercept.
    hu = np.arange(210).reshape(SHAPE) * 10.0 - 1024
    scaled = image(data=hu)
    scaled.header.set_data_dtype(np.uint8)
    path = save(tmp_path, scaled, 's.nii')
    assert nibabel.load(path).dataobj.slope != 1
    found = read_nifti(path)[0].hu[:, ::-1, ::-1].T
    assert np.abs(found - hu).max() <= 5


def test_a_fourth_axis_of_one(tmp_path):
    volume, _ = read_nifti(save(tmp_path, image(shape=(*SHAPE, 1))))
    assert volume.shape == SHAPE[::-1]


@pytest.mark.parametrize(
    ('picture', 'match'),
    [
        (image(shape=(*SHAPE, 2)), r'one volume of three axes.*7, 2\)'),
        (image(shape=(5, 6)), r'three axes'),
        (image(data=np.full(SHAPE, np.nan, np.float32)), r'has NaN or inf'),
        (image(data=np.full(SHAPE, 70000, np.int32)), r'to 70000'),
        (image(data=np.ones(SHAPE, np.uint8)), r'like a label map'),
        (image(data=np.zeros(SHAPE, [(c, 'u1') for c in 'RGB'])), r'Colour'),
    ],
)
def test_what_is_no_ct(tmp_path, picture, match):
    with pytest.raises(ValueError, match=rf'v\.nii\.gz.*{match}'):
        read_nifti(save(tmp_path, picture))


def test_no_orientation(tmp_path):
    picture = image()
    picture.header['qform_code'] = picture.header['sform_code'] = 0
    path = save(tmp_path, picture)
    loaded = nibabel.load(path)
    if int(loaded.header['sform_code']):
        loaded.set_sform(None, code=0)
        loaded.set_qform(None, code=0)
        path = save(tmp_path, loaded, 'w.nii.gz')
    with pytest.raises(ValueError, match='qform and sform codes are 0'):
        read_nifti(path)


@pytest.mark.parametrize('content', [b'', b'no nifti', b'\x1f\x8b cut off'])
def test_no_nifti(tmp_path, content):
    (tmp_path / 'v.nii.gz').write_bytes(content)
    with pytest.raises(ValueError, match=r'v\.nii\.gz must be a NIfTI file'):
        read_nifti(tmp_path / 'v.nii.gz')


def test_cut_off(tmp_path):
    path = save(tmp_path, image(shape=(40, 40, 40)), 'v.nii')
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r'v\.nii must be a NIfTI file'):
        read_nifti(path)


def test_no_file():
    with pytest.raises(FileNotFoundError, match=r'nowhere\.nii'):
        read_nifti('nowhere.nii')


@pytest.mark.parametrize(
    ('name', 'shape', 'spacing'),
    [
        ('example_ct_sm.nii.gz', (30, 101, 122), 3.0),
        ('aorta_ct_cropped.nii.gz', (164, 126, 120), 1.5),
    ],
)
def test_real_volumes(real_data, name, shape, spacing):
    volume, _ = read_nifti(real_data / 'nifti' / name)
    assert volume.shape == shape
    assert volume.spacing_mm == pytest.approx((spacing,) * 3, abs=0.01)
    assert volume.hu.min() <= -900 < 100 < volume.hu.max()
    # Columns go to the left, rows to the back, slices to the head.
    assert (np.diag(volume.affine)[:3] > 0).all()


@pytest.mark.parametrize(('slope', 'hu'), [(1, -1000), (0.5, -500)])
def test_an_intercept_that_is_no_number(tmp_path, slope, hu):
    """Programs write it where they do not scale."""
    path = save(tmp_path, image(), 'v.nii')
    stored = bytearray(path.read_bytes())
    # `scl_slope` and `scl_inter` are the floats at byte 112.
    stored[112:120] = np.array([slope, np.nan], np.float32).tobytes()
    path.write_bytes(stored)
    volume, _ = read_nifti(path)
    assert volume.hu.min() == hu


@pytest.mark.parametrize('shape', [(5, 6, 7, 3), (5, 6, 7, 1, 2)])
def test_the_first_of_several_volumes(tmp_path, shape, monkeypatch):
    """By the command in the message."""
    path = save(tmp_path, image(shape=shape))
    with pytest.raises(ValueError, match=r'but has the shape .*, the first'
                       ) as error:  # fmt: skip
        read_nifti(path)
    monkeypatch.chdir(tmp_path)
    _, _, code = shlex.split(str(error.value).split('here: ')[1])
    exec(code)
    volume, _ = read_nifti(tmp_path / 'first.nii.gz')
    assert volume.shape == (7, 6, 5)


def test_a_single_slice_of_two_axes(tmp_path):
    path = save(tmp_path, image(shape=(5, 6)))
    with pytest.raises(ValueError, match=r'three axes, .* \(5, 6\)\.$'):
        read_nifti(path)
