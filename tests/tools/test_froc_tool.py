import itertools
import json
import random
import subprocess
import sys

import pytest

from tests.support.published import (
    SENSITIVITY,
    lesions_of_test_split,
    published_detections,
)

LESION = [0, 0, 9, 9]
IMAGES = [{'id': number} for number in (4, 2, 9, 5)]
# Image 2 has a clean and a noisy lesion, 9 a noisy one only, 5 none.
ANNOTATIONS = [
    {'id': 1, 'image_id': 4, 'bbox': LESION, 'noisy': False},
    {'id': 2, 'image_id': 2, 'bbox': LESION, 'noisy': False},
    {'id': 3, 'image_id': 2, 'bbox': [50, 50, 9, 9], 'noisy': True},
    {'id': 4, 'image_id': 9, 'bbox': LESION, 'noisy': True},
]
DETECTIONS = [
    {'image_id': 4, 'bbox': LESION, 'score': 0.9, 'category_id': 1},
    {'image_id': 5, 'bbox': LESION, 'score': 0.8, 'category_id': 1},
    {'image_id': 9, 'bbox': LESION, 'score': 0.7, 'category_id': 1},
    {'image_id': 2, 'bbox': LESION, 'score': 0.95, 'category_id': 2},
    {'image_id': 4, 'bbox': LESION, 'score': 0.99, 'category_id': 2},
]


@pytest.fixture
def files(tmp_path):
    """Writes the two inputs; gives their paths and the report's."""
    annotations = [{**row, 'category_id': 1} for row in ANNOTATIONS]
    ann, dets = tmp_path / 'test.json', tmp_path / 'dets.json'
    ann.write_text(json.dumps({'images': IMAGES, 'annotations': annotations}))
    dets.write_text(json.dumps(DETECTIONS))
    return ann, dets, tmp_path / 'froc.json'


@pytest.fixture
def run(root):
    """Runs the tool as a user does."""

    def run_tool(*args):
        command = [sys.executable, 'tools/froc.py', *map(str, args)]
        return subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=60
        )

    return run_tool


def report(run, files, *args):
    ann, dets, out = files
    done = run('--ann', ann, '--dets', dets, '--out', out, *args)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text()), done.stdout


def test_by_hand(run, files):
    # Three images count; 4 is found, then one false positive on 5.
    found, table = report(run, files)
    assert found['fp_rates'] == [0.5, 1, 2, 4, 5, 8, 16]
    assert found['sensitivity'] == [0.5] * 7
    assert (found['mean'], found['max_sensitivity']) == (0.5, 0.5)
    assert found['fps_at_max'] == 0
    assert found['counts'] == {
        'images': 3,
        'lesions': 2,
        'detections': 2,
        'detections_fp_class': 0,
        'ignored_fp_class': 2,
        'ignored_other_types': 0,
        'ignored_regions': 0,
        'ignored_in_regions': 0,
        'ignored_on_dropped_images': 1,
        'noisy_images_dropped': 1,
        'noisy_lesions_dropped': 2,
    }
    assert found['inputs'] == {'ann': str(files[0]), 'dets': str(files[1])}
    assert 'inclusive' in found['convention']
    assert '3 images, 2 lesions, 2 detections' in table
    assert table.count('50.00') == 9
    assert '2 detections of the FP class' in table


def test_with_fp_class(run, files):
    # The FP class finds image 2's lesion, after the false positive on 5; on
    # image 4 the lesion class suppresses it.
    found, table = report(run, files, '--with-fp-class')
    assert found['with_fp_class'] is True
    assert found['sensitivity'] == [1] * 7
    assert found['fps_at_max'] == pytest.approx(1 / 3)
    assert found['counts']['detections_fp_class'] == 1
    assert found['counts']['ignored_fp_class'] == 1
    assert table.startswith('FROC + FP:')


def test_a_category_of_0_and_a_crowd(run, files):
    ann, dets, _ = files
    rows = [
        {'id': 1, 'image_id': 4, 'bbox': LESION, 'category_id': 0},
        {'id': 2, 'image_id': 2, 'bbox': LESION, 'category_id': 0},
        {'id': 3, 'image_id': 5, 'bbox': LESION, 'category_id': 0},
    ]
    rows[2]['iscrowd'] = 1
    document = {'images': IMAGES, 'annotations': rows}
    ann.write_text(json.dumps(document))
    found, table = report(run, files)
    # 4 is found; that on the crowd of 5 does not count, that on 9 is false.
    assert found['counts']['lesions'] == 2
    assert found['counts']['ignored_in_regions'] == 1
    assert found['sensitivity'] == [0.5] * 7
    assert '1 ignored regions (iscrowd), 1 detections in them' in table
    # An organ beside it must be told from the lesion.
    rows.append({**rows[0], 'id': 4, 'category_id': 3})
    names = [{'id': 0, 'name': 'tumour'}, {'id': 3, 'name': 'liver'}]
    ann.write_text(json.dumps({**document, 'categories': names}))
    done = run('--ann', ann, '--dets', dets)
    assert done.returncode != 0
    assert done.stderr.startswith(f'error: {ann} has 2 categories: ')
    again, table = report(run, files, '--lesion-category', 'tumour')
    assert again['sensitivity'] == found['sensitivity']
    assert again['left_out'] == {"'liver' (id 3)": 1}
    assert "boxes of other categories (1 'liver' (id 3))" in table


def test_keep_noisy(run, files):
    # Four images, four lesions: 4 and 9 are found.
    found, _ = report(run, files, '--keep-noisy')
    assert (found['counts']['images'], found['counts']['lesions']) == (4, 4)
    assert found['max_sensitivity'] == 0.5
    assert found['fps_at_max'] == 0.25


def test_rates_and_threshold(run, files):
    found, table = report(
        run, files, '--fp-rates', '0.125', '3', '--iou-thr', '0.25'
    )
    assert found['fp_rates'] == [0.125, 3]
    assert len(found['sensitivity']) == 2
    assert found['iou_thr'] == 0.25
    assert '0.125' in table


def test_no_detections(run, files):
    files[1].write_text('[]')
    found, table = report(run, files)
    assert found['sensitivity'] == [0] * 7
    assert found['max_sensitivity'] == 0
    assert found['notes'] == ['the results file is empty: no lesion is found']
    assert f'note: {found["notes"][0]}' in table.splitlines()


def test_the_end_of_the_curve(run, files):
    # One false positive on three images.
    _, table = report(run, files)
    assert '; the curve ends at 0.33 FPs, its last value is held' in table
    _, table = report(run, files, '--fp-rates', '0.1', '0.3')
    # The mean goes up to 4 FPs.
    assert '; the curve ends at 0.33 FPs, its last value is held' in table


def test_a_work_dir_and_swapped_files(run, files, tmp_path):
    ann, dets, out = files
    (tmp_path / 'work').mkdir()
    dets = dets.rename(tmp_path / 'work' / 'results.json')
    found, _ = report(run, (ann, tmp_path / 'work', out))
    assert found['sensitivity'] == [0.5] * 7
    assert found['inputs']['dets'] == str(dets)
    # Its own results are an input, too.
    work = tmp_path / 'work'
    done = run('--ann', ann, '--dets', work, '--out', dets)
    assert 'an output must be another file than the inputs' in done.stderr
    done = run('--ann', dets, '--dets', ann)
    assert done.returncode == 1
    assert done.stderr.endswith('but got a list. Are these results?\n')


@pytest.mark.parametrize('suffix', ['png', 'svg'])
def test_plot(run, files, tmp_path, suffix):
    plot = tmp_path / f'froc.{suffix}'
    report(run, files, '--plot', plot)
    head = plot.read_bytes()[:200]
    assert (b'PNG' in head) if suffix == 'png' else (b'<?xml' in head)


def test_starts_without_frameworks(root, files):
    code = (
        'import runpy, sys\n'
        'runpy.run_path("tools/froc.py", run_name="__main__")\n'
        'heavy = {"torch", "mmengine", "mmdet", "matplotlib", "scipy"}\n'
        'print("heavy:", sorted(heavy & set(sys.modules)))\n'
    )
    args = ['--ann', str(files[0]), '--dets', str(files[1])]
    done = subprocess.run(
        [sys.executable, '-c', code, *args],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert 'heavy: []' in done.stdout, done.stderr


@pytest.mark.parametrize('option', ['--ann', '--dets'])
def test_wrong_arguments(run, files, option):
    ann, dets, out = files
    given = {'--ann': ann, '--dets': dets, '--out': out}
    done = run(*itertools.chain(*{**given, option: 'nowhere.json'}.items()))
    assert done.returncode == 1
    assert done.stderr.startswith('error: ')
    assert 'nowhere.json' in done.stderr
    assert done.stderr.count('\n') == 1
    assert not out.exists()


def test_wrong_entry(run, files):
    files[1].write_text(json.dumps([*DETECTIONS, {'image_id': 4}]))
    done = run('--ann', files[0], '--dets', files[1])
    assert done.returncode == 1
    assert 'dets.json: entry 5: `bbox` must be' in done.stderr


@pytest.mark.parametrize('option', ['--out', '--plot'])
@pytest.mark.parametrize('which', [0, 1])
def test_inputs_are_never_overwritten(run, files, option, which):
    inputs = list(files[:2])
    if option == '--plot':
        # What a file holds does not depend on its name.
        inputs[which] = inputs[which].rename(files[which].with_suffix('.png'))
    before = inputs[which].read_text()
    done = run('--ann', inputs[0], '--dets', inputs[1], option, inputs[which])
    assert done.returncode == 1
    assert 'must be another file than the inputs' in done.stderr
    assert inputs[which].read_text() == before


@pytest.mark.parametrize('annotations', [[], ANNOTATIONS[3:]])
def test_no_lesion_left(run, files, annotations):
    annotations = [{**row, 'category_id': 1} for row in annotations]
    files[0].write_text(
        json.dumps({'images': IMAGES, 'annotations': annotations})
    )
    done = run('--ann', files[0], '--dets', files[1])
    assert done.returncode == 1
    assert 'must hold at least one lesion' in done.stderr


@pytest.fixture
def published(real_data, tmp_path):
    """The published detections and their lesions as files, in any order."""
    lesions = list(lesions_of_test_split(real_data))
    rng = random.Random(0)
    names = sorted({name for name, *_ in lesions})
    ids = dict(zip(names, rng.sample(range(10**6), len(names)), strict=True))
    annotations = [
        {
            'id': number,
            'image_id': ids[name],
            'category_id': 1,
            'bbox': [*box[:2], box[2] - box[0], box[3] - box[1]],
            'noisy': noisy,
        }
        for number, (name, box, noisy) in enumerate(lesions, 1)
    ]
    names, boxes = published_detections(real_data)
    detections = [
        {
            'image_id': ids[name],
            'bbox': [x1, y1, x2 - x1, y2 - y1],
            'score': score,
            'category_id': 1,
        }
        for name, (x1, y1, x2, y2, score) in zip(
            names, boxes.tolist(), strict=True
        )
    ]
    images = [{'id': number} for number in ids.values()]
    for listed in (images, annotations, detections):
        rng.shuffle(listed)
    ann, dets = tmp_path / 'test.json', tmp_path / 'dets.json'
    ann.write_text(json.dumps({'images': images, 'annotations': annotations}))
    dets.write_text(json.dumps(detections))
    return ann, dets, tmp_path / 'froc.json'


def test_published_detections(run, published):
    found, table = report(run, published)
    assert [f'{value:.8f}' for value in found['sensitivity']] == SENSITIVITY
    assert '4817 images, 4912 lesions, 86314 detections' in table
