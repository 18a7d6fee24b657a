"""``_base_ = 'mmuldor::...'``, which MMEngine alone refuses."""

import subprocess
import sys

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmuldor.apis.configs.loading import read_config
from mmuldor.upstream.on_import.config_prefix import (
    configs_folder,
    know_own_configs,
    shipped_config,
)

NAME = 'uldor/uldor_r18_fpn_hnem-2e_phantom.py'


def run(code, **options):
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        **options,
    )


def write(tmp_path, base):
    path = tmp_path / 'own.py'
    path.write_text(f"_base_ = '{base}'\nmodel = dict(test_cfg=dict(a=1))\n")
    return path


def test_mmengine_alone_still_refuses_it(tmp_path):
    """Where this fails, MMEngine has changed: is the module still needed?"""
    path = write(tmp_path, f'mmuldor::{NAME}')
    code = 'from mmengine.config import Config; Config.fromfile({!r})'
    done = run(code.format(str(path)), cwd=tmp_path)
    assert 'does not support to load mmuldor config' in done.stderr


def test_the_model_list_of_a_package_is_read_once(root, monkeypatch):
    Config.fromfile(root / 'configs' / NAME)

    def read(*args):
        raise AssertionError(f'read again: {args}')

    monkeypatch.setattr('mmengine.config.utils.load', read)
    config = Config.fromfile(root / 'configs' / NAME)
    assert config.model.roi_head.bbox_head.num_classes == 2


@pytest.mark.parametrize(
    'order',
    [
        'import mmuldor; from mmengine.config import Config',
        'from mmengine.config import Config; import mmuldor',
    ],
)
def test_import_mmuldor_makes_it_known(root, tmp_path, order):
    path = write(tmp_path, f'mmuldor::{NAME}')
    code = (
        f'import sys; sys.path.insert(0, {str(root)!r}); {order}\n'
        f'config = Config.fromfile({str(path)!r})\n'
        'print(config.model.roi_head.bbox_head.num_classes)'
    )
    done = run(code, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ('2\n', 0), done.stderr


def test_it_is_the_same_config_as_by_path(root, tmp_path):
    init_default_scope('mmdet')
    found = Config.fromfile(write(tmp_path, f'mmuldor::{NAME}'))
    beside = Config.fromfile(write(tmp_path, root / 'configs' / NAME))
    assert found.to_dict() == beside.to_dict()
    assert found.model.test_cfg.a == 1
    # Types of mmdet without a prefix are found.
    found.model.test_cfg.pop('a')
    assert type(MODELS.build(found.model)).__name__ == 'MaskRCNN'


def test_parts_of_a_base_are_found_too(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(
        "_base_ = ['mmuldor::mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',\n"
        "          'mmuldor::_base_/variants/ema.py',\n"
        '          ]\n'
        'default_hooks = dict(ema=_base_.ema_short)\n'
    )
    assert Config.fromfile(path).default_hooks.ema.gamma == 40


def test_a_command_takes_it(root):
    config = read_config(f'mmuldor::{NAME}', {'randomness.seed': 3})
    assert config.filename == str(root / 'configs' / NAME)
    assert config.randomness.seed == 3


def test_the_end_may_be_left_out(root):
    name = NAME.removesuffix('.py')
    assert shipped_config(f'mmuldor::{name}') == root / 'configs' / NAME
    assert configs_folder() == root / 'configs'


def test_a_wrong_name_lists_similar_ones(tmp_path):
    text = "'mmuldor::uldor/uldor_r18_hnem.py' must name .* Similar: .*r18_fpn"
    with pytest.raises(FileNotFoundError, match=text):
        read_config('mmuldor::uldor/uldor_r18_hnem.py')
    path = write(tmp_path, 'mmuldor::nowhere')
    with pytest.raises(
        ValueError, match="'mmuldor::nowhere' must name a conf"
    ):
        read_config(str(path))


def test_it_is_made_known_once():
    before = Config._get_cfg_path
    know_own_configs()
    assert Config._get_cfg_path is before
