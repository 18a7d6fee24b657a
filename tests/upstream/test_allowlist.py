"""torch's list of what checkpoints may call, and how it is shortened."""

import pytest
import torch

from mmuldor.upstream.allowlist import _KEPT, reduced_allowlist


def torchs_list():
    return torch._weights_only_unpickler._get_allowed_globals()


@pytest.fixture
def path(tmp_path):
    torch.save({'a': bytearray(b'123')}, tmp_path / 'x.pth')
    return tmp_path / 'x.pth'


def test_torch_alone_calls_more(path):
    """Where this fails, torch has changed: is the module still needed?"""
    assert torch.load(path, weights_only=True) == {'a': bytearray(b'123')}


def test_torch_reads_by_the_shortened_list(path):
    with (
        reduced_allowlist(),
        pytest.raises(Exception, match='GLOBAL bytearray'),
    ):
        torch.load(path, weights_only=True)


def test_torch_makes_the_list_once():
    assert torchs_list() is torchs_list()


def test_what_is_kept_is_there():
    """A name that torch has changed would be refused in all checkpoints."""
    assert set(torchs_list()) >= _KEPT


def test_the_list_is_whole_again_after_an_error():
    whole, seen = dict(torchs_list()), {}

    def fail():
        seen.update(torchs_list())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), reduced_allowlist():
        fail()
    assert set(_KEPT) < set(seen) < set(whole)
    assert torchs_list() == whole
