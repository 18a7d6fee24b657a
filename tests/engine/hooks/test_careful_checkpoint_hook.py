"""Old checkpoints go last; files appear whole."""

import os

import pytest
import torch
from mmengine.fileio import get_file_backend

from mmuldor.apis.runs import build_runner
from mmuldor.apis.training import latest_checkpoint
from mmuldor.engine.hooks.careful_checkpoint_hook import (
    AtomicLocalBackend,
    CarefulCheckpointHook,
)


@pytest.fixture
def config(mini_config):
    mini_config.default_hooks.checkpoint.update(
        max_keep_ckpts=1, save_best=['val_loss', 'froc/mean'],
        rule=['less', 'greater'],
    )  # fmt: skip
    mini_config.train_cfg.val_interval = 1
    return mini_config


def test_there_is_always_a_whole_checkpoint(config, monkeypatch, tmp_path):
    seen = []
    original = AtomicLocalBackend.put

    def put(self, obj, filepath):
        folder = os.path.dirname(filepath)
        seen.append(sorted(n for n in os.listdir(folder) if '.pth' in n))
        original(self, obj, filepath)

    monkeypatch.setattr(AtomicLocalBackend, 'put', put)
    build_runner(config).train()
    names = sorted(p.name for p in (tmp_path / 'work').glob('*.pth'))
    assert 'epoch_3.pth' in names
    assert len([n for n in names if n.startswith('epoch')]) == 1
    assert len([n for n in names if n.startswith('best_val_loss')]) == 1
    assert len([n for n in names if n.startswith('best_froc_mean')]) == 1
    # Whenever one was written, the one before it was still there.
    for before in seen[1:]:
        assert any(n.startswith('epoch') for n in before)
    later = [b for b in seen if any('best_val' in n for n in b)]
    assert len(later) >= 1


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.write_bytes(b'old')
    backend = AtomicLocalBackend()

    with pytest.raises(TypeError):
        backend.put(object(), str(path))
    assert path.read_bytes() == b'old'
    assert [p.name for p in tmp_path.iterdir()] == ['epoch_1.pth']


def test_mmengine_writes_by_renaming_in_a_training(config, tmp_path):
    hook = CarefulCheckpointHook(interval=1)
    runner = build_runner(config)
    hook.before_train(runner)
    backend = get_file_backend(str(tmp_path / 'x.pth'))
    assert isinstance(backend, AtomicLocalBackend)


def test_the_last_whole_checkpoint_is_found(tmp_path):
    assert latest_checkpoint(str(tmp_path)) is None
    for number in (2, 9, 10):
        torch.save({'a': 1}, tmp_path / f'epoch_{number}.pth')
    whole = (tmp_path / 'epoch_10.pth').read_bytes()
    (tmp_path / 'epoch_11.pth').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'epoch_x.pth').write_bytes(whole)
    (tmp_path / 'last_checkpoint').write_text('')
    assert latest_checkpoint(str(tmp_path)).endswith('epoch_10.pth')
    for number in (80, 200):
        torch.save({'a': 1}, tmp_path / f'iter_{number}.pth')
    assert latest_checkpoint(str(tmp_path)).endswith('iter_200.pth')
    os.utime(tmp_path / 'iter_200.pth', (1, 1))
    assert latest_checkpoint(str(tmp_path)).endswith('epoch_10.pth')


def test_the_last_training_is_resumed_not_the_longest(tmp_path):
    work = tmp_path / 'work'
    work.mkdir()
    for number in (2, 12):
        torch.save({'a': 1}, work / f'epoch_{number}.pth')
    (work / 'last_checkpoint').write_text(f'{work}/epoch_2.pth')
    assert latest_checkpoint(str(work)).endswith('work/epoch_2.pth')
    # The same in a work dir that was moved.
    moved = work.rename(tmp_path / 'moved')
    assert latest_checkpoint(str(moved)).endswith('moved/epoch_2.pth')
    (moved / 'epoch_2.pth').write_bytes(b'cut')
    assert latest_checkpoint(str(moved)).endswith('moved/epoch_12.pth')


def test_checkpoints_elsewhere_are_resumed(config, tmp_path):
    config.default_hooks.checkpoint.out_dir = str(tmp_path / 'out')
    build_runner(config).train()
    found = latest_checkpoint(config.work_dir)
    assert found == str(tmp_path / 'out' / 'work' / 'epoch_3.pth')


def test_an_ended_training_says_that_nothing_is_trained(config, caplog):
    runner = build_runner(config)
    runner.train()
    config.resume, config.load_from = True, latest_checkpoint(config.work_dir)
    runner = build_runner(config)
    # MMEngine's logger does not propagate.
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'has ended, so nothing is trained' in caplog.text
    assert 'trained again' not in caplog.text


def test_half_an_epoch_is_trained_again_with_a_warning(config, caplog):
    config.default_hooks.checkpoint.update(by_epoch=False, max_keep_ckpts=9)
    config.train_cfg.max_epochs = 1
    build_runner(config).train()
    config.train_cfg.max_epochs = 2
    found = f'{config.work_dir}/iter_1.pth'
    config.resume, config.load_from = True, found
    runner = build_runner(config)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'iter_1.pth was saved 1 iterations after the begin' in caplog.text
