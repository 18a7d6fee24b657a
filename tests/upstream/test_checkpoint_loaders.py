"""MMEngine's table of schemes, and that it reads by ours."""

import importlib.util

import pytest
import torch
from mmengine.runner import CheckpointLoader, checkpoint

from mmuldor.upstream.checkpoint_loaders import guard_checkpoints


@pytest.fixture
def fresh_loader():
    """MMEngine's loader as it is before anything was changed."""
    spec = importlib.util.spec_from_file_location('fresh', checkpoint.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.CheckpointLoader


def test_mmengine_alone_reads_other_schemes(fresh_loader):
    """Where this fails, MMEngine has changed: is the module needed?"""
    assert {'', 'https://', 'modelzoo://'} < set(fresh_loader._schemes)


def test_a_scheme_cannot_be_taken_away(fresh_loader):
    public = {name for name in dir(fresh_loader) if name[0] != '_'}
    assert public == {'load_checkpoint', 'register_scheme'}


def test_three_schemes_are_left(monkeypatch):
    monkeypatch.setattr(CheckpointLoader, '_schemes', {'s3:': print})
    guard_checkpoints()
    schemes = list(CheckpointLoader._schemes)
    assert sorted(schemes) == ['', r'\S+://', 'http://', 'https://']
    # The first that matches reads: http(s) before what refuses the others.
    assert schemes.index('https://') < schemes.index(r'\S+://')
    assert schemes[-1] == ''


def test_mmengine_reads_by_the_table(monkeypatch):
    monkeypatch.setattr(CheckpointLoader, '_schemes', {})
    CheckpointLoader.register_scheme(
        'ours://', lambda name, location: (name, location)
    )
    found = CheckpointLoader.load_checkpoint('ours://x', 'cpu')
    assert found == ('ours://x', 'cpu')


def test_a_file_is_read_safely(monkeypatch, tmp_path):
    monkeypatch.setattr(CheckpointLoader, '_schemes', {})
    guard_checkpoints()
    path = tmp_path / 'x.pth'
    torch.save({'state_dict': {'a': bytearray(1)}}, path)
    with pytest.raises(ValueError, match='bytearray'):
        CheckpointLoader.load_checkpoint(str(path))
