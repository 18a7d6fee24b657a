"""The figures on the mini data set: what is drawn, and on which images."""

import json

import numpy as np
import pytest
from matplotlib.patches import PathPatch
from pycocotools import mask as mask_utils

from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.runs import load_runs
from mmuldor.functional.froc import FROCCurve
from mmuldor.functional.masks import rasterize
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from mmuldor.io.run_length import segmentation_outline
from mmuldor.mining.bank import BANK_VERSION
from mmuldor.report.mined_figure import mined_figure
from mmuldor.report.phantom_truth import load_outlines
from mmuldor.report.pseudo_mask_figure import (
    diameters_mm,
    pseudo_mask_figure,
)
from mmuldor.report.side_by_side import side_by_side_figure
from mmuldor.visualization.marks import DETECTION, FALSE_CLASS, render


@pytest.fixture
def train(mini_data):
    return load_annotations(mini_data / 'train.json')


@pytest.fixture
def images_dir(mini_data):
    return mini_data / 'Images_png'


def texts(fig):
    own = [text.get_text() for text in fig.texts]
    return own + [t.get_text() for ax in fig.axes for t in ax.texts]


def encode(mask):
    rle = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {'size': rle['size'], 'counts': rle['counts'].decode()}


def detect(annotation, score, shift=0.0, category=1):
    x, y, w, h = annotation['bbox']
    return {
        'image_id': annotation['image_id'],
        'bbox': [x + shift, y, w, h],
        'score': score,
        'category_id': category,
    }


def example(polygon=(2, 2, 9, 2, 9, 9, 2, 9)):
    return {
        'bbox': [2.0, 2.0, 7.0, 7.0],
        'score': 0.912,
        'mask_iou': 0.125,
        'polygons': [list(polygon)],
    }


def bank_of(images):
    return {
        'version': BANK_VERSION,
        'ann_file': 'train.json',
        'fingerprint': 'f',
        'epoch': 0,
        'counts': {},
        'images': images,
    }


def test_diameters_use_the_spacing_of_each_axis():
    # 6 px across at 0.5 mm, 4 px down at 2 mm: the second is the longer.
    assert diameters_mm([0, 0, 6, 0, 3, 1, 3, 5], [0.5, 2]) == (8, 3)


def test_pseudo_masks_one_panel_a_lesion(train, images_dir):
    fig = pseudo_mask_figure(train, images_dir, count=4, columns=2, side=60)
    assert len(fig.axes) == 4
    sizes = [float(t.split(' x ')[0]) for t in texts(fig)]
    assert sizes == sorted(sizes)
    same = pseudo_mask_figure(train, images_dir, count=4, columns=2, side=60)
    np.testing.assert_array_equal(render(fig), render(same))


def test_noisy_lesions_are_not_shown(train, images_dir):
    for annotation in train['annotations'][1:]:
        annotation['noisy'] = True
    fig = pseudo_mask_figure(train, images_dir, side=60)
    assert len(fig.axes) == 1


def test_true_outline_is_added(train, images_dir):
    ring = np.array([[20.0, 20], [40, 20], [40, 40]])
    outlines = {a['id']: [ring] for a in train['annotations']}
    plain = pseudo_mask_figure(train, images_dir, count=1, side=60)
    fig = pseudo_mask_figure(
        train, images_dir, outlines=outlines, count=1, side=60
    )
    counts = [
        sum(isinstance(a, PathPatch) for a in f.axes[0].artists)
        + sum(isinstance(a, PathPatch) for a in f.axes[0].patches)
        for f in (plain, fig)
    ]
    assert counts[1] == counts[0] + 1


def test_mined_shows_s1_and_s2(train, images_dir):
    bank = bank_of({'2': [example(), example()], '5': [example()]})
    fig = mined_figure(bank, train, images_dir, side=120)
    assert len(fig.axes) == 2
    found = texts(fig)
    assert found.count('0.91/0.12') == 3
    assert any('000002_01_01/005.png, 2 mined' in text for text in found)


def test_a_round_that_mined_nothing_gives_an_empty_picture(train, images_dir):
    fig = mined_figure(bank_of({}), train, images_dir, side=60)
    assert fig.axes == []
    assert any('no example' in text for text in texts(fig))
    render(fig)


def test_mined_from_another_file(train, images_dir):
    bank = bank_of({'77': [example()]})
    with pytest.raises(ValueError, match='id 77'):
        mined_figure(bank, train, images_dir)


def test_side_by_side_takes_turns_and_states_what_was_found(
    tmp_path, mini_data, images_dir, train
):
    lesions = train['annotations']
    # The first finds 1 to 4, the second 3 to 6; both raise no false alarm
    # but the second one, below every hit.
    one = [detect(a, 0.9) for a in lesions[:4]]
    two = [detect(a, 0.8) for a in lesions[2:]]
    two.append(detect(lesions[0], 0.1, shift=40.0))
    for name, results in (('one', one), ('two', two)):
        write_json(tmp_path / f'{name}.json', results)
    truth = load_ground_truth(mini_data / 'train.json')
    runs = load_runs(
        truth, {n: tmp_path / f'{n}.json' for n in ('one', 'two')}
    )
    fig = side_by_side_figure(
        train, images_dir, truth, runs, fps_per_image=0.1, rows=3, side=100
    )
    assert len(fig.axes) == 6
    captions = [t for t in texts(fig) if t.startswith('found')]
    found = [int(t.split()[1]) for t in captions]
    # Differ, all found, differ: two, then four, then two hits... in turn.
    assert [sum(found[i : i + 2]) for i in (0, 2, 4)] == [1, 2, 1]
    assert 'score at least 0.80' in texts(fig)
    assert '0.10' not in texts(fig)


def test_no_score_at_the_operating_point(
    tmp_path, mini_data, images_dir, train
):
    lesion = train['annotations'][0]
    write_json(tmp_path / 'r.json', [detect(lesion, 0.5, shift=40.0)])
    truth = load_ground_truth(mini_data / 'train.json')
    runs = load_runs(truth, {'all false': tmp_path / 'r.json'})
    fig = side_by_side_figure(
        train, images_dir, truth, runs, fps_per_image=0.01, rows=1, side=100
    )
    assert 'no score gives 0.01 FPs per image' in texts(fig)
    assert 'found 0 of 1, false: 0' in ' '.join(texts(fig))


def test_detections_by_class_and_mask(images_dir, train):
    from mmuldor.visualization.ct_image import load_slice
    from mmuldor.visualization.detection_figure import result_figure

    mask = np.zeros((64, 64), bool)
    mask[10:20, 30:40] = True
    found = {**detect(train['annotations'][0], 0.8), 'bbox': [29, 9, 12, 12]}
    found['segmentation'] = encode(mask)
    false = {**found, 'score': 0.3, 'category_id': 2}
    picture = load_slice(train['images'][0], images_dir)
    fig = result_figure(picture, [], [found, false], scale=2)
    assert render(fig).shape == (128, 128, 3)
    colors = {t.get_text(): t.get_color() for t in fig.axes[0].texts}
    assert colors == {'0.80': DETECTION, '0.30': FALSE_CLASS}


def test_outline_fills_back_to_the_mask():
    mask = np.zeros((20, 30), bool)
    mask[5:9, 7:19] = True
    (ring,) = segmentation_outline(encode(mask))
    np.testing.assert_array_equal(rasterize(ring, 20, 30), mask)
    assert segmentation_outline(encode(np.zeros((4, 4), bool))) == []


@pytest.mark.parametrize('bad', [{}, {'size': [4, 4]}, [[1, 2, 3]], 'x'])
def test_outline_rejects(bad):
    with pytest.raises(ValueError, match='run-length'):
        segmentation_outline(bad)


def test_froc_plot_lines():
    curve = FROCCurve(np.array([0, 0, 2.0]), np.array([0, 0.5, 0.75]))
    fig = froc_figure({'$a_1$': curve, '_b': curve})
    lines = fig.axes[0].lines
    np.testing.assert_allclose(lines[0].get_xdata()[-1], 2)
    np.testing.assert_allclose(lines[0].get_ydata()[:3], [0, 50, 75])
    # A dot at its end, and nothing beyond.
    np.testing.assert_allclose(lines[1].get_xdata(), [2])
    np.testing.assert_allclose(lines[1].get_ydata(), [75])
    assert len(lines) == 4
    names = [t.get_text() for t in fig.axes[0].get_legend().get_texts()]
    assert names == ['$a_1$', '_b']
    render(fig)


def test_froc_plot_is_cut_at_its_end():
    curve = FROCCurve(np.array([0, 4.0]), np.array([0, 1.0]))
    line, *rest = froc_figure({'a': curve}, max_fp_rate=2).axes[0].lines
    assert (line.get_xdata()[-1], line.get_ydata()[-1]) == (2, 50)
    assert rest == []


@pytest.fixture
def truth_file(tmp_path, train):
    mask = np.zeros((64, 64), bool)
    mask[3:6, 10:20] = True
    names = {i['id']: i['file_name'] for i in train['images']}
    lesions = [
        {
            'row': a['id'],
            'file_name': names[a['image_id']],
            'segmentation': encode(mask),
        }
        for a in train['annotations']
    ]
    lesions.append({**lesions[0], 'row': None})
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps({'lesions': lesions}))
    return path


def test_true_masks_are_found_by_row(truth_file, train):
    outlines = load_outlines(truth_file, train)
    assert set(outlines) == {a['id'] for a in train['annotations']}
    ring = outlines[1][0]
    # The outer edge of pixels 10 to 19 is 9.5 to 19.5, 1/8 px inside it.
    assert (ring[:, 0].min(), ring[:, 0].max()) == (9.625, 19.375)


def test_true_masks_of_another_phantom(truth_file, train):
    train['images'][2]['file_name'] = 'other/001.png'
    with pytest.raises(ValueError, match=r'row 3 \(other/001\.png\)'):
        load_outlines(truth_file, train)


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('[]', 'make_phantom'),
        ('{}', 'make_phantom'),
        ('{"lesions": [{"row": 1}]}', r'lesions\[0\]: `file_name` must'),
    ],
)
def test_no_truth_file(tmp_path, train, text, match):
    path = tmp_path / 'truth.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=match):
        load_outlines(path, train)
