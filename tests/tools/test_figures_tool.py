"""`tools/figures.py`: one figure a call."""

import numpy as np
import pytest

from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.entries import bank_of_one_example
from tools.figures import main

SIGNATURES = {'png': b'\x89PNG', 'pdf': b'%PDF', 'svg': b'<?xml'}


@pytest.fixture
def results(tmp_path, mini_data):
    """A results file that finds the first lesion."""
    lesion = load_annotations(mini_data / 'test.json')['annotations'][0]
    path = tmp_path / 'results.json'
    found = {'bbox': lesion['bbox'], 'score': 0.9, 'category_id': 1}
    write_json(path, [{**found, 'image_id': lesion['image_id']}])
    return path


@pytest.fixture
def bank(tmp_path):
    """A bank with one example on the first training image."""
    path = tmp_path / 'epoch_000.json'
    write_json(path, bank_of_one_example())
    return path


def draw(mini_data, out, figure, split, *more, images=True):
    outputs = [str(out / f'figure.{suffix}') for suffix in SIGNATURES]
    pictures = ['--images', str(mini_data / 'Images_png')] if images else []
    main(
        [
            *(figure, '--ann', str(mini_data / f'{split}.json')),
            *(*pictures, *map(str, more), '--out', *outputs),
        ]
    )
    files = {s: (out / f'figure.{s}').read_bytes() for s in SIGNATURES}
    for suffix, start in SIGNATURES.items():
        assert files[suffix].startswith(start)
    return files


def test_pseudo_masks(mini_data, tmp_path):
    few = draw(mini_data, tmp_path, 'pseudo-masks', 'train', '--count', 2)
    more = draw(mini_data, tmp_path, 'pseudo-masks', 'train', '--count', 4)
    width = [int.from_bytes(files['png'][16:20]) for files in (few, more)]
    assert width[0] * 2 - 12 == width[1]


def test_mined(mini_data, tmp_path, bank):
    draw(mini_data, tmp_path, 'mined', 'train', '--bank', bank)


def test_side_by_side(mini_data, tmp_path, results):
    one = ('--run', f'a={results}')
    two = (*one, '--run', f'b={results}')
    shapes = [
        np.frombuffer(
            draw(mini_data, tmp_path, 'side-by-side', 'test', *runs)['png'][
                16:24
            ],
            '>u4',
        )
        for runs in (one, two)
    ]
    # A column a method.
    assert shapes[0][0] < shapes[1][0]
    assert shapes[0][1] == shapes[1][1]


def test_froc(mini_data, tmp_path, results, capsys):
    def lines(*more):
        files = draw(
            *(mini_data, tmp_path, 'froc', 'test', '--run', f'Ours={results}'),
            *more,
            images=False,
        )
        return files['svg'].count(b'<g id="line2d_')

    uldor = ('--published', 'uldor')
    plain, left_out = lines(), lines(*uldor)
    assert plain > 20
    # Two images are not DeepLesion's test split: no point of the literature.
    assert left_out == plain
    assert 'note: Published rows are left out: ' in capsys.readouterr().err
    # Its line, its markers and its place in the legend.
    assert lines(*uldor, '--published-anyway') > plain
    assert 'note: Published rows are not comp' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('figure', 'more', 'match'),
    [
        ('mined', ['--bank', 'none.json'], r'none\.json'),
        ('pseudo-masks', ['--truth', 'none.json'], r'none\.json'),
    ],
)
def test_mistakes(mini_data, tmp_path, figure, more, match):
    with pytest.raises((ValueError, OSError), match=match):
        draw(mini_data, tmp_path, figure, 'test', *more)
    assert not list(tmp_path.glob('figure.*'))
