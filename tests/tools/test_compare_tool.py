"""`tools/compare.py` as a user types it."""

import json
import shutil

import pytest

from mmuldor.evaluation.comparison.named_runs import split_method
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.entries import detections_on, false_positives
from tools.compare import main


@pytest.fixture
def files(tmp_path, mini_data):
    """Two results files: one finds a lesion of two, the other both.

    Both have 17 false positives an image, of lower scores.
    """
    lesions = load_annotations(mini_data / 'test.json')['annotations']
    noise = false_positives([lesion['image_id'] for lesion in lesions], 17)
    for name, count in (('one', 1), ('both', 2)):
        results = detections_on(lesions[:count]) + noise
        write_json(tmp_path / name / 'results.json', results)
    return tmp_path


def run(files, mini_data, *more, methods=('one', 'both')):
    main(
        [
            *(f'{name}={files / name}' for name in methods),
            *('--ann', str(mini_data / 'test.json'), '--resamples', '50'),
            *('--permutations', '20', '--out', str(files / 'out'), *more),
        ]
    )
    return json.loads((files / 'out' / 'comparison.json').read_text())


def test_folders_become_rows(files, mini_data, capsys):
    result = run(files, mini_data)
    assert [row['name'] for row in result['rows']] == ['one', 'both']
    assert [row['mean'] for row in result['rows']] == [0.5, 1.0]
    assert result['patients'] == 2
    said = capsys.readouterr().out
    assert '| both | 100.0 (100.0-100.0)' in said
    # Two images are not DeepLesion's test split.
    assert 'Published rows are left out: ' in said
    assert 'ULDor (Mask R-CNN + HNEM) (2019)' not in said
    assert result['published']['rows'] == []
    for name in ('froc.png', 'froc.pdf', 'table.md', 'table.tex'):
        assert (files / 'out' / name).stat().st_size > 300


def test_published_rows_beside_other_images(files, mini_data, capsys):
    kept = run(files, mini_data, '--published', 'uldor', methods=['one'])
    plain = (files / 'out' / 'froc.png').read_bytes()
    shown = run(
        *(files, mini_data, '--published', 'uldor', '--published-anyway'),
        methods=['one'],
    )
    assert kept['published']['rows'] == []
    assert shown['published']['rows'] == ['uldor']
    assert (files / 'out' / 'froc.png').read_bytes() != plain
    table = (files / 'out' / 'table.md').read_text()
    differs = "2 images, 2 lesions (dataset 'mini', split 'test')"
    for text in (table, (files / 'out' / 'table.tex').read_text()):
        said = ' '.join(text.replace('} \\\\', '').split())
        said = said.replace('\\multicolumn{9}{l}{\\footnotesize ', '')
        assert 'ULDor (Mask R-CNN + HNEM) (2019)' in said
        assert 'Published rows are not comparable with the others' in said
        assert f'the others of {differs}.' in said
    assert shown['published']['differs'] == differs


def test_a_name_again_is_another_run(files, mini_data):
    path = str(mini_data / 'test.json')
    main(
        [
            *(f'method={files / name}' for name in ('one', 'both')),
            *('--ann', path, '--resamples', '30', '--published', 'none'),
            *('--out', str(files / 'out')),
        ]
    )
    result = json.loads((files / 'out' / 'comparison.json').read_text())
    (row,) = result['rows']
    assert (row['name'], row['runs'], row['mean']) == ('method', 2, 0.75)


def test_a_training_cannot_count_twice(files, mini_data):
    with pytest.raises(ValueError, match=r"'m' has .*one/results.json twice"):
        main(
            [
                *[f'm={files / "one"}'] * 2,
                *('--ann', str(mini_data / 'test.json')),
                *('--out', str(files / 'out')),
            ]
        )


def test_copies_of_a_run_are_noted(files, mini_data, capsys):
    write_json(
        files / 'copy.json',
        json.loads((files / 'one' / 'results.json').read_text()),
    )
    main(
        [
            *(f'm={files / name}' for name in ('one', 'copy.json', 'both')),
            *('--ann', str(mini_data / 'test.json'), '--resamples', '5'),
            *('--out', str(files / 'out')),
        ]
    )
    result = json.loads((files / 'out' / 'comparison.json').read_text())
    (note,) = result['notes']
    assert note.startswith('m: the FROC of runs 1 and 2 is identical; ')
    assert f'Note: {note}.' in capsys.readouterr().out


def test_odd_results_are_noted(files, mini_data, capsys):
    write_json(files / 'empty' / 'results.json', [])
    result = run(files, mini_data, methods=['one', 'empty'])
    text = 'empty: the results file is empty: no lesion is found'
    assert result['notes'] == [text]
    assert f'Note: {text}.' in capsys.readouterr().out


def test_names_stay_text(files, mini_data, capsys):
    (files / 'one').rename(files / '<b>_x')
    write_json(files / 'empty' / 'results.json', [])
    (files / 'empty').rename(files / '*y*')
    run(
        files, mini_data, '--primary', '<b>_x', '*y*', methods=['<b>_x', '*y*']
    )
    said = capsys.readouterr().out
    assert '<b>' not in said.replace('\\<b>', '')
    assert '*y*' not in said.replace('\\*y\\*', '')
    assert 'Note: \\*y\\*: the results file is empty' in said


def test_out_must_be_a_folder(files, mini_data):
    (files / 'out').write_text('')
    with pytest.raises(
        ValueError, match=r'`--out` must be a folder, but .*out'
    ):
        run(files, mini_data)


def test_seeds_and_primary_comparisons(files, mini_data, capsys):
    given = {
        'a@1': 'one', 'a@2': 'both', 'b@2': 'copy', 'b@1': 'more', 'c': 'only'
    }  # fmt: skip
    for copy, name in (('copy', 'both'), ('more', 'one'), ('only', 'one')):
        shutil.copytree(files / name, files / copy)
    main(
        [
            *(f'{name}={files / folder}' for name, folder in given.items()),
            *('--ann', str(mini_data / 'test.json'), '--resamples', '50'),
            *('--permutations', '0', '--out', str(files / 'out')),
            *('--primary', 'a', 'b', '--primary', 'c', 'a'),
        ]
    )
    result = json.loads((files / 'out' / 'comparison.json').read_text())
    assert [row['labels'] for row in result['rows']][:2] == [
        ['1', '2'], ['2', '1']
    ]  # fmt: skip
    same, alone, other = result['differences']
    # Paired by label, not by place: b is a.
    assert same['design'] == 'paired seeds'
    assert (same['mean'], same['standard_error']) == (0, 0)
    assert [d['primary'] for d in result['differences']] == [True, True, False]
    assert alone['design'] == other['design'] == 'trainings'
    # Two were named, one of which has no p.
    assert alone['p_holm'] == min(1, 2 * alone['p_value'])
    assert other['p_value'] is None
    said = capsys.readouterr().out
    assert 'Warning: Only 2 patients' in said
    assert 'b - a: +0.0 points whatever patients are drawn' in said


@pytest.mark.parametrize(
    ('methods', 'match'),
    [
        (['a@1=one', 'a=both'], r"all runs of 'a' .*both.* has none"),
        (['a@1=one', 'a@1=both'], r"'1' comes 2 times"),
        (['@1=one'], r"NAME@SEED, but got '@1'"),
        (['a@=one'], r"NAME@SEED, but got 'a@'"),
        (['a@1=one', 'a@2=both', 'b@2=more', 'b@3=most'], r'same seeds'),
    ],
)
def test_wrong_seeds(files, mini_data, methods, match):
    for copy in ('more', 'most'):
        shutil.copytree(files / 'one', files / copy)
    paths = [text.replace('=', f'={files}/') for text in methods]
    with pytest.raises(ValueError, match=match):
        main([*paths, '--ann', str(mini_data / 'test.json'), '--out', 'out'])


def test_wrong_primary_comparisons(files, mini_data):
    for pair in (('one', 'three'), ('one', 'one')):
        with pytest.raises(ValueError, match=r"two of \['one', 'both'\]"):
            run(files, mini_data, '--primary', *pair)


def test_with_the_false_positive_class(files, mini_data):
    path = files / 'one' / 'results.json'
    results = json.loads(path.read_text())
    lesion = load_annotations(mini_data / 'test.json')['annotations'][1]
    results.append(
        {
            'image_id': lesion['image_id'],
            'bbox': lesion['bbox'],
            'score': 0.4,
            'category_id': 2,
        }
    )
    write_json(path, results)
    result = run(files, mini_data, '--with-fp', 'one', methods=['one'])
    assert [row['max_sensitivity'] for row in result['rows']] == [0.5, 1.0]
    assert result['rows'][1]['name'] == 'one + FP'


def test_a_model_without_the_false_positive_class(files, mini_data):
    result = run(files, mini_data, '--with-fp', 'both')
    assert [row['name'] for row in result['rows']][1:] == ['both', 'both + FP']
    (note,) = result['notes']
    assert note.startswith('both + FP: the results have no detection of the ')


@pytest.mark.parametrize(
    ('methods', 'more', 'match'),
    [
        (['nothing'], [], r'nothing'),
        (['one'], ['--with-fp', 'two'], r"`with_fp`.*got 'two'"),
        (['one', 'one + FP'], ['--with-fp', 'one'], r"'one \+ FP' must be"),
    ],
)
def test_mistakes(files, mini_data, methods, more, match):
    (files / 'both').rename(files / 'one + FP')
    with pytest.raises((ValueError, OSError), match=match):
        run(files, mini_data, *more, methods=methods)
    assert not (files / 'out').exists()


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('work_dirs/mask-0.5', ('mask-0.5', 'work_dirs/mask-0.5')),
        ('a/mask/results.json', ('mask', 'a/mask/results.json')),
        ('a/other.json', ('other', 'a/other.json')),
        ('m = 3=a/b', ('m = 3', 'a/b')),
    ],
)
def test_names(text, expected):
    assert split_method(text) == expected


def test_a_path_may_hold_an_equals_sign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'lr=0.1').mkdir()
    assert split_method('lr=0.1') == ('lr=0.1', 'lr=0.1')
    assert split_method('A@1=lr=0.1') == ('A@1', 'lr=0.1')
    assert split_method('A=b=lr=0.2') == ('A=b=lr', '0.2')


def test_two_without_a_name(files, mini_data):
    with pytest.raises(ValueError, match=r"two methods are called 'one'"):
        main([*[str(files / 'one')] * 2, '--ann', 'x', '--out', 'y'])


def test_a_work_dir_without_results(files, mini_data):
    (files / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match=r'--out .*results\.json'):
        run(files, mini_data, methods=['empty'])


def test_the_annotations_of_a_work_dir(files, mini_data):
    (files / 'one' / 'config.py').write_text(
        f"test_evaluator = dict(ann_file='{mini_data / 'test.json'}')\n"
    )
    out = files / 'out'
    main([f'{files / "one"}', '--resamples', '5', '--out', str(out)])
    result = json.loads((out / 'comparison.json').read_text())
    assert result['rows'][0]['name'] == 'one'
    (files / 'one' / 'config.py').write_text(
        "test_evaluator = dict(ann_file='gone.json')\n"
    )
    match = r"`ann_file` of the test_evaluator in .*config\.py.*'gone\.json'"
    with pytest.raises(FileNotFoundError, match=match + r'.*`--ann`'):
        main([f'{files / "one"}', '--out', str(out)])
    with pytest.raises(ValueError, match=r'`--ann` must'):
        main([f'a={files / "both/results.json"}', '--out', str(out)])
