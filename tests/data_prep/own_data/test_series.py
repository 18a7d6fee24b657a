"""Which folders of numbered slices are series."""

import numpy as np
import pytest

from data_prep.own_data.coco_boxes import CocoImage
from data_prep.own_data.series import (
    check_targets,
    numbered_files,
    unrelated_folders,
)
from mmuldor.io.png import read_png16


@pytest.mark.parametrize(
    ('first', 'second', 'named'),
    [
        ('P1/2/005.png', 'P1_2/007.png', r"'P1/2' and 'P1_2'.*'P1_2'"),
        ('005.png', 'series/007.png', r"'\.' and 'series'.*'series'"),
        ('x.png', 'x/002.png', r"'x\.png' and 'x'.*'x'"),
        ('a/b.png', 'a_b.png', r"'a/b\.png' and 'a_b\.png'.*'a_b'"),
    ],
)
def test_two_scans_that_would_share_a_folder(first, second, named):
    for names in ((first, second), (second, first)):
        with pytest.raises(ValueError, match=r'images id 101: every scan'):
            check_targets(images(*names))
    with pytest.raises(ValueError, match=named):
        check_targets(images(first, second))
    check_targets(images('a/005.png', 'a/007.png', 'b.png'))


def images(*names, first_id=100):
    return [
        CocoImage(
            *(f'c.json: images id {first_id + k}', name),
            *({'id': first_id + k}, [], {}),
        )
        for k, name in enumerate(names)
    ]


def reasons(listed, root, patients=(), read=None):
    return unrelated_folders(listed, dict(patients), root, read)


@pytest.mark.parametrize(
    ('folder', 'named'),
    [
        ('train', True),
        ('images/val', True),
        ('Test/images', True),
        ('train/P1', False),
        ('images', False),
        ('pat1', False),
    ],
)
def test_folders_of_splits_are_no_series(tmp_path, folder, named):
    listed = images(f'{folder}/1.png', f'{folder}/2.png', 'other/1.png')
    found = reasons(listed, tmp_path)
    assert found == ({folder: 'it is named like a split'} if named else {})


def test_numbered_files_end_in_png_in_any_case(tmp_path):
    for name in ('007.PNG', '8.png', '9.txt', '._8.png', 'a.png'):
        (tmp_path / name).touch()
    found = {n: path.name for n, path in numbered_files(tmp_path).items()}
    assert found == {7: '007.PNG', 8: '8.png'}
    assert numbered_files(tmp_path / 'absent') == {}


def test_two_files_of_one_number_are_no_series(tmp_path):
    for name in ('1.png', '2.png', '002.png'):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"'002.png' and '2.png' are both sl"):
        numbered_files(tmp_path)


def test_ids_that_are_the_numbers_are_those_of_coco(tmp_path):
    listed = images('a/7.png', 'a/8.png', 'b/9.png', first_id=7)
    assert list(reasons(listed, tmp_path)) == ['a']
    # One id that is no such number, as where numbers begin anew.
    assert reasons([*listed, *images('b/1.png')], tmp_path) == {}


def test_images_of_several_patients_are_no_series(tmp_path):
    listed = images('a/1.png', 'a/2.png', 'b/1.png')
    known = {'a/1.png': 'P', 'a/2.png': 'Q', 'b/1.png': 'Q'}
    assert list(reasons(listed, tmp_path, known)) == ['a']
    assert reasons(listed, tmp_path, {'a/1.png': 'P'}) == {}


def test_a_single_folder_that_is_listed_as_a_whole(tmp_path):
    (tmp_path / 'a').mkdir()
    for number in (1, 2):
        (tmp_path / 'a' / f'{number}.png').touch()
    assert list(reasons(images('a/1.png', 'a/2.png'), tmp_path)) == ['a']
    # What is not listed is the context of a key slice.
    (tmp_path / 'a' / '3.png').touch()
    assert reasons(images('a/1.png', 'a/2.png'), tmp_path) == {}


def read_as(pictures):
    return lambda path: pictures[path.name]


def body(seed):
    """Air, and a disc of tissue with detail of its own, 64 px."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64]
    centre = rng.uniform(20, 44, 2)
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 200
    return np.where(inside, rng.normal(50, 60, (64, 64)), -1000.0)


def test_pictures_decide_where_names_do_not(tmp_path):
    (tmp_path / 'a').mkdir()
    for number in (1, 2, 3):
        (tmp_path / 'a' / f'{number}.png').touch()
    listed = images('a/2.png', 'b/1.png')
    rng = np.random.default_rng(9)
    same = {
        f'{k}.png': body(0) + rng.normal(0, 20, (64, 64)) for k in (1, 2, 3)
    }
    assert reasons(listed, tmp_path, read=read_as(same)) == {}
    others = {f'{k}.png': body(k) for k in (1, 2, 3)}
    found = reasons(listed, tmp_path, read=read_as(others))
    assert found == {'a': 'adjacent images do not resemble each other'}
    # Constant pictures say nothing.
    flat = dict.fromkeys(same, np.zeros((64, 64)))
    assert reasons(listed, tmp_path, read=read_as(flat)) == {}
    sizes = {**same, '2.png': np.zeros((32, 64))}
    assert list(reasons(listed, tmp_path, read=read_as(sizes))) == ['a']


def test_real_series_and_mixtures_of_them(real_data, tmp_path):
    folders = sorted((real_data / 'deeplesion_sample/Images_png').iterdir())
    slices = [sorted(folder.glob('*.png')) for folder in folders]
    slices = [files for files in slices if len(files) > 2]
    assert len(slices) > 5

    def read(path):
        return read_png16(path.resolve()).astype(float) - 32768

    for name, files in (
        ('series', slices[0]),
        *((f'series{k}', files) for k, files in enumerate(slices)),
        ('mixed', [files[1] for files in slices]),
    ):
        (tmp_path / name).mkdir()
        for number, file in enumerate(files, start=1):
            (tmp_path / name / f'{number}.png').symlink_to(file)
    listed = images(
        'series/2.png',
        *(f'series{k}/2.png' for k in range(len(slices))),
        *(f'mixed/{k}.png' for k in (1, 2, 3, 4)),
    )
    assert list(reasons(listed, tmp_path, read=read)) == ['mixed']
