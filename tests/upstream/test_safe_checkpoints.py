"""What torch leaves to us; see also tests/faults/test_hostile_checkpoints."""

import pickle

import pytest
import torch

from mmuldor.upstream.safe_checkpoints import (
    UnsafeCheckpointError,
    check_file,
    load_safely,
)


def test_torch_alone_reads_a_tensor_larger_than_its_memory(tmp_path):
    """Where this fails, torch has changed: is the check still needed?"""
    path = tmp_path / 'x.pth'
    torch.save({'a': torch.zeros(1).expand(1000, 1000)}, path)
    loaded = torch.load(path, weights_only=True)
    assert loaded['a'].untyped_storage().nbytes() == 4
    with pytest.raises(ValueError, match='`a` must be stored whole'):
        load_safely(path)


class Foreign:
    """No kind of object that a checkpoint is made of."""


def test_torch_says_what_it_refused(tmp_path):
    """By 'GLOBAL' in the text we know that a file is unsafe, not damaged."""
    path = tmp_path / 'x.pth'
    torch.save({'a': Foreign()}, path)
    with pytest.raises(pickle.UnpicklingError, match=r'GLOBAL .*Foreign'):
        torch.load(path, weights_only=True)
    with pytest.raises(UnsafeCheckpointError, match='Foreign'):
        load_safely(path)


def test_a_damaged_file_is_not_called_unsafe(tmp_path):
    path = tmp_path / 'x.pth'
    path.write_bytes(b'\x80\x02}q.')
    with pytest.raises(ValueError, match='must be a checkpoint') as error:
        load_safely(path)
    assert not isinstance(error.value, UnsafeCheckpointError)


def test_a_folder(tmp_path):
    with pytest.raises(ValueError, match='is a folder'):
        check_file(tmp_path)
