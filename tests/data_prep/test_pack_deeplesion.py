import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from data_prep.deeplesion_to_coco import main as convert
from data_prep.pack_deeplesion import main
from mmuldor.datasets import DeepLesionDataset, LoadCTSlices
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from mmuldor.io.png import read_png16, write_png16
from mmuldor.io.store.reader import SliceStore

SPLITS = ('train', 'val', 'test')


def pack(data, out, *flags, splits=SPLITS):
    ann = [str(data / f'{split}.json') for split in splits]
    words = ['--ann', *ann, '--images', data, '--out', out, *flags]
    main([str(word) for word in words])


def samples(ann_file, root, **loader):
    """What the loader makes of every image."""
    transform = LoadCTSlices(**loader)
    for image in load_annotations(ann_file)['images']:
        info = {**image, 'img_path': str(root / image['file_name'])}
        yield info, transform.transform(info)['img']


def same(data, store, **loader):
    """Number of images that PNG and store give alike."""
    count = 0
    for split in SPLITS:
        args = (data / f'{split}.json', data / 'Images_png')
        pairs = zip(
            samples(*args, **loader),
            samples(*args, **loader, store=store),
            strict=True,
        )
        for (_, png), (_, packed) in pairs:
            assert png.dtype == packed.dtype == np.float32
            assert packed.flags.writeable
            assert np.array_equal(png, packed)
            count += 1
    return count


@pytest.fixture
def gappy(mini_data):
    """One neighbour is not there."""
    (mini_data / 'Images_png/000001_01_01/004.png').unlink()
    return mini_data


def test_a_store_gives_the_images_of_the_png(gappy, tmp_path, capsys):
    store = tmp_path / 'store'
    pack(gappy, store, '--check', '--shard-mb', 0.05)
    out, err = capsys.readouterr()
    assert '29 slices are the same as their PNG' in out
    assert f'use: python tools/train.py CONFIG --store {store}' in out
    assert '1 neighbours have no file' in err
    assert same(gappy, store) == 10
    with pytest.raises(FileNotFoundError, match='missing='):
        same(gappy, store, missing='error')


@pytest.mark.parametrize(
    ('flags', 'loader'),
    [
        (('--num-slices', 1), {'num_slices': 1}),
        (('--num-slices', 5), {'num_slices': 5}),
        (('--slice-interval', 0.7), {'slice_interval_mm': 0.7}),
    ],
)
def test_what_other_loaders_read(gappy, tmp_path, flags, loader):
    pack(gappy, tmp_path / 'store', *flags)
    assert same(gappy, tmp_path / 'store', **loader) == 10


def test_stand_ins_of_missing_slices_are_packed(mini_data, tmp_path):
    """Slice 1 is asked for; 1 and 2 are missing, so 3 stands in."""
    document = load_annotations(mini_data / 'val.json')
    image = document['images'][0]
    image['slice_range'] = [1, 9]
    write_json(mini_data / 'val.json', document)
    series = (mini_data / 'Images_png' / image['file_name']).parent
    for number in (3, 7, 8, 9):
        pixels = np.full((64, 64), number, np.uint16)
        write_png16(series / f'{number:03d}.png', pixels)
    pack(mini_data, tmp_path / 'store', '--slice-interval', 8)
    assert same(mini_data, tmp_path / 'store', slice_interval_mm=8) == 10


def test_a_store_without_the_slices_of_a_config_says_so(mini_data, tmp_path):
    pack(mini_data, tmp_path / 'store', '--num-slices', 1)
    with pytest.raises(ValueError, match=r'004\.png.*was not packed for it'):
        same(mini_data, tmp_path / 'store')
    pack(mini_data, tmp_path / 'store')
    assert same(mini_data, tmp_path / 'store') == 10


def test_part_by_part_without_keeping_the_png(mini_data, tmp_path, capsys):
    store = tmp_path / 'store'
    pack(mini_data, store, splits=['train'])
    away = tmp_path / 'away'
    away.mkdir()
    for folder in (mini_data / 'Images_png').glob('0000*'):
        shutil.move(folder, away / folder.name)
    pack(mini_data, store, '--check')
    assert '30 slices, 12 of them new' in capsys.readouterr().out
    shutil.copytree(away, mini_data / 'Images_png', dirs_exist_ok=True)
    assert same(mini_data, store) == 10


def test_the_data_set_needs_no_png_then(mini_data, tmp_path):
    pack(mini_data, tmp_path / 'store')
    with_png = dataset(mini_data)[0]['img']
    shutil.rmtree(mini_data / 'Images_png')
    with pytest.raises(FileNotFoundError):
        dataset(mini_data)
    packed = dataset(mini_data, store=str(tmp_path / 'store'))
    assert np.array_equal(packed[0]['img'], with_png)
    with pytest.raises(FileNotFoundError, match=r'store\.json'):
        dataset(mini_data, store=str(tmp_path / 'other'))


def dataset(folder, **loader):
    return DeepLesionDataset(
        ann_file='train.json',
        data_root=str(folder),
        data_prefix={'img': 'Images_png'},
        pipeline=[{'type': 'mmuldor.LoadCTSlices', **loader}],
    )


def test_a_truncated_png_stops_and_the_rest_follows(mini_data, tmp_path):
    path = mini_data / 'Images_png/000201_01_01/006.png'
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(ValueError, match=r'000201_01_01/006\.png.*truncated'):
        pack(mini_data, tmp_path / 'store', '--shard-mb', 0.01)
    finished = list((tmp_path / 'store').glob('shard-*.bin'))
    assert finished
    path.write_bytes(whole)
    times = [file.stat().st_mtime_ns for file in finished]
    pack(mini_data, tmp_path / 'store')
    assert [file.stat().st_mtime_ns for file in finished] == times
    assert same(mini_data, tmp_path / 'store') == 10


SLOW_PACKING = """
import sys, time
from data_prep import pack_deeplesion
from data_prep.deeplesion import packing as pack

def slow(path, shape, read=pack.read_png16):
    if '000201' in str(path):
        time.sleep(60)
    return read(path, shape)

pack.read_png16 = slow
pack_deeplesion.main(sys.argv[1:])
"""


def test_a_killed_run_goes_on(mini_data, tmp_path, root):
    store = tmp_path / 'store'
    words = ['--ann', *(mini_data / f'{split}.json' for split in SPLITS)]
    words += ['--images', mini_data, '--out', store]
    words += ['--shard-mb', 0.02, '--workers', 1]
    run = subprocess.Popen(
        [sys.executable, '-c', SLOW_PACKING, *map(str, words)],
        cwd=root,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 30
        while not list(store.glob('shard-*.json')):
            assert run.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        run.kill()
        run.wait()
    with pytest.raises(FileNotFoundError, match='did not come to its end'):
        same(mini_data, store)
    pack(mini_data, store)
    assert not list(store.glob('.shard-*'))
    assert same(mini_data, store) == 10


def test_a_png_that_changed_later(mini_data, tmp_path):
    pack(mini_data, tmp_path / 'store')
    path = mini_data / 'Images_png/000001_01_01/005.png'
    write_png16(path, read_png16(path) + 1)
    with pytest.raises(ValueError, match=r'005\.png must be what was packed'):
        pack(mini_data, tmp_path / 'store', '--check')


def test_missing_key_slices(mini_data, tmp_path):
    shutil.rmtree(mini_data / 'Images_png/000001_01_01')
    with pytest.raises(
        FileNotFoundError,
        match=r'1 of 10 key slices are missing in .*000001_01_01/005\.png\. '
        r'.*--missing-images skip',
    ):
        pack(mini_data, tmp_path / 'store')


@pytest.mark.parametrize('name', ['../x/005.png', '/etc/x/005.png'])
def test_names_stay_in_the_folder(mini_data, tmp_path, name):
    document = load_annotations(mini_data / 'val.json')
    document['images'][0]['file_name'] = name
    write_json(mini_data / 'val.json', document)
    with pytest.raises(
        ValueError, match='`file_name` must be a name inside the folder'
    ):
        pack(mini_data, tmp_path / 'store')


@pytest.mark.parametrize(
    'flags', [('--num-slices', 2), ('--slice-interval', 0), ('--workers', 0)]
)
def test_wrong_arguments(mini_data, tmp_path, flags):
    with pytest.raises(SystemExit, match='2'):
        pack(mini_data, tmp_path / 'store', *flags)


def test_real_slices(real_data, tmp_path):
    sample = real_data / 'deeplesion_sample'
    words = ['--csv', sample / 'DL_info.csv', '--images', sample]
    words += ['--out', tmp_path, '--missing-images', 'skip']
    convert([str(word) for word in words])
    (tmp_path / 'Images_png').symlink_to(sample / 'Images_png')
    pack(tmp_path, tmp_path / 'store', '--num-slices', 5)
    assert same(tmp_path, tmp_path / 'store', num_slices=5) == 32
    assert SliceStore(tmp_path / 'store').has('000001_01_01/107.png')
