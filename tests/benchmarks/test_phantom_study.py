"""The phantom study's plan, its thinned data and its write-up."""

import inspect
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from benchmarks.phantom_study import main
from benchmarks.study.data import drop_lesions
from benchmarks.study.outcomes import load_outcomes, save_outcomes
from benchmarks.study.pieces import Places, train_command
from benchmarks.study.plan import make_plan
from benchmarks.study.report import summary, write_study
from benchmarks.study.results import NAMES, TESTSET_NAME
from benchmarks.study.texts import SECTIONS, detectable
from mmuldor.datasets import EpochSampler
from mmuldor.evaluation.comparison.compare import Settings
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.io.json_files import write_json

PLAN = make_plan()
IMAGES = 12


def test_pieces_have_names_of_their_own_and_starts_before_them():
    names = [piece.name for piece in PLAN]
    assert len(set(names)) == len(names)
    for index, piece in enumerate(PLAN):
        assert piece.start is None or piece.start in names[:index]


def test_enough_seeds():
    seeds = Counter((p.group, p.method, p.missing) for p in PLAN)
    for (group, _, _), count in seeds.items():
        assert count == (5 if group == 'systems' else 3)


def test_the_write_up_knows_every_method():
    methods = {m.partition('+')[0] for part in SECTIONS for m in part.methods}
    assert methods == {piece.method for piece in PLAN}
    assert methods <= set(NAMES)


@pytest.mark.parametrize(
    'piece', [p for p in PLAN if p.seed == 0], ids=lambda p: p.name
)
def test_options_change_what_they_name(piece, root):
    places = Places(root, Path('work'), Path('results'))
    command = train_command(piece, places)
    config = Config.fromfile(root / piece.config)
    before = config.to_dict()
    options = dict(
        text.split('=') for text in command[command.index('--cfg-options') :]
        if '=' in text
    )  # fmt: skip
    config.merge_from_dict(options)
    after = config.to_dict()
    for key in options:
        assert lookup(after, key) == options[key]
        # No misspelt key: each was there, or is one that MMEngine knows.
        known = key in ('load_from', 'default_hooks.hnem.seed') or (
            key.startswith('default_hooks.hnem.')
        )
        if key == 'train_dataloader.sampler.seed_draws':
            sampler = inspect.signature(EpochSampler).parameters
            known = key.rpartition('.')[2] in sampler
        assert known or lookup(before, key) is not None


def lookup(config, key):
    for part in key.split('.'):
        config = config[int(part)] if part.isdecimal() else config.get(part)
    return config


def document(counts):
    images = [{'id': number} for number in range(len(counts))]
    owners = [i for i, count in enumerate(counts) for _ in range(count)]
    lesions = [{'id': n, 'image_id': i} for n, i in enumerate(owners, 1)]
    return {'images': images, 'annotations': lesions}


def test_dropping_leaves_every_image_a_lesion():
    full = document([2] * 30 + [3] * 10)
    quarter = drop_lesions(full, 0.25, seed=1)['annotations']
    half = drop_lesions(full, 0.5, seed=1)['annotations']
    assert (len(quarter), len(half)) == (68, 45)
    assert {a['image_id'] for a in half} == set(range(40))
    ids = [{a['id'] for a in lesions} for lesions in (half, quarter)]
    assert ids[0] < ids[1]
    assert drop_lesions(full, 0.5, seed=2)['annotations'] != half


def test_too_many_to_drop():
    with pytest.raises(ValueError, match=r'of 3 lesions 2 are to go and 1'):
        drop_lesions(document([1, 2]), 0.5, seed=0)


def outcome(seed):
    """Random outcomes of two lesions an image, some never found."""
    rng = np.random.default_rng(seed)
    lesions = np.arange(2 * IMAGES) // 2
    steps = rng.integers(0, 80, len(lesions))
    return RankedDetections(
        rng.integers(0, IMAGES, 60),
        np.sort(rng.integers(0, 70, 60)),
        lesions,
        np.where(steps >= 70, 70, steps),
        70,
    )


def test_outcomes_survive_the_file(tmp_path):
    ranked = {'lesion': outcome(1), 'cut_with_fp': outcome(2)}
    save_outcomes(tmp_path / 'a' / 'x.npz', ranked)
    loaded = load_outcomes(tmp_path / 'a' / 'x.npz')
    once = np.ones(IMAGES)
    assert set(loaded) == set(ranked)
    for kind, found in loaded.items():
        assert (
            found.figures([0.5, 4, 16], once).tolist()
            == ranked[kind].figures([0.5, 4, 16], once).tolist()
        )


@pytest.fixture
def results(tmp_path):
    """Two seeds of the paper's systems, one of the rest."""
    kinds = ('lesion', 'with_fp', 'cut', 'cut_with_fp')
    for number, piece in enumerate(PLAN):
        if piece.seed > (piece.group == 'systems') or piece.missing == 25:
            continue
        ranked = {
            kind: outcome(number + 100 * place)
            for place, kind in enumerate(kinds)
        }
        save_outcomes(tmp_path / f'{piece.name}.npz', ranked)
        figures = {
            'fp_rates': [1.0, 4.0],
            'sensitivity': [0.5, 0.75],
            'mean': 0.6,
        }
        write_json(
            tmp_path / f'{piece.name}.json',
            {
                'method': piece.method,
                'missing': piece.missing,
                'seed': piece.seed,
                'mined': {
                    'epoch_000': {
                        'mined': 8,
                        'real': 2,
                        'spared': 4,
                        'real_spared': 3,
                    }
                }
                if piece.start
                else {},
                'figures': {'lesion': figures, 'dice': 0.8},
                'training': {'wall_s': 100.0, 'cpu_s': 150.0},
                'testing': {'wall_s': 10.0, 'cpu_s': 15.0},
            },
        )
    write_json(
        tmp_path / TESTSET_NAME,
        {
            'patients': list(range(IMAGES)),
            'strata': {'small': [0, 1, 2]},
            'shape_dice': {
                shape: [0.9] * 2 * IMAGES
                for shape in ('quarter_ellipses', 'ellipse', 'box')
            },
        },
    )
    return tmp_path


def test_the_write_up(results, tmp_path):
    out = tmp_path / 'study.md'
    settings = Settings(num_resamples=30, num_permutations=0)
    write_study(results, out, settings)
    text = out.read_text()
    for verdict in ('better', 'worse', ', p ', 'significant', 'finds more'):
        assert verdict not in text
    assert '(2 paired seeds) |' in text
    for part in SECTIONS:
        assert f'## {part.title}' in text
    assert 'Seeds 0, 1.' in text
    assert text.index('## In short') < text.index(SECTIONS[0].title)
    assert '| mask_missing-25_seed-0 | not run |' in text
    assert '| mask_missing-0_seed-0 | 100 | 150 |' in text
    # A quarter of the mined were lesions, and most of the spared.
    row = '| 50 % | after epoch 1 | 8 | 25 % | 4 | 75 % |'
    assert f'| Mask R-CNN + HNEM {row}' in text
    assert '| quarter ellipses | 0.900 (0.900-0.900) | 0.800 (2 runs) |' in (
        text
    )
    for name in ('systems.png', 'missing.png', 'missing-50.png'):
        assert (tmp_path / 'study' / name).stat().st_size > 10_000
        assert f'(study/{name})' in text
    # What was not run is said, with its heading.
    assert '25 % of the annotations missing' in text
    assert 'not run' in text.partition('## 25 %')[2].partition('##')[0]


def test_the_summary_gives_differences_without_verdicts():
    def difference(second, low, high):
        return {
            'first': 'A',
            'second': second,
            'mean': (low + high) / 2,
            'mean_interval': (low, high),
            'fps_at_end': [9.0, 2.0],
        }

    ended = {**difference('D', 1, 3), 'mean': None}
    found = {
        'differences': [difference('B', -1, 3), difference('C', 1, 3), ended]
    }
    assert summary({'Rivals': found, 'Shapes': None}).split('\n') == [
        '* **Rivals.** B - A +100.0 (-100.0 to +300.0); '
        'C - A +200.0 (+100.0 to +300.0); '
        'D - A has no mean, since a curve ends at 2.0 FPs.',
        '* **Shapes.** Not run.',
    ]


def test_the_detectable_difference():
    # 1.960 + 0.842 of a normal, 2.776 + 0.941 with four degrees of freedom.
    usual = {'first': 'a', 'second': 'b', 'mean': 0.2, 'standard_error': 0.01}
    found = [{**usual, 'df': None}, {**usual, 'df': 4.0}]
    # Of two seeds df is that of one level: half of 12.706 and 1.960, and half
    # of 1.376 and 0.842.
    parts = [[0.5e-4, 1], [0.5e-4, None]]
    found.append({**usual, 'df': 1.4, 'error_parts': parts})
    text = detectable({'differences': found})
    assert '| b - a | 2.8 |\n| b - a | 3.7 |\n| b - a | 8.4 |' in text


def test_unknown_comparison(capsys):
    with pytest.raises(SystemExit):
        main(['--only', 'nothing'])
    assert 'invalid choice' in capsys.readouterr().err
