"""Checkpoints run nothing, whichever way they reach MMEngine."""

import functools
import http.server
import os
import sys
import threading

import pytest
import torch
from mmengine.runner import CheckpointLoader

from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints
from tools.mine_hard_negatives import main as mine
from tools.publish_model import main as publish
from tools.test import main as run_test
from tools.train import main as train


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def trace(tmp_path):
    return tmp_path / 'it_ran'


@pytest.fixture
def hostile(tmp_path, trace):
    path = tmp_path / 'hostile.pth'
    torch.save({'state_dict': {}, 'meta': Hostile(trace)}, path)
    return path


def load_from(config, file):
    config.load_from = str(file)


def pretrained(config, file):
    config.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint=str(file)
    )


def inflated(config, file):
    config.model.backbone.init_cfg = dict(
        type='mmuldor.InflatedInit', checkpoint=str(file)
    )


def resume(config, file):
    config.resume, config.load_from = True, str(file)


@pytest.mark.parametrize(
    'way',
    [
        load_from,
        pretrained,
        pytest.param(inflated, marks=pytest.mark.slow),
        pytest.param(resume, marks=pytest.mark.slow),
    ],
)
def test_training_runs_nothing(
    way, mini_config, hostile, trace, tmp_path, refused
):
    way(mini_config, hostile)
    mini_config.dump(tmp_path / 'config.py')
    line = refused(train, tmp_path / 'config.py')
    assert 'hostile.pth' in line
    assert 'mkdir' in line
    assert '--allow-unsafe-checkpoint' in line
    assert not trace.exists()


@pytest.mark.parametrize('tool', [run_test, mine, publish])
def test_other_tools_run_nothing(
    tool, config_file, hostile, trace, tmp_path, refused
):
    out = tmp_path / 'out'
    config = [] if tool is publish else [config_file]
    line = refused(tool, *config, hostile, '--out', out)
    assert 'hostile.pth' in line
    assert 'mkdir' in line
    assert not trace.exists()
    assert not out.exists()


@pytest.mark.slow
def test_the_option_does_what_its_name_says(
    config_file, hostile, trace, refused
):
    arguments = [config_file, hostile, '--allow-unsafe-checkpoint']
    line = refused(run_test, *arguments)
    assert 'lacks' in line
    assert trace.exists()
    trace.rmdir()
    refused(run_test, *arguments[:2])
    assert not trace.exists()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves tmp_path; torch.hub keeps its files elsewhere."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=tmp_path
    )
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield f'http://127.0.0.1:{found.server_port}'
        found.shutdown()


def test_urls_run_nothing(server, hostile, trace):
    with pytest.raises(ValueError, match=r'hostile\.pth.*mkdir'):
        CheckpointLoader.load_checkpoint(f'{server}/hostile.pth')
    assert not trace.exists()


def test_weights_by_url_are_read(server, tmp_path):
    # As torchvision's: tensors alone, in the format from before 1.6.
    torch.save(
        {'conv1.weight': torch.ones(2, 3)},
        tmp_path / 'resnet-0676ba61.pth',
        _use_new_zipfile_serialization=False,
    )
    url = f'{server}/resnet-0676ba61.pth'
    loaded = CheckpointLoader.load_checkpoint(url)
    assert torch.equal(loaded['conv1.weight'], torch.ones(2, 3))
    with pytest.raises(OSError, match=r'nothing\.pth.*could not be fetched'):
        CheckpointLoader.load_checkpoint(f'{server}/nothing.pth')


@pytest.mark.parametrize(
    'url',
    ['torchvision://resnet50', 'open-mmlab://x', 's3://x/y', 'pavi://x'],
)
def test_other_schemes_are_refused(url):
    with pytest.raises(ValueError, match=r'must be a file or start with'):
        CheckpointLoader.load_checkpoint(url)


def test_a_config_in_a_checkpoint_is_not_run(tmp_path, trace):
    path = tmp_path / 'x.pth'
    code = f'import os\nos.mkdir({str(trace)!r})\n'
    torch.save({'state_dict': {}, 'meta': {'config': code, 'epoch': 1}}, path)
    # Runner.resume runs `meta['config']` where it is there.
    assert CheckpointLoader.load_checkpoint(str(path))['meta'] == {'epoch': 1}


def test_a_name_in_a_checkpoint_cannot_leave_the_folder(tmp_path, refused):
    path, out = tmp_path / 'x.pth', tmp_path / 'a' / 'out'
    torch.save(
        {
            'state_dict': {'a': torch.ones(3)},
            'meta': {'experiment_name': '../../stolen_20261124_101112'},
        },
        path,
    )
    line = refused(publish, path, '--pair', '--out', out)
    assert '--name' in line
    assert not (tmp_path / 'a').exists()
    publish([str(path), '--out', str(out), '--name', 'mine', '--pair'])
    assert len(list(out.iterdir())) == 2


def test_the_switch_is_turned_back(hostile, trace):
    with pytest.raises(ZeroDivisionError), unsafe_checkpoints():
        raise ZeroDivisionError
    with pytest.raises(ValueError, match=r'mkdir'):
        CheckpointLoader.load_checkpoint(str(hostile))
    assert not trace.exists()
    assert 'mmuldor.apis' in sys.modules
