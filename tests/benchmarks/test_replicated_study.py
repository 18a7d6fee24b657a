"""The replicated study's plan, its options and one sham, really trained."""

import time
from collections import Counter
from threading import Barrier, Event

import pytest
from mmengine.config import Config

from benchmarks.replicated_study import main
from benchmarks.replicates.plan import (
    CLAIMS,
    CONFUSER_REPLICATES,
    FIRST_SEED,
    REPLICATES,
    all_units,
    replicate,
    with_confusers,
)
from benchmarks.replicates.run import missing_steps, run_steps, unit_places
from benchmarks.study.data import SEED
from benchmarks.study.outcomes import load_outcomes
from benchmarks.study.pieces import gpu_memory, train_command
from tests.conftest import ROOT

PIECES = {piece.name: piece for piece in replicate(0).pieces}


def test_seven_arms_with_starts_before_what_needs_them():
    arms = [(p.method, p.missing) for p in replicate(3).pieces]
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
    units = [replicate(n) for n in range(REPLICATES)]
    seeds = [{unit.seed, *(p.seed for p in unit.pieces)} for unit in units]
    assert seeds == [{FIRST_SEED + n} for n in range(REPLICATES)]
    others = {u.seed for u in all_units() if u not in units}
    assert {SEED, *range(5), *others}.isdisjoint(set().union(*seeds))


def test_confusers_are_planned_after_the_study():
    units = all_units()
    assert units[:REPLICATES] == [replicate(n) for n in range(REPLICATES)]
    rest = units[REPLICATES:]
    assert len(rest) == 2 * CONFUSER_REPLICATES
    knobs = Counter(knob for unit in rest for knob in unit.difficulty)
    assert knobs == {
        'confusers_per_image=0,0': CONFUSER_REPLICATES,
        'confusers_per_image=10,10': CONFUSER_REPLICATES,
    }
    for unit in rest:
        assert [p.method for p in unit.pieces] == ['mask', 'sham', 'hnem']
    assert len({unit.name for unit in units}) == len(units)
    # The same tissue and lesions, with more and fewer confusers.
    assert with_confusers(0, 1).seed == with_confusers(10, 1).seed


def config_of(name, tmp_path):
    piece = PIECES[name]
    places = unit_places(ROOT, tmp_path, tmp_path / 'results', replicate(0))
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
    units = [replicate(0), replicate(1)]
    steps = missing_steps(ROOT, tmp_path, results, units)
    assert len(steps) == 14
    record = steps[3].places.record(steps[3].piece)
    record.parent.mkdir(parents=True)
    record.write_text('{}')
    left = missing_steps(ROOT, tmp_path, results, units)
    assert [s.piece.name for s in left] == [
        s.piece.name for i, s in enumerate(steps) if i != 3
    ]
    run_steps(left, lambda position, step: False)
    assert list(tmp_path.iterdir()) == [results]


def test_pieces_at_once(tmp_path, monkeypatch):
    """What goes on from another waits for it; the rest does not."""
    unit, results = replicate(0), tmp_path / 'results'
    steps = missing_steps(ROOT, tmp_path, results, [unit])
    free = [piece for piece in unit.pieces if piece.start is None]
    both, made, done = Barrier(2, timeout=60), [], []

    def run(step):
        if step.piece in free[:2]:
            both.wait()
        assert step.piece.start is None or step.piece.start in done
        done.append(step.piece.name)
        step.places.record(step.piece).parent.mkdir(exist_ok=True)
        step.places.record(step.piece).touch()

    (tmp_path / unit.name).mkdir()
    results.mkdir()
    monkeypatch.setattr('benchmarks.replicates.run._make_data', made.append)
    monkeypatch.setattr('benchmarks.replicates.run._run_step', run)
    run_steps(steps, lambda position, step: True, jobs=2)
    assert set(done) == set(PIECES)
    assert len(done) == len(made) == len(PIECES)
    # A gigabyte that nothing needs any more.
    assert list(tmp_path.iterdir()) == [results]


def test_a_failure_ends_the_others_with_their_piece(tmp_path, monkeypatch):
    units = [replicate(0), replicate(1)]
    steps = missing_steps(ROOT, tmp_path, tmp_path / 'results', units)
    begun, raised, done = Event(), Event(), []

    def run(step):
        if step.piece == units[0].pieces[0]:
            assert begun.wait(60)
            raised.set()
            raise RuntimeError('the log says why')
        begun.set()
        assert raised.wait(60)
        time.sleep(0.2)
        done.append(step.piece)

    monkeypatch.setattr(
        'benchmarks.replicates.run._make_data', lambda step: None
    )
    monkeypatch.setattr('benchmarks.replicates.run._run_step', run)
    with pytest.raises(RuntimeError, match='the log says why'):
        run_steps(steps, lambda position, step: True, jobs=2)
    # Only the one that ran beside it.
    assert len(done) == 1


@pytest.mark.slow
def test_a_replicate_of_few_images(tmp_path, monkeypatch):
    monkeypatch.setattr('benchmarks.study.data.SPLITS', (6, 2, 3))
    results = tmp_path / 'results'
    steps = missing_steps(ROOT, tmp_path / 'work', results, [replicate(0)])
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
    assert (
        len(missing_steps(ROOT, tmp_path / 'work', results, [replicate(0)]))
        == 5
    )


def test_writing_needs_no_results(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('benchmarks.replicated_study.ROOT', tmp_path)
    (tmp_path / 'benchmarks').mkdir()
    main(['--write', '--results', str(tmp_path / 'none')])
    text = (tmp_path / 'benchmarks/replicated-study.md').read_text()
    assert '0 of 56 trainings are done' in text
    assert 'ends after 8 of the planned 12' in text
    assert 'HNEM - sham, half of the annotations missing' in text
    assert '0 of 68 pieces' in capsys.readouterr().out


def test_memory_on_a_gpu_is_read_from_the_log(tmp_path):
    log = tmp_path / 'train.log'
    log.write_text('time: 0.4  data_time: 0.1  loss: 2\n')
    assert gpu_memory(log) == {}
    line = 'time: 0.4  data_time: 0.1  memory: {}  loss: 2\n'
    log.write_text(line.format(1536) + line.format(512))
    assert gpu_memory(log) == {'gpu_gb': 1.5}
