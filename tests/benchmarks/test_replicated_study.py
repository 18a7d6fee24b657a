"""The replicated study's plan, its options and one sham, really trained."""

from collections import Counter

import pytest
from mmengine.config import Config

from benchmarks.replicated_study import main
from benchmarks.replicates.plan import (
    CLAIMS,
    FIRST_SEED,
    REPLICATES,
    replicate_pieces,
)
from benchmarks.replicates.run import (
    missing_steps,
    replicate_places,
    run_steps,
)
from benchmarks.study.data import SEED
from benchmarks.study.outcomes import load_outcomes
from benchmarks.study.pieces import train_command
from tests.conftest import ROOT

PIECES = {piece.name: piece for piece in replicate_pieces(0)}


def test_seven_arms_with_starts_before_what_needs_them():
    arms = [(p.method, p.missing) for p in replicate_pieces(3)]
    assert Counter(arms) == Counter(
        {
            **{(m, 0): 1 for m in ('without_mask', 'mask', 'sham', 'hnem')},
            **{(m, 50): 1 for m in ('mask', 'sham', 'hnem')},
        }
    )
    names = list(PIECES)
    for index, piece in enumerate(PIECES.values()):
        assert piece.start is None or piece.start in names[:index]


def test_claims_are_about_arms_that_are_trained():
    arms = {(p.method, p.missing) for p in PIECES.values()}
    for claim in CLAIMS:
        assert {
            (claim.first, claim.missing), (claim.second, claim.missing)
        } <= arms  # fmt: skip


def test_replicates_share_no_seed_with_each_other_or_the_old_study():
    seeds = [{p.seed for p in replicate_pieces(n)} for n in range(REPLICATES)]
    assert seeds == [{FIRST_SEED + n} for n in range(REPLICATES)]
    assert {SEED, *range(5)}.isdisjoint(set().union(*seeds))


def config_of(name, tmp_path):
    piece = PIECES[name]
    places = replicate_places(ROOT, tmp_path, tmp_path / 'results', 0)
    command = train_command(piece, places)
    options = command[command.index('--cfg-options') + 1 :]
    config = Config.fromfile(ROOT / piece.config)
    config.merge_from_dict(dict(text.split('=') for text in options))
    return config.to_dict()


def test_the_sham_differs_from_hnem_in_mining_alone(tmp_path):
    sham = config_of('sham_missing-50_seed-1000', tmp_path)
    hnem = config_of('hnem_missing-50_seed-1000', tmp_path)
    # merge_from_dict keeps the text; the tool reads it as None.
    assert sham['default_hooks'].pop('hnem') == 'None'
    mining = hnem['default_hooks'].pop('hnem')
    assert mining['type'] == 'mmuldor.HNEMHook'
    assert mining['seed'] == '1000'
    for config in (sham, hnem):
        assert config['load_from'].endswith(
            'mask_missing-50_seed-1000/epoch_3.pth'
        )
        assert 'work_dir' not in config
    assert sham == hnem


def test_done_pieces_are_left_out_and_the_clock_ends_the_work(tmp_path):
    results = tmp_path / 'results'
    steps = missing_steps(ROOT, tmp_path, results, range(2))
    assert len(steps) == 14
    record = steps[3].places.record(steps[3].piece)
    record.parent.mkdir(parents=True)
    record.write_text('{}')
    left = missing_steps(ROOT, tmp_path, results, range(2))
    assert [s.piece.name for s in left] == [
        s.piece.name for i, s in enumerate(steps) if i != 3
    ]
    run_steps(left, lambda position, step: False)
    assert list(tmp_path.iterdir()) == [results]


@pytest.mark.slow
def test_a_replicate_of_few_images(tmp_path, monkeypatch):
    monkeypatch.setattr('benchmarks.study.data.SPLITS', (6, 2, 3))
    results = tmp_path / 'results'
    steps = missing_steps(ROOT, tmp_path / 'work', results, [0])
    kept = [s for s in steps if s.piece.method in ('mask', 'sham')]
    # The Mask R-CNN and the sham with all annotations.
    run_steps(kept[:2], lambda position, step: True)
    places = steps[0].places
    mask, sham = (places.record(step.piece) for step in kept[:2])
    assert mask.is_file()
    outcomes = load_outcomes(sham.with_suffix('.npz'))
    assert set(outcomes) == {'lesion', 'cut_with_fp'}
    # Its bank is empty: nothing was mined.
    assert not (places.run(kept[1].piece) / 'hard_negatives').exists()
    assert len(missing_steps(ROOT, tmp_path / 'work', results, [0])) == 5


def test_writing_needs_no_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('benchmarks.replicated_study.ROOT', tmp_path)
    (tmp_path / 'benchmarks').mkdir()
    main(['--write', '--results', str(tmp_path / 'none')])
    text = (tmp_path / 'benchmarks/replicated-study.md').read_text()
    assert '0 of 84 trainings are done' in text
    assert 'HNEM - sham, half of the annotations missing' in text
    assert '0 of 84 pieces' in capsys.readouterr().out
