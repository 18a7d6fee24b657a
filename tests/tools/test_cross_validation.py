"""Cross-validation from the phantom to tables, with detections from files."""

import json

import numpy as np
import pytest

from data_prep import deeplesion_to_coco, make_phantom
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tools import compare, froc, join_folds, report

FOLDS = 5


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A phantom of 20 patients and its five folds."""
    folder = tmp_path_factory.mktemp('folds')
    make_phantom.main(
        [
            *(str(folder), '--images', '20', '--size', '128', '--overwrite'),
            *('--neighbours', '1', '--workers', '1', '--seed', '1'),
        ]
    )
    for fold in range(FOLDS):
        convert(folder, str(fold), '--folds', FOLDS, '--fold', fold)
    # All as one split, to compare with.
    names = [p.name[:6] for p in (folder / 'Images_png').iterdir()]
    write_json(folder / 'all.json', {str(int(n)): 'test' for n in names})
    convert(folder, 'all', '--split-file', folder / 'all.json')
    for method, error in (('exact', 0.0), ('loose', 4.0)):
        for fold in range(FOLDS):
            document = load_annotations(folder / str(fold) / 'test.json')
            write_json(
                folder / method / f'fold_{fold}' / 'results.json',
                detections(document, error),
            )
    return folder


def convert(folder, name, *flags):
    words = ('--csv', folder / 'DL_info.csv', '--out', folder / name)
    words += ('--images', folder / 'Images_png', *flags)
    deeplesion_to_coco.main([str(word) for word in words])


def detections(document, error_px):
    """Lesions at places that are a bit wrong, and six false positives."""
    results = []
    for image in document['images']:
        # By the image alone, so that no fold matters.
        rng = np.random.default_rng(image['id'])
        own = [
            lesion['bbox']
            for lesion in document['annotations']
            if lesion['image_id'] == image['id']
        ]
        moved = [
            [x + rng.normal(0, error_px), y + rng.normal(0, error_px), w, h]
            for x, y, w, h in own
        ]
        corners = rng.uniform(0, 100, (6, 2)).tolist()
        noise = [[*corner, 15.0, 15.0] for corner in corners]
        results += [
            {
                'image_id': image['id'],
                'bbox': box,
                'score': float(rng.uniform()),
                'category_id': 1,
            }
            for box in moved + noise
        ]
    return results


def anns(place):
    return [str(place / str(fold) / 'test.json') for fold in range(FOLDS)]


def dets(place, method):
    folder = place / method
    return [str(folder / f'fold_{fold}') for fold in range(FOLDS)]


def evaluated(place, name, *words):
    out = place / f'{name}.json'
    froc.main([*words, '--out', str(out)])
    return json.loads(out.read_text())


def test_every_image_is_tested_once(place):
    tested, patients = [], []
    for fold in range(FOLDS):
        splits = [
            load_annotations(place / str(fold) / f'{split}.json')['images']
            for split in ('train', 'val', 'test')
        ]
        assert sum(map(len, splits)) == 20
        tested += [image['file_name'] for image in splits[2]]
        patients += sorted({image['patient'] for image in splits[2]})
    everything = load_annotations(place / 'all' / 'test.json')['images']
    assert sorted(tested) == sorted(i['file_name'] for i in everything)
    assert len(patients) == len(set(patients))


@pytest.mark.parametrize('method', ['exact', 'loose'])
def test_folds_are_one_evaluation(place, method, capsys):
    found = evaluated(
        *(place, f'{method}-folds', '--ann', *anns(place)),
        *('--dets', *dets(place, method)[::-1]),
    )
    document = load_annotations(place / 'all' / 'test.json')
    write_json(
        place / 'whole.json', detections(document, 4.0 * (method == 'loose'))
    )
    whole = evaluated(
        *(place, f'{method}-whole', '--ann', str(place / 'all' / 'test.json')),
        *('--dets', str(place / 'whole.json')),
    )
    for key in ('sensitivity', 'mean', 'max_sensitivity', 'counts'):
        assert found[key] == whole[key]
    assert found['counts']['images'] == 20
    folds = found['folds']
    assert len(folds) == FOLDS
    assert sum(fold['lesions'] for fold in folds) == found['counts']['lesions']
    if method == 'exact':
        assert found['max_sensitivity'] == 1
    means = ', '.join(f'{100 * fold["mean"]:.2f}' for fold in folds)
    assert f'mean of each fold alone: {means}; ' in capsys.readouterr().out


def test_methods_are_compared(place, tmp_path):
    methods = [
        f'{method}={path}'
        for method in ('exact', 'loose')
        for path in dets(place, method)
    ]
    settings = ('--resamples', '20', '--permutations', '0')
    words = ('--ann', *anns(place), *settings, '--out', str(tmp_path))
    compare.main([*methods, *words])
    result = json.loads((tmp_path / 'comparison.json').read_text())
    assert [(r['name'], r['runs']) for r in result['rows']] == [
        ('exact', 1),
        ('loose', 1),
    ]
    for row in result['rows']:
        path = place / f'{row["name"]}-folds.json'
        evaluation = json.loads(path.read_text())
        assert row['mean'] == evaluation['mean']
    # Two seeds: each comes once a fold, and is paired by its name.
    seeds = [text.replace('exact=', 'm@0=') for text in methods]
    seeds = [text.replace('loose=', 'm@1=') for text in seeds]
    compare.main([*seeds, *words])
    result = json.loads((tmp_path / 'comparison.json').read_text())
    assert [(r['name'], r['runs']) for r in result['rows']] == [('m', 2)]
    match = r"with 5 annotation files, 'm@1' must have .* 5 folds, but has 4"
    with pytest.raises(ValueError, match=match):
        compare.main([*seeds[:-1], *words])


def test_joined_files_serve_other_tools(place, tmp_path, capsys):
    words = ('--ann', *anns(place), '--dets', *dets(place, 'loose'))
    join_folds.main([*words, '--out', str(tmp_path)])
    assert '5 folds: 20 images, ' in capsys.readouterr().out
    found = evaluated(
        *(place, 'joined', '--ann', str(tmp_path / 'test.json')),
        *('--dets', str(tmp_path)),
    )
    folds = evaluated(place, 'loose-folds', *words)
    assert found['sensitivity'] == folds['sensitivity']
    report.main(
        [
            *('--ann', str(tmp_path / 'test.json'), '--run', f'a={tmp_path}'),
            *('--images', str(place / 'Images_png')),
            *('--out', str(tmp_path / 'report')),
        ]
    )
    (row,) = json.loads((tmp_path / 'report' / 'table.json').read_text())
    assert row['sensitivity'] == folds['sensitivity']


def test_a_fold_alone_is_missed(place, tmp_path):
    words = ['--ann', *anns(place)[1:], '--dets', *dets(place, 'exact')[1:]]
    match = r'all 5 folds must be given, but fold 0 is missing'
    with pytest.raises(ValueError, match=match):
        froc.main(words)
    with pytest.raises(ValueError, match=match):
        join_folds.main([*words, '--out', str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()
    # Another seed makes other folds.
    convert(place, 'other', '--folds', FOLDS, '--fold', 0, '--seed', 7)
    words = ['--ann', str(place / 'other' / 'test.json'), *anns(place)[1:]]
    words += ['--dets', *dets(place, 'exact')]
    with pytest.raises(ValueError, match=r'`info\.folds\.seed` must be that'):
        froc.main(words)


def test_inputs_are_never_overwritten(place):
    words = ['--ann', *anns(place), '--dets', *dets(place, 'exact')]
    for path in (anns(place)[3], f'{dets(place, "exact")[2]}/results.json'):
        with pytest.raises(ValueError, match=r'another file than the inputs'):
            froc.main([*words, '--out', path])
    match = r'another file than the inputs'
    with pytest.raises(ValueError, match=match):
        join_folds.main([*words, '--out', str(place / '0')])
