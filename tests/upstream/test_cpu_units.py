"""torch's private question for AMX."""

from pathlib import Path

import pytest
import torch

from mmuldor.upstream.cpu_units import has_amx

CPU_INFO = Path('/proc/cpuinfo')


def test_torch_still_asks():
    """Where this fails, torch has renamed it: `--amp` would need a GPU."""
    assert callable(torch.cpu._is_amx_tile_supported)


@pytest.mark.skipif(not CPU_INFO.is_file(), reason='Linux alone says')
def test_no_amx_without_its_flag():
    if 'amx_tile' not in CPU_INFO.read_text():
        assert has_amx() is False
    else:
        assert has_amx() in (True, False)


@pytest.mark.parametrize('answer', [True, False])
def test_torchs_answer_is_ours(monkeypatch, answer):
    monkeypatch.setattr(torch.cpu, '_is_amx_tile_supported', lambda: answer)
    assert has_amx() is answer


def test_a_torch_that_does_not_ask(monkeypatch):
    monkeypatch.delattr(torch.cpu, '_is_amx_tile_supported')
    assert has_amx() is False
