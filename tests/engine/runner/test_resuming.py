"""Counts and seeds of a resumed training."""

from pathlib import Path

import pytest
import torch

from mmuldor.apis.runs import build_runner
from mmuldor.engine.runner.brief_runner import EvaluationRunner


@pytest.fixture
def trained(mini_config):
    """A config that resumes from the first of three epochs."""
    del mini_config.default_hooks['hnem']
    pipeline = mini_config.train_dataloader.dataset.pipeline
    pipeline[:] = [s for s in pipeline if 'HardNegatives' not in s['type']]
    mini_config.train_cfg.update(max_epochs=1, val_interval=9)
    build_runner(mini_config).train()
    mini_config.train_cfg.max_epochs = 3
    path = f'{mini_config.work_dir}/epoch_1.pth'
    mini_config.update(resume=True, load_from=path)
    return mini_config


def test_iterations_are_counted_in_epochs_of_now(trained):
    """Three iterations of two images, then two of three."""
    trained.train_dataloader.batch_size = 3
    trained.optim_wrapper.accumulative_counts = 2
    runner = build_runner(trained)
    runner.train()
    assert (runner.epoch, runner.iter, runner.max_iters) == (3, 6, 6)
    # The count at which a remainder of accumulated batches is applied.
    assert runner.optim_wrapper.inner_count == 6


def test_the_images_are_drawn_by_the_seed_of_the_checkpoint(trained):
    trained.randomness = dict(seed=5)
    runner = build_runner(trained)
    runner.train()
    sampler = runner.train_dataloader.batch_sampler.sampler
    assert runner.seed == sampler.seed == 0


def test_a_seed_of_the_sampler_itself_is_kept(trained):
    trained.randomness = dict(seed=5)
    trained.train_dataloader.sampler.seed = 7
    runner = build_runner(trained)
    runner.train()
    assert runner.train_dataloader.batch_sampler.sampler.seed == 7


@pytest.mark.parametrize('moved', [False, True])
def test_the_best_checkpoint_of_another_work_dir(trained, tmp_path, moved):
    """The checkpoint knows its path; only a file of the own dir is removed."""
    first, second = tmp_path / 'work', tmp_path / 'second'
    trained.default_hooks.checkpoint.save_best = 'val_loss'
    trained.train_cfg.update(max_epochs=1, val_interval=1)
    trained.update(resume=False, load_from=None)
    build_runner(trained).train()
    (best,) = first.glob('best_*.pth')
    start = first / 'epoch_1.pth'
    checkpoint = torch.load(start, weights_only=False)
    # Whatever comes is better.
    checkpoint['message_hub']['runtime_info']['best_score'] = 1e9
    torch.save(checkpoint, start)
    if moved:
        start = first.rename(second) / start.name
    trained.train_cfg.max_epochs = 2
    trained.update(resume=True, load_from=str(start), work_dir=str(second))
    build_runner(trained).train()
    assert len(list(second.glob('best_*.pth'))) == 1
    assert best.exists() != moved


def test_a_test_leaves_the_config_of_the_training(trained):
    dump = Path(trained.work_dir) / Path(trained.filename).name
    before = 'train = 1'
    dump.write_text(before)
    build_runner(trained, EvaluationRunner)
    assert dump.read_text() == before
    (dump.parent / 'last_checkpoint').unlink()
    build_runner(trained, EvaluationRunner)
    assert dump.read_text() != before
