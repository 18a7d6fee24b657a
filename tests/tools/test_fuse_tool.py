"""`tools/fuse.py` as a user types it."""

import json

import pytest

from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.entries import detections_on
from tools.fuse import main


@pytest.fixture
def files(tmp_path, mini_data):
    """Two results: at 0.8 and 0.4 on both lesions of validation and test."""
    for split in ('val', 'test'):
        lesions = load_annotations(mini_data / f'{split}.json')['annotations']
        for name, score in (('a', 0.8), ('b', 0.4)):
            path = tmp_path / f'{name}_{split}.json'
            write_json(path, detections_on(lesions, score))
    return tmp_path


def run(files, *words):
    main([word.replace('@', f'{files}/') for word in words])


def fused(files):
    return json.loads((files / 'out.json').read_text())


def test_defaults(files, capsys):
    run(files, '@a_test.json', '@b_test.json', '--out', '@out.json')
    assert [e['score'] for e in fused(files)] == pytest.approx([0.6, 0.6])
    said = capsys.readouterr().out
    assert 'wbf-one, IoU 0.4, scores none' in said
    assert 'a_test: weight 1' in said
    assert 'wrote 2 detections on 2 images' in said


def test_options_in_any_order(files):
    run(
        *(files, '--out', '@out.json', '@a_test.json', '@b_test.json'),
        *('--weights', '1', '3', '--iou-thr', '0.4', '--method', 'wbf'),
    )
    # (1 * 0.8 + 3 * 0.4) / 4
    assert fused(files)[0]['score'] == pytest.approx(0.5)


def test_tune_then_fuse(files, mini_data, capsys):
    run(
        *(files, '--tune', 'a=@a_val.json', 'b=@b_val.json'),
        *('--ann', str(mini_data / 'val.json'), '--settings', '@s.json'),
    )
    said = capsys.readouterr().out
    assert 'a alone: 100.00 %' in said
    assert 'tuned on 2 images: 100.00 %, a alone 100.00 %' in said
    settings = json.loads((files / 's.json').read_text())
    assert [own['name'] for own in settings['detectors']] == ['a', 'b']
    run(
        *(files, 'b=@b_test.json', 'a=@a_test.json', '--settings', '@s.json'),
        *('--out', '@out.json', '--ann', str(mini_data / 'test.json')),
    )
    assert len(fused(files)) == 2
    with pytest.raises(SystemExit, match='1'):
        run(
            *(files, 'c=@b_test.json', 'a=@a_test.json'),
            *('--settings', '@s.json', '--out', '@other.json'),
        )
    assert 'tuned for a, b, but the results are' in capsys.readouterr().err
    assert not (files / 'other.json').exists()


def test_tune_and_fuse_in_one_command(files, mini_data, capsys):
    run(
        *(files, '@a_test.json', '@b_test.json', '--out', '@out.json'),
        *('--tune', '@a_val.json', '@b_val.json'),
        *('--ann', str(mini_data / 'val.json')),
    )
    assert len(fused(files)) == 2
    assert 'a_test: weight 1, tuned for a_val' in capsys.readouterr().out


def test_results_are_read_before_the_tuning(files, mini_data, capsys):
    (files / 'b_test.json').write_text('[')
    with pytest.raises(SystemExit, match='1'):
        run(
            *(files, '@a_test.json', '@b_test.json', '--out', '@out.json'),
            *('--tune', '@a_val.json', '@b_val.json'),
            *('--ann', str(mini_data / 'val.json')),
        )
    said = capsys.readouterr()
    assert 'b_test.json must be JSON' in said.err
    assert 'alone' not in said.out


def test_ids_of_other_images(files, mini_data, capsys):
    with pytest.raises(SystemExit, match='1'):
        run(
            *(files, '@a_test.json', '@b_test.json', '--out', '@out.json'),
            *('--ann', str(mini_data / 'val.json')),
        )
    assert 'entry 0: `image_id` must be an id' in capsys.readouterr().err
    with pytest.raises(SystemExit, match='1'):
        run(files, '@a_val.json', '@b_test.json', '--out', '@out.json')
    assert '0 of them in common' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'match'),
    [
        ('@a_test.json @b_test.json', '--out must be given together'),
        ('--out o.json', '--out must be given together'),
        ('--scores rank', 'RESULTS or --tune must be given'),
        (
            '@a_test.json @b_test.json --out o --ann a --lesion-category x',
            '--lesion-category must be used with --tune',
        ),
        ('--tune @a_val.json @b_val.json --settings s', 'needs --ann'),
        ('--tune @a_val.json @b_val.json --ann a', 'needs --settings'),
        (
            '@a_test.json @b_test.json --out o --settings s --method nms',
            'not allowed with --tune or --settings',
        ),
    ],
)
def test_arguments_that_do_not_fit(files, capsys, words, match):
    with pytest.raises(SystemExit, match='2'):
        run(files, *words.split())
    said = capsys.readouterr().err
    assert match in said
    assert said.count('\n') == 1


@pytest.mark.parametrize('name', ['', 'a='])
def test_an_output_is_no_input(files, capsys, name):
    before = (files / 'a_test.json').read_bytes()
    given = (f'{name}@a_test.json', '@b_test.json')
    with pytest.raises(SystemExit):
        run(files, *given, '--out', '@a_test.json')
    assert 'another file than the inputs' in capsys.readouterr().err
    assert (files / 'a_test.json').read_bytes() == before
