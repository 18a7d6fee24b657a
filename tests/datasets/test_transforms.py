import json
import os

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

import mmuldor.datasets  # noqa: F401
from mmuldor.datasets.transforms import (
    AddHardNegatives,
    LoadCTSlices,
    RandomResizeToSpacing,
    RandomSlice,
    RandomWindowHU,
    RecistToMask,
    ResizeToSpacing,
    SliceOffset,
    WindowHU,
)
from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16


@pytest.fixture
def series(tmp_path):
    """Slices 3 to 7 of 4x6 px; slice n has n * 100 HU everywhere."""
    for number in range(3, 8):
        pixels = hu_to_stored(np.full((4, 6), number * 100))
        write_png16(tmp_path / f'{number:03d}.png', pixels)
    return {
        'img_path': str(tmp_path / '005.png'),
        'key_slice': 5,
        'slice_range': [3, 7],
        'slice_interval_mm': 2.0,
        'height': 4,
        'width': 6,
    }


def loaded(info, **kwargs):
    results = LoadCTSlices(**kwargs).transform(dict(info))
    assert results['img'].dtype == np.float32
    assert results['img_shape'] == results['ori_shape'] == (4, 6)
    return results['img'][0, 0].tolist()


@pytest.mark.parametrize(
    ('count', 'expected'),
    [
        (1, [500]),
        (3, [400, 500, 600]),
        (5, [300, 400, 500, 600, 700]),
        (9, [300, 300, 300, 400, 500, 600, 700, 700, 700]),
    ],
)
def test_neighbours_become_channels_and_repeat_at_the_ends(
    series, count, expected
):
    assert loaded(series, num_slices=count) == expected


def test_slices_are_resampled_to_the_interval(series):
    # 1 mm is half a stored step, 3 mm one and a half.
    assert loaded(series, slice_interval_mm=1.0) == [450, 500, 550]
    assert loaded(series, slice_interval_mm=3.0) == [350, 500, 650]
    assert loaded(series, slice_interval_mm=2.0) == [400, 500, 600]
    assert loaded(series, slice_interval_mm=9.0) == [300, 500, 700]


def test_the_end_of_the_range_can_be_an_error(series):
    assert loaded(series, num_slices=5, out_of_range='error')[0] == 300
    with pytest.raises(ValueError, match='its range is 3 to 7'):
        loaded(series, num_slices=7, out_of_range='error')


def test_a_missing_neighbour_is_repeated_or_an_error(series):
    os.remove(series['img_path'].replace('005', '004'))
    assert loaded(series, num_slices=5) == [300, 500, 500, 600, 700]
    loader = LoadCTSlices(num_slices=3)
    assert loader.lacks_neighbours(series)
    assert [os.path.basename(p) for p in loader.slice_paths(series)] == [
        '005.png',
        '006.png',
    ]
    with pytest.raises(FileNotFoundError, match=r'004\.png.*does not exist'):
        loaded(series, missing='error')


def test_a_missing_key_slice_is_always_an_error(series):
    os.remove(series['img_path'])
    with pytest.raises(FileNotFoundError, match=r'005\.png'):
        loaded(series)


def test_a_slice_of_another_size_is_an_error(series):
    series['width'] = 8
    with pytest.raises(ValueError, match=r'00\d\.png must be 4 high and 8'):
        loaded(series)


@pytest.mark.parametrize(
    ('kwargs', 'error', 'match'),
    [
        ({'num_slices': 2}, ValueError, 'must be odd'),
        ({'num_slices': 3.0}, TypeError, 'must be an int'),
        ({'slice_interval_mm': 0}, ValueError, 'must be positive'),
        ({'out_of_range': 'pad'}, ValueError, '`out_of_range` must be one'),
        ({'missing': 'skip'}, ValueError, '`missing` must be one'),
    ],
)
def test_wrong_loader_arguments(kwargs, error, match):
    with pytest.raises(error, match=match):
        LoadCTSlices(**kwargs)


def test_windows_become_channels():
    image = np.zeros((2, 2, 3), dtype=np.float32)
    image[..., 1] = 100
    windows = [(-100, 100), (0, 200)]
    grey = WindowHU(windows).transform({'img': image})['img']
    assert grey.shape == (2, 2, 6)
    assert grey.dtype == np.float32
    np.testing.assert_allclose(
        grey[0, 0], [127.5, 255, 127.5, 0, 127.5, 0], atol=1e-3
    )


@pytest.mark.parametrize('windows', [[], [(1, 1)], [(3, 2)], [(1, 2, 3)]])
def test_wrong_windows(windows):
    with pytest.raises(ValueError, match='`windows` must'):
        WindowHU(windows)


RECIST = [0.5, 5.5, 20.5, 5.5, 10.5, 0.5, 10.5, 10.5]


def instances():
    return [
        {
            'bbox': [-4.5, -4.5, 25.5, 15.5],
            'bbox_label': 0,
            'ignore_flag': 0,
            'recist_px': RECIST,
        }
    ]


def test_recist_becomes_a_polygon():
    results = RecistToMask().transform({'instances': instances()})
    (polygon,) = results['instances'][0]['mask']
    assert polygon.shape == (128,)
    assert polygon[0::2].max() == pytest.approx(20.5)
    box = RecistToMask('box').transform({'instances': instances()})
    assert box['instances'][0]['mask'][0].tolist() == [
        *(0.5, 0.5, 20.5, 0.5),
        *(20.5, 10.5, 0.5, 10.5),
    ]


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*'ellipse'"):
        RecistToMask('circle')


def resized(height, width, source_mm, **kwargs):
    init_default_scope('mmdet')
    pipeline = Compose(
        [
            dict(type='mmuldor.RecistToMask'),
            dict(
                type='LoadAnnotations',
                with_bbox=True,
                with_mask=True,
                poly2mask=False,
            ),
            dict(type='mmuldor.ResizeToSpacing', **kwargs),
        ]
    )
    return pipeline(
        {
            'img': np.zeros((height, width, 3), np.float32),
            'img_shape': (height, width),
            'ori_shape': (height, width),
            'height': height,
            'width': width,
            'spacing_mm': source_mm,
            'instances': [{**instances()[0], 'bbox': [2.0, 4.0, 30.0, 14.0]}],
        }
    )


@pytest.mark.parametrize(
    ('spacing', 'expected'),
    [(0.8, (64, 48)), (0.4, (32, 24)), (1.6, (100, 75)), (1.0, (80, 60))],
)
def test_a_pixel_measures_what_is_asked_up_to_the_longest_side(
    spacing, expected
):
    results = resized(64, 48, [spacing] * 2, spacing_mm=0.8, max_size=100)
    assert results['img'].shape == (*expected, 3)
    assert results['img_shape'] == expected
    x, y = results['scale_factor']
    assert x == pytest.approx(expected[1] / 48)
    boxes = results['gt_bboxes'].tensor.numpy()
    np.testing.assert_allclose(
        boxes[0], [2 * x, 4 * y, 30 * x, 14 * y], rtol=1e-6
    )
    polygon = results['gt_masks'].masks[0][0]
    assert polygon[0::2].max() == pytest.approx(20.5 * x)


@pytest.mark.parametrize('name', ['spacing_mm', 'max_size'])
def test_wrong_spacing(name):
    with pytest.raises(ValueError, match=f'`{name}` must be positive'):
        ResizeToSpacing(**{name: 0})


def bank_of(folder, name, score, fingerprint='abc'):
    bank = {
        'version': 1,
        'ann_file': 'train.json',
        'fingerprint': fingerprint,
        'epoch': 0,
        'images': {
            '7': [
                {
                    'bbox': [1.0, 2.0, 3.0, 4.0],
                    'score': score,
                    'mask_iou': 0.0,
                    'polygons': [[1.0, 2.0, 4.0, 2.0, 4.0, 6.0]],
                }
            ]
        },
    }
    (folder / name).write_text(json.dumps(bank))
    return folder / name


def added(transform, img_id=7):
    results = {'img_id': img_id, 'instances': instances()}
    return transform.transform(results)['instances'][1:]


def test_without_a_bank_nothing_is_added():
    assert added(AddHardNegatives()) == []


def test_a_fixed_bank_adds_its_examples_half_a_pixel_on(tmp_path):
    transform = AddHardNegatives(bank_of(tmp_path, 'bank.json', 0.9))
    (instance,) = added(transform)
    assert instance['bbox'] == [1.5, 2.5, 4.5, 6.5]
    assert instance['bbox_label'] == 1
    assert instance['mask'][0].tolist() == [1.5, 2.5, 4.5, 2.5, 4.5, 6.5]
    assert added(transform, img_id=8) == []


def test_a_spared_example_is_an_ignored_region(tmp_path):
    path = bank_of(tmp_path, 'bank.json', 0.9)
    bank = json.loads(path.read_text())
    assert added(AddHardNegatives(path))[0]['ignore_flag'] == 0
    bank['images']['7'][0]['spared'] = True
    path.write_text(json.dumps(bank))
    assert added(AddHardNegatives(path))[0]['ignore_flag'] == 1


def test_a_fixed_bank_of_other_images_is_refused(tmp_path):
    transform = AddHardNegatives(bank_of(tmp_path, 'bank.json', 0.9))
    classes = ('lesion', 'false_positive')
    transform.check('abc', classes)
    with pytest.raises(ValueError, match='mined on other images'):
        transform.check('def', classes)
    with pytest.raises(ValueError, match=r"the classes \('lesion',\)"):
        transform.check('abc', ('lesion',))


def test_the_pointer_is_followed(tmp_path):
    bank_of(tmp_path, 'epoch_000.json', 0.9)
    bank_of(tmp_path, 'epoch_001.json', 0.8)
    pointer = tmp_path / 'current.json'
    transform = AddHardNegatives(label=2)
    for names, expected in (
        ([], 0),
        (['epoch_000.json'], 1),
        (['epoch_000.json', 'epoch_001.json'], 2),
        (['epoch_001.json'], 1),
    ):
        (tmp_path / 'new').write_text(json.dumps({'banks': names}))
        os.replace(tmp_path / 'new', pointer)
        transform.follow(pointer, 'abc')
        assert [i['bbox_label'] for i in added(transform)] == [2] * expected


def test_a_bank_of_other_images_is_refused_while_following(tmp_path):
    bank_of(tmp_path, 'epoch_000.json', 0.9, fingerprint='def')
    pointer = tmp_path / 'current.json'
    pointer.write_text('{"banks": ["epoch_000.json"]}')
    transform = AddHardNegatives()
    transform.follow(pointer, 'abc')
    with pytest.raises(ValueError, match='mined on other images'):
        added(transform)


@pytest.mark.parametrize('label', [0, -1, 1.0, True])
def test_wrong_label(label):
    with pytest.raises(ValueError, match='`label` must be an int'):
        AddHardNegatives(label=label)


def test_a_slice_beside_the_key_slice_is_loaded(series):
    assert loaded({**series, 'slice_offset': 0.25}) == [425, 525, 625]
    assert loaded({**series, 'slice_offset': -0.5}) == [350, 450, 550]


def test_slices_vary_by_millimetres_and_at_most_half_an_interval():
    np.random.seed(0)
    for interval, most in ((4.0, 0.25), (1.0, 0.5)):
        jitter = RandomSlice(max_mm=1.0)
        offsets = [
            jitter.transform({'slice_interval_mm': interval})['slice_offset']
            for _ in range(500)
        ]
        assert 0.97 * most < max(np.abs(offsets)) <= most
        assert abs(np.mean(offsets)) < 0.1 * most


def test_windows_vary_about_their_own():
    np.random.seed(0)
    jitter = RandomWindowHU([(0, 100)], max_shift=0.1, max_stretch=0.2)
    image = np.array([[[-1000.0], [50.0], [1000.0]]], np.float32)
    grey = np.array(
        [
            jitter.transform({'img': image.copy()})['img'][0, :, 0]
            for _ in range(500)
        ]
    )
    assert (grey[:, 0] == 0).all()
    assert (grey[:, 2] == 255).all()
    # The level moves by 10 of a width of 80 to 120.
    deviation = np.abs(grey[:, 1] - 127.5) / 255
    assert 0.1 < deviation.max() <= 10 / 80
    assert abs(grey[:, 1].mean() - 127.5) < 3


def test_a_view_keeps_its_hu():
    scan = np.full((2, 4, 4, 3), 50, np.float32)
    grey = WindowHU([(0, 100)]).transform({'img': scan[0]})['img']
    assert (grey == 127.5).all()
    assert (scan == 50).all()
    own = scan[1].copy()
    grey = WindowHU([(0, 100)]).transform({'img': own})['img']
    assert (grey == 127.5).all()
    assert grey is own


def test_no_variation_is_the_window_itself(series):
    image = {'img': np.random.default_rng(0).normal(0, 99, (4, 6, 3))}
    still = RandomWindowHU([(-100, 100), (0, 50)], 0, 0).transform({**image})
    plain = WindowHU([(-100, 100), (0, 50)]).transform({**image})
    np.testing.assert_allclose(still['img'], plain['img'], atol=1e-3)


def test_sizes_vary_after_the_limit():
    np.random.seed(0)
    resize = RandomResizeToSpacing(0.5, max_size=100, factors=(0.8, 1.2))
    sides = []
    for _ in range(200):
        results = {
            'img': np.zeros((60, 80, 9), np.float32),
            'spacing_mm': [1.0, 1.0],
        }
        height, width = resize.transform(results)['img'].shape[:2]
        assert abs(height / width - 0.75) < 0.02
        sides.append(width)
    assert 80 <= min(sides) < 84
    assert 116 < max(sides) <= 120


@pytest.mark.parametrize(
    ('transform', 'kwargs', 'message'),
    [
        (RandomSlice, {'max_mm': 0}, 'positive'),
        (RandomWindowHU, {'max_stretch': 1.0}, 'max_stretch'),
        (RandomWindowHU, {'max_shift': -0.1}, 'max_shift'),
        (RandomResizeToSpacing, {'factors': (1.2, 0.8)}, 'factors'),
    ],
)
def test_variations_out_of_range_are_refused(transform, kwargs, message):
    with pytest.raises(ValueError, match=message):
        transform(**kwargs)


def test_a_stated_distance_is_loaded(series):
    shifted = SliceOffset(mm=-1.0).transform({**series})
    assert loaded(shifted, num_slices=1) == [450]
