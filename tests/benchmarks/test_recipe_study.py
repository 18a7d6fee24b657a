"""The search for a recipe: plan, commands and report, from made results."""

import shutil

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from benchmarks.recipe import plan, report, times
from benchmarks.recipe.plan import BLOCKS, COMBINATIONS, development
from benchmarks.recipe.report import MARKS, write_report
from benchmarks.replicates.plan import all_units as study_units
from benchmarks.replicates.results import load_replicate
from benchmarks.replicates.run import missing_steps, run_steps, unit_places
from benchmarks.study.outcomes import save_outcomes
from benchmarks.study.pieces import check_command, num_epochs, train_command
from mmuldor.apis.configs.loading import load_config
from mmuldor.io.json_files import write_json
from tests.benchmarks.test_replicated_report import IMAGES, ranked
from tests.conftest import ROOT

COMBINATION = BLOCKS['ema']


@pytest.fixture
def chosen(monkeypatch):
    """A recipe of one block."""
    monkeypatch.setitem(plan.COMBINATIONS, 'best', COMBINATION)
    monkeypatch.setattr(plan, 'RECIPE', 'best')
    monkeypatch.setattr(report, 'RECIPE', 'best')


def test_every_arm_is_trained_for_as_many_iterations():
    unit = development(0)
    methods = [piece.method for piece in unit.pieces]
    assert methods[:2] == ['mask', 'hnem']
    assert set(methods[2:]) == {*BLOCKS, *COMBINATIONS}
    for piece in unit.pieces:
        config = Config.fromfile(ROOT / piece.config)
        epochs = config.train_cfg.max_epochs
        # A dearer one stops earlier, at the end of its own schedule.
        assert epochs == config.param_scheduler[-1].T_max
        if piece.method not in COMBINATIONS:
            assert epochs == (2 if piece.start else 5)
        assert config.train_dataloader.batch_size == 2
        assert config.data_root == 'work_dirs/demo/phantom/'


def test_the_recipe_is_confirmed_on_phantoms_of_its_own(chosen):
    units = plan.all_units()
    seeds = [unit.seed for unit in units]
    assert len(set(seeds)) == plan.DEVELOPMENT + plan.CONFIRMATION
    assert set(seeds).isdisjoint(unit.seed for unit in study_units())
    last = units[-1]
    assert [p.method for p in last.pieces] == ['mask', 'hnem', 'best']
    # HNEM needs the third epoch alone.
    assert num_epochs(last.pieces[0], ROOT) == 3


def test_the_last_checkpoint_is_tested(tmp_path, chosen):
    unit = plan.all_units()[-1]
    places = unit_places(ROOT, tmp_path, tmp_path / 'results', unit)
    mask, hnem, _ = unit.pieces
    assert 'train_cfg.max_epochs=3' in train_command(mask, places)
    assert check_command(mask, places)[2].endswith('/epoch_3.pth')
    assert check_command(hnem, places)[2].endswith('/epoch_2.pth')


def write_piece(folder, unit, method, found, cpu_s, gpu=None):
    """A training that found as many of 20 lesions as are given."""
    (piece,) = (p for p in unit.pieces if p.method == method)
    path = folder / unit.name / f'{piece.name}.json'
    outcomes = {'lesion': ranked(found), 'tta': ranked(found + 2)}
    save_outcomes(path.with_suffix('.npz'), outcomes)
    training = {'cpu_s': cpu_s, 'peak_gb': 0.5 + cpu_s / 1000}
    if gpu is not None:
        training |= {'gpu_gb': 0.25, 'cpu_s': 9.0}
    write_json(
        path,
        {
            'options': dict(piece.options),
            'training': training,
            'machine': {} if gpu is None else {'gpu': gpu},
            'figures': {'lesion': {'counts': {'images': IMAGES}}},
        },
    )


def write_times(folder, **times):
    """What `benchmarks/recipe/times.py` writes, beside the trainings."""
    rows = [{'name': arm, 'value': value} for arm, value in times.items()]
    write_json(folder / 'recipe-times.json', {'rows': rows})


def rows(path):
    """Cells of the report's tables by their first one."""
    lines = [t for t in path.read_text().split('\n') if t.startswith('| ')]
    cells = [[c.strip() for c in line.split('|')[1:-1]] for line in lines]
    return {first: rest for first, *rest in cells}


def test_blocks_are_compared_on_the_same_phantoms(tmp_path, monkeypatch):
    monkeypatch.setattr(report, 'RECIPE', None)
    results, out = tmp_path / 'results', tmp_path / 'recipe.md'
    # Lesions from the 10th on count at two of four rates: 1 is 2.5 points.
    for number, (mask, ema) in enumerate([(10, 12), (12, 16), (20, 20)]):
        unit = development(number)
        write_piece(results, unit, 'mask', mask, 100)
        if number < 2:
            write_piece(results, unit, 'ema', ema, 150)
    write_piece(results, development(0), 'hnem', 11, 70)
    write_times(tmp_path, mask=1.0, ema=1.5, gn=1.2)
    write_report(results, out)
    found = rows(out)
    # (5 + 10 + 2 found) / 80 of 10, 12 and 20.
    assert found['mask'] == ['3', '53.8', '', '', '1.0', '0.60', '']
    # +5 and +10 points; t of 97.5 % with one degree of freedom is 12.706.
    ema = ['2', '53.8', '+7.5', '-24.3 to +39.3', '1.5', '0.65', '']
    assert found['ema'] == ema
    # 3 of 5 epochs of Mask R-CNN belong to it.
    hnem = ['1', '46.2', '+2.5', 'one phantom', '1.3', '0.57', '']
    assert found['hnem'] == hnem
    assert found['gn'][:2] == ['0', 'not run']
    assert found['mask, `--tta`'][:3] == ['3', '57.1', '+3.3']
    assert 'No recipe is chosen yet' in out.read_text()


def test_a_readme_gets_the_same_tables(tmp_path):
    results, out = tmp_path / 'results', tmp_path / 'recipe.md'
    readme = tmp_path / 'README.md'
    readme.write_text('before\n' + '\nold\n'.join(MARKS) + '\nafter\n')
    for method, found in (('mask', 10), ('ema', 12), ('shift-crop', 14)):
        write_piece(results, development(0), method, found, 100)
    write_report(results, out, readme)
    text = readme.read_text()
    assert text.startswith('before\n')
    assert text.endswith('\nafter\n')
    assert 'old' not in text
    assert rows(readme) == rows(out)
    # A line of 36 px for each of two arms, and 180 px around them.
    assert cv2.imread(str(out.with_suffix('.png'))).shape[0] == 252


def test_what_is_kept_is_what_is_written(tmp_path):
    kept, readme = ROOT / 'benchmarks', tmp_path / 'README.md'
    shutil.copy(ROOT / 'configs/recommended/README.md', readme)
    write_report(
        kept / 'results/recipe-study', tmp_path / 'recipe-study.md', readme
    )
    for name, old in (
        ('recipe-study.md', kept / 'recipe-study.md'),
        ('README.md', ROOT / 'configs/recommended/README.md'),
    ):
        assert (tmp_path / name).read_text() == old.read_text()


def test_memory_is_that_of_one_kind_of_machine(tmp_path):
    results, out = tmp_path / 'results', tmp_path / 'recipe.md'
    for number in range(2):
        unit, gpu = development(number), ('H200', None)[number]
        write_piece(results, unit, 'mask', 10, 100, gpu)
        write_piece(results, unit, 'ema', 12, 150, gpu)
    write_piece(results, development(0), 'gn', 12, 150)
    write_piece(results, development(0), 'fine', 12, 150, 'H200')
    write_report(results, out)
    found = rows(out)
    # Of the second phantom alone; the time was not measured.
    assert found['ema'][-3:] == ['', '0.65', '0.25']
    assert found['fine'][-3:] == ['', '', '0.25']
    # On a CPU, but not what it is compared with.
    assert found['gn'][-3:] == ['', '', '']


def test_the_confirmation_shows_nothing_before_its_end(tmp_path, chosen):
    results, out = tmp_path / 'results', tmp_path / 'recipe.md'
    gains = [1, 2, 3, 2, 1, 2, 3, 2]
    for number, gain in enumerate(gains):
        unit = plan.confirmation(number, 'best')
        write_piece(results, unit, 'mask', 10, 60)
        write_piece(results, unit, 'hnem', 10, 40)
        if number == len(gains) - 1:
            write_report(results, out)
            text = out.read_text().partition('## Confirmation')[2]
            assert '7 of 8 phantoms are done' in text
            assert '|' not in text
            assert not (tmp_path / 'recipe-froc.png').exists()
        write_piece(results, unit, 'best', 10 + gain, 95)
    write_report(results, out)
    text = out.read_text()
    assert 'took 0.95 times the CPU\ntime' in text
    # Mean 2 lesions of 2.5 points; sd 0.756 / sqrt(8) * t(7) 2.365 = 0.632.
    cells = rows(out)['alone']
    assert cells == ['43.8', '48.8', '+5.0', '+3.4 to +6.6', '< 0.001']
    assert rows(out)['both with `--tta`'][-1] == 'not tested'
    assert '(recipe-froc.png)' in text
    assert cv2.imread(str(tmp_path / 'recipe-froc.png')) is not None


@pytest.mark.parametrize('name', COMBINATIONS)
def test_a_combination_changes_its_blocks_alone(name):
    init_default_scope('mmdet')
    config = Config.fromfile(ROOT / COMBINATIONS[name])
    training, loss, test = (
        [step['type'].removeprefix('mmuldor.') for step in pipeline]
        for pipeline in (
            config.train_dataloader.dataset.pipeline,
            config.val_loss_pipeline,
            config.test_dataloader.dataset.pipeline,
        )
    )
    masks = ['WindowHU', 'RecistToMask', 'LoadAnnotations']
    pasted = ['RecistToMask', 'CopyPasteLesions', 'WindowHU', masks[-1]]
    start = ['LoadCTSlices', 'CropToBody']
    assert training == [
        *start, *(pasted if 'paste' in name else masks),
        'RandomResizeToSpacing', 'RandomCrop', 'RandomFlip', 'PackDetInputs',
    ]  # fmt: skip
    assert loss == [*start, *masks, 'ResizeToSpacing', 'PackDetInputs']
    assert test == [*start, 'WindowHU', 'ResizeToSpacing', 'PackDetInputs']
    spacing = 0.9 if 'fine' in name else 1.2
    for pipeline in (
        config.train_dataloader.dataset.pipeline,
        config.val_loss_pipeline,
        config.test_dataloader.dataset.pipeline,
    ):
        resized = [step for step in pipeline if 'Resize' in step['type']]
        assert [step['spacing_mm'] for step in resized] == [spacing]
    # GroupNorm in every part, and the average of the weights.
    norms = {
        type(module).__name__
        for module in MODELS.build(config.model).modules()
        if 'Norm' in type(module).__name__
    }
    assert norms == ({'GroupNorm'} if 'gn' in name else {'BatchNorm2d'})
    assert ('ema' in config.default_hooks) == ('paste' in name)


def test_times_are_those_of_undisturbed_rounds():
    seconds = {'mask': [2.0, 4.0, 2.0], 'shift-crop-fine': [3.0, 9.0, 3.2]}
    mask, fine = times.rows(seconds, 4)
    assert mask['value'] == 1
    assert mask['kinds']['an iteration']['median_s'] == 0.5
    # A fifth of the way from 3 to 3.2; three epochs of the baseline's five.
    assert fine['value'] == pytest.approx(3.04 / 2 * 3 / 5)


def test_the_average_of_the_weights_is_timed():
    config = load_config(str(ROOT / BLOCKS['ema']))
    model = torch.nn.Linear(1, 1)
    average = times.averaging(model, config)
    averaged = average.__self__.module
    with torch.no_grad():
        model.weight += 1
    before = averaged.weight.clone()
    average(model)
    average(model)
    assert before < averaged.weight <= model.weight
    other = load_config(str(ROOT / BLOCKS['gn']))
    assert times.averaging(model, other)(model) is None


@pytest.mark.slow
def test_arms_of_few_images(tmp_path, monkeypatch):
    """Real trainings: the baseline, HNEM from its third epoch, EMA."""
    monkeypatch.setattr('benchmarks.study.data.SPLITS', (6, 2, 3))
    unit, results = development(0), tmp_path / 'results'
    steps = missing_steps(ROOT, tmp_path / 'work', results, [unit])
    kept = [s for s in steps if s.piece.method in ('mask', 'hnem', 'ema')]
    run_steps(kept, lambda position, step: True)
    done = load_replicate(results, unit)
    assert {arm for arm, _ in done.records} == {'mask', 'hnem', 'ema'}
    assert set(done.outcomes['mask', 0]) == {'lesion', 'tta'}
    assert set(done.outcomes['hnem', 0]) == {'lesion', 'cut_with_fp', 'tta'}
    write_report(results, tmp_path / 'recipe.md')
    found = rows(tmp_path / 'recipe.md')
    assert found['ema'][0] == found['mask'][0] == '1'
    assert len(missing_steps(ROOT, tmp_path / 'work', results, [unit])) == (
        len(unit.pieces) - 3
    )
