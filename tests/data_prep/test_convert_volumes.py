import json
import shutil

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from data_prep.convert_volumes import main
from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import read_png16, write_png16
from mmuldor.scans.nifti import read_nifti, write_nifti
from mmuldor.scans.png_series import read_png_series
from mmuldor.scans.volume import Volume
from tests.scans.nifti_format.nifti_files import ct, save_ct


def run(command, *words):
    return main([command, *map(str, words)])


def to_nifti(folder, out, *spacing):
    """Words of a conversion, of slices of 1 mm unless it is said."""
    spacing = spacing or ('--spacing', 1, 1, 1)
    return ('to-nifti', folder, *spacing, '--out', out)


def write_series(folder, numbers, seed=0):
    rng = np.random.default_rng(seed)
    for number in numbers:
        pixels = rng.integers(0, 65536, (6, 5), dtype=np.uint16)
        write_png16(folder / f'{number:03d}.png', pixels)


def pixels_of(folder):
    return {
        str(path.relative_to(folder)): read_png16(path)
        for path in sorted(folder.rglob('*.png'))
    }


def assert_same(folder, other):
    one, two = pixels_of(folder), pixels_of(other)
    assert list(one) == list(two) != []
    for name, pixels in one.items():
        assert np.array_equal(pixels, two[name]), name


@settings(max_examples=25)
@given(
    hu=arrays(np.int16, array_shapes(min_dims=3, max_dims=3, max_side=6)),
    spacing=st.tuples(*[st.floats(0.1, 9)] * 3),
)
def test_any_volume_keeps_its_voxels(hu, spacing, tmp_path_factory):
    # A volume of 0 to 255 is taken for a label map.
    hu.flat[0] = -1024
    folder = tmp_path_factory.mktemp('any')
    write_nifti(folder / 'v.nii.gz', Volume(hu, np.diag([*spacing, 1.0])))
    assert run('to-png', folder, '--out', folder / 'png') == 0
    assert run('to-nifti', folder / 'png', '--out', folder / 'back') == 0
    back, _ = read_nifti(folder / f'back/v_001-{len(hu):03d}.nii.gz')
    assert np.array_equal(back.hu, hu)
    assert back.spacing_mm == pytest.approx(spacing, rel=1e-6)


def test_runs_of_slices_become_volumes_and_come_back(tmp_path):
    images = tmp_path / 'Images_png'
    write_series(images / '000001_01_01', [*range(8, 13), 20, 21])
    write_series(images / '000002_01_01', [3], seed=1)
    nifti = tmp_path / 'nifti'
    assert (
        run('to-nifti', tmp_path, '--spacing', 0.7, 0.8, 5, '--out', nifti)
        == 0
    )
    assert sorted(path.name for path in nifti.iterdir()) == [
        '000001_01_01_008-012.nii.gz',
        '000001_01_01_020-021.nii.gz',
        '000002_01_01_003-003.nii.gz',
    ]
    assert run('to-png', nifti, '--out', tmp_path / 'back') == 0
    assert_same(images, tmp_path / 'back')
    note = json.loads(
        (tmp_path / 'back/000001_01_01_008-012.json').read_text()
    )
    assert note['complete']
    assert (note['first'], note['last']) == (8, 12)
    assert note['spacing_mm'] == pytest.approx([0.7, 0.8, 5])


def test_the_affine_says_how_the_series_lies(tmp_path):
    write_series(tmp_path / 's', range(8, 11))
    run(
        'to-nifti', tmp_path / 's', '--spacing', 0.7, 0.8, 5, '--out', tmp_path
    )
    image = nibabel.load(tmp_path / 's_008-010.nii.gz')
    assert image.get_data_dtype() == np.int16
    assert image.header.get_zooms() == pytest.approx((0.7, 0.8, 5))
    assert (
        int(image.header['sform_code']),
        int(image.header['qform_code']),
    ) == (1, 1)
    # Pixel (row 2, column 4) of slice 9: 4 columns to the left, 2 rows to the
    # back, one slice below the first; RAS counts right and forward.
    index = np.linalg.inv(image.affine) @ [-4 * 0.7, -2 * 0.8, -5, 1]
    voxel = tuple(np.rint(index[:3]).astype(int))
    stored = read_png16(tmp_path / 's/009.png')[2, 4]
    assert np.asarray(image.dataobj)[voxel] == int(stored) - 32768


def test_the_csv_says_which_series_and_their_spacing(
    place, make_row, tmp_path
):
    rows = [
        make_row(1, Slice_range='3, 5', Spacing_mm_px_='0.5, 0.6, 5'),
        make_row(1, 12, Slice_range='11, 12', Spacing_mm_px_='0.5, 0.6, -2'),
    ]
    place.write_csv(rows)
    write_series(place.images / '000001_01_01', [3, 4, 5, 11, 12])
    write_series(place.images / '000009_01_01', [1])
    words = to_nifti(place.images, tmp_path / 'n', '--csv', place.csv)
    assert run(*words) == 0
    names = ('000001_01_01_003-005', '000001_01_01_011-012')
    found = [read_nifti(tmp_path / f'n/{name}.nii.gz')[0] for name in names]
    assert [v.spacing_mm[2] for v in found] == pytest.approx([5, 2])
    assert found[0].spacing_mm[:2] == pytest.approx((0.5, 0.6))
    assert len(list((tmp_path / 'n').iterdir())) == 2


def test_two_spacings_in_one_volume(place, make_row, tmp_path, capsys):
    rows = [make_row(1, 5), make_row(1, 6, Spacing_mm_px_='0.8, 0.8, 1')]
    place.write_csv(rows)
    write_series(place.images / '000001_01_01', [4, 5, 6, 7])
    words = to_nifti(place.images, tmp_path / 'n', '--csv', place.csv)
    assert run(*words) == 1
    assert 'slices 4 to 7 must have one spacing' in capsys.readouterr().err


def test_one_bad_series_does_not_stop_the_others(tmp_path, capsys):
    for number in (1, 2):
        write_series(tmp_path / f'00000{number}_01_01', [1, 2])
    path = tmp_path / '000001_01_01/002.png'
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    words = to_nifti(tmp_path, tmp_path / 'n')
    assert run(*words) == 1
    out, err = capsys.readouterr()
    assert '1 volumes written, 0 were there' in out
    assert 'error: 000001_01_01_001-002: ' in err
    assert 'truncated' in err
    path.write_bytes(whole)
    assert run(*words) == 0
    assert '1 volumes written, 1 were there' in capsys.readouterr().out
    assert run(*words, '--overwrite') == 0
    assert '2 volumes written, 0 were there' in capsys.readouterr().out


def test_a_stopped_way_back_goes_on(tmp_path, monkeypatch):
    from data_prep.deeplesion.volumes import convert as volumes

    write_series(tmp_path / 's', range(1, 6))
    run(*to_nifti(tmp_path / 's', tmp_path / 'n'))
    words = ['to-png', tmp_path / 'n', '--out', tmp_path / 'back']

    def stopped(folder, volume, first):
        write_png16(folder / f'{first:03d}.png', hu_to_stored(volume.hu[-1]))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(volumes, 'write_png_series', stopped)
        with pytest.raises(KeyboardInterrupt):
            run(*words)
    assert len(pixels_of(tmp_path / 'back')) == 1
    assert run(*words) == 0
    shutil.move(tmp_path / 's', tmp_path / 'first' / 's')
    assert_same(tmp_path / 'first', tmp_path / 'back')


def test_slices_of_other_origin_are_not_written_over(tmp_path, capsys):
    write_series(tmp_path / 's', [1, 2])
    run(*to_nifti(tmp_path / 's', tmp_path / 'n'))
    write_series(tmp_path / 'back/s', [2], seed=5)
    shutil.copytree(tmp_path / 'back', tmp_path / 'before')
    assert run('to-png', tmp_path / 'n', '--out', tmp_path / 'back') == 1
    assert '002.png is there already' in capsys.readouterr().err
    assert_same(tmp_path / 'back', tmp_path / 'before')
    words = ('--out', tmp_path / 'back', '--overwrite')
    assert run('to-png', tmp_path / 'n', *words) == 0


def test_names_stay_in_the_folder(tmp_path, capsys):
    volume = Volume(np.full((3, 2, 2), -5, np.int16), np.eye(4))
    for name in ('...nii', '.._001-003.nii'):
        write_nifti(tmp_path / 'in' / name, volume)
    assert run('to-png', tmp_path / 'in', '--out', tmp_path / 'out') == 1
    assert 'named by more than dots' in capsys.readouterr().err
    assert pixels_of(tmp_path) == {}


def test_a_name_that_does_not_fit_its_slices_is_only_a_name(tmp_path):
    volume = Volume(np.full((3, 2, 2), -5, np.int16), np.eye(4))
    write_nifti(tmp_path / 'p_100-200.nii', volume)
    run('to-png', tmp_path / 'p_100-200.nii', '--out', tmp_path)
    assert list(pixels_of(tmp_path)) == [
        f'p_100-200/00{number}.png' for number in (1, 2, 3)
    ]


def test_volumes_of_other_units_and_values(tmp_path, capsys):
    source = tmp_path / 'in'
    source.mkdir()
    affine = np.diag([800, 800, 2500.0, 1])
    save_ct(source, affine, 'MICRON.NII.GZ', unit='micron')
    save_ct(source, affine / 1000, 'raised.nii', data=ct() + 1024)
    (source / '._MICRON.NII.GZ').write_bytes(b'of a Mac')
    (source / 'notes.nii.txt').write_text('no volume')
    assert run('to-png', source, '--out', tmp_path / 'out') == 1
    out, err = capsys.readouterr()
    assert '1 volumes written' in out
    assert 'note: MICRON: its unit of length, the micrometre, conv' in err
    assert 'error: raised: ' in err
    assert 'like HU +1024' in err
    note = json.loads((tmp_path / 'out/MICRON.json').read_text())
    assert note['spacing_mm'] == pytest.approx([0.8, 0.8, 2.5])


def test_user_mistakes(tmp_path, place, capsys):
    (tmp_path / 'empty').mkdir()
    out = ('--out', tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='must be a folder of slices'):
        run('to-nifti', tmp_path / 'empty', *out)
    with pytest.raises(FileNotFoundError, match=r'an existing \.nii or'):
        run('to-png', tmp_path / 'none.nii', *out)
    with pytest.raises(FileNotFoundError, match=r'a folder of \.nii or'):
        run('to-png', tmp_path / 'empty', *out)
    write_series(tmp_path / 's', [1])
    assert run('to-nifti', tmp_path / 's', *out) == 1
    assert 'does not say how large its pixels are' in capsys.readouterr().err
    with pytest.raises(ValueError, match='must hold series that the CSV has'):
        run('to-nifti', tmp_path / 's', '--csv', place.csv, *out)
    for folder in ('a', 'b'):
        volume = Volume(np.full((1, 2, 2), -5, np.int16), np.eye(4))
        write_nifti(tmp_path / folder / 'v.nii', volume)
    with pytest.raises(ValueError, match='must have names of their own'):
        run('to-png', tmp_path / 'a', tmp_path / 'b', *out)


@pytest.mark.parametrize('series', ['000001_02_01', '000062_01_01'])
def test_real_sub_volumes_come_back_to_the_bit(real_data, tmp_path, series):
    sample = real_data / 'deeplesion_sample'
    images = tmp_path / 'images'
    images.mkdir()
    (images / series).symlink_to(sample / 'Images_png' / series)
    words = ['--csv', sample / 'DL_info.csv', '--out', tmp_path / 'nifti']
    assert run('to-nifti', images, *words) == 0
    assert run('to-png', tmp_path / 'nifti', '--out', tmp_path / 'back') == 0
    back, count = tmp_path / 'back' / series, 0
    for path in (sample / 'Images_png' / series).iterdir():
        assert np.array_equal(read_png16(path), read_png16(back / path.name))
        count += 1
    assert count == len(list(back.iterdir())) > 10


@pytest.mark.parametrize('name', ['example_ct_sm', 'aorta_ct_cropped'])
def test_real_nifti_volumes_come_back(real_data, tmp_path, name):
    path = real_data / f'nifti/{name}.nii.gz'
    volume, _ = read_nifti(path)
    assert run('to-png', path, '--out', tmp_path) == 0
    back, notes = read_png_series(tmp_path / name, volume.spacing_mm)
    assert notes == []
    assert np.array_equal(back.hu, volume.hu)
    assert back.spacing_mm == pytest.approx(volume.spacing_mm)
