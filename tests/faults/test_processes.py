"""Several processes on the CPU give the answer of one, or an error."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

ROOT = Path(__file__).resolve().parents[2]
# One thread each: convolutions differ between one thread and two.
ENVIRONMENT = {
    **os.environ,
    'OMP_NUM_THREADS': '1',
    'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
}

pytestmark = pytest.mark.slow


def launch(port: int, script: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [str(ROOT / 'tools' / script), *map(str, arguments)],
        env={**ENVIRONMENT, 'MASTER_PORT': str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(port: int, script: str, *arguments: str) -> str:
    process = launch(port, script, *arguments)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-3000:]
    return output


@pytest.fixture
def config(mini_config, tmp_path):
    """Seven training images, three of each other split: uneven shares."""
    mini_config.train_cfg.update(max_epochs=1, val_interval=1)
    mini_config.default_hooks.hnem.mine_before_training = True
    mini_config.dump(tmp_path / 'config.py')
    return tmp_path / 'config.py'


def test_banks_and_results_of_one_two_and_three(config, tmp_path, free_port):
    banks, results = {}, {}
    for number in (1, 2, 3):
        work = tmp_path / f'work_{number}'
        run(
            free_port, 'dist_train.sh', config, number, '--work-dir', work
        )  # fmt: skip
        banks[number] = (work / 'hard_negatives/initial.json').read_bytes()
        out = tmp_path / f'results_{number}.json'
        run(
            free_port, 'dist_test.sh', config,
            tmp_path / 'work_1/epoch_1.pth', number, '--out', out,
            '--work-dir', tmp_path / f'test_{number}',
        )  # fmt: skip
        results[number] = json.loads(out.read_text())
    assert len(results[1]) > 5
    assert results[1] == results[2] == results[3]
    assert banks[1] == banks[2] == banks[3]
    assert json.loads(banks[1])['counts']['mined'] > 0


def test_averaged_weights_in_two_processes(config, tmp_path, free_port):
    """They are saved with the statistics that were validated."""
    work, out = tmp_path / 'work', tmp_path / 'results.json'
    loaded = Config.fromfile(config)
    loaded.default_hooks.ema = dict(type='EMAHook', momentum=0.5)
    loaded.dump(config)
    run(free_port, 'dist_train.sh', config, 2, '--work-dir', work)
    saved = torch.load(work / 'epoch_1.pth', weights_only=False)
    other = saved['ema_state_dict']
    names = [name for name in saved['state_dict'] if 'running' in name]
    assert names
    for name in names:
        trained = other[f'module.{name}']
        torch.testing.assert_close(saved['state_dict'][name], trained)
    # Views are averaged outside of the wrapper for several processes.
    run(
        free_port, 'dist_test.sh', config, work / 'epoch_1.pth', 2, '--tta',
        '--out', out, '--work-dir', tmp_path / 'test',
    )  # fmt: skip
    assert json.loads(out.read_text())


def test_a_process_that_dies_ends_all(config, tmp_path, free_port):
    process = launch(
        free_port, 'dist_train.sh', config, 2,
        '--work-dir', tmp_path / 'work', '--cfg-options',
        'train_cfg.max_epochs=200', 'train_cfg.val_interval=200',
    )  # fmt: skip
    try:
        victim = wait_for_training(process, tmp_path / 'work')
        os.kill(victim, signal.SIGKILL)
        began = time.monotonic()
        output, _ = process.communicate(timeout=120)
        assert process.returncode != 0
        assert time.monotonic() - began < 120
        assert 'Signal 9 (SIGKILL)' in output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


RAISING = """
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class RaisingHook(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if get_rank() == 1 and runner.iter == 1:
            raise ValueError('the second process has had enough.')
"""


def test_a_process_that_raises_ends_all_with_its_message(
    config, tmp_path, free_port, monkeypatch
):
    (tmp_path / 'raising.py').write_text(RAISING)
    monkeypatch.setitem(ENVIRONMENT, 'PYTHONPATH', str(tmp_path))
    loaded = Config.fromfile(config)
    loaded.custom_imports.imports.append('raising')
    loaded.custom_hooks = [dict(type='RaisingHook')]
    loaded.train_cfg.update(max_epochs=200, val_interval=200)
    loaded.default_hooks.hnem = None
    loaded.dump(config)
    process = launch(
        free_port, 'dist_train.sh', config, 2, '--work-dir', tmp_path / 'work'
    )
    output, began = '', None
    for line in process.stdout:
        output += line
        if began is None and 'has had enough' in line:
            began = time.monotonic()
    process.wait(timeout=60)
    assert process.returncode != 0
    assert began is not None, output[-3000:]
    assert 'error: the second process has had enough.' in output
    assert 'terminate called' not in output
    assert time.monotonic() - began < 30
    assert not list((tmp_path / 'work').glob('*.pth'))


def test_a_damaged_slice_of_another_process_ends_all_by_its_name(
    config, tmp_path, free_port
):
    # Image 1 of 0 to 5 is the second process's.
    damaged = next((tmp_path / 'mini/Images_png').glob('000002*/005.png'))
    damaged.write_bytes(damaged.read_bytes()[:-20])
    process = launch(
        free_port, 'dist_train.sh', config, 2, '--work-dir', tmp_path / 'work'
    )
    output, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    assert f'error: {damaged} must be a complete PNG' in output
    assert 'terminate called' not in output


def test_two_nodes_give_the_bank_and_the_results_of_one(
    config, tmp_path, free_port, monkeypatch
):
    run(free_port, 'dist_train.sh', config, 2, '--work-dir', tmp_path / 'one')
    nodes = []
    monkeypatch.setitem(ENVIRONMENT, 'NNODES', '2')
    for number in (0, 1):
        monkeypatch.setitem(ENVIRONMENT, 'NODE_RANK', str(number))
        nodes.append(
            launch(
                free_port,
                'dist_train.sh',
                config,
                1,
                '--work-dir',
                tmp_path / 'two',
            )
        )
    outputs = [node.communicate(timeout=300)[0] for node in nodes]
    for node, output in zip(nodes, outputs, strict=True):
        assert node.returncode == 0, output[-3000:]
    name = 'hard_negatives/initial.json'
    one, two = tmp_path / 'one' / name, tmp_path / 'two' / name
    assert one.read_bytes() == two.read_bytes()
    assert figures(tmp_path / 'one') == figures(tmp_path / 'two')


def figures(work: Path) -> dict:
    """What the last validation found."""
    (path,) = work.glob('*/vis_data/scalars.json')
    last = json.loads(path.read_text().splitlines()[-1])
    found = {k: v for k, v in last.items() if k.startswith(('froc', 'val_'))}
    assert found
    return found


class CountingHandler(SimpleHTTPRequestHandler):
    """Serves a folder and keeps what it was asked for."""

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        """Nothing on stderr."""


@pytest.fixture
def server(tmp_path):
    """A file server on loopback; its folder is `served`."""
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = functools.partial(CountingHandler, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        server.asked, server.folder = [], folder
        server.url = f'http://127.0.0.1:{server.server_port}'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_weights_of_a_url_are_fetched_once(
    mini_config, config, tmp_path, free_port, server, monkeypatch
):
    init_default_scope('mmdet')
    backbone = MODELS.build(mini_config.model.backbone)
    torch.save(backbone.state_dict(), server.folder / 'backbone.pth')
    monkeypatch.setitem(ENVIRONMENT, 'TORCH_HOME', str(tmp_path / 'torch'))
    loaded = Config.fromfile(config)
    loaded.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint=f'{server.url}/backbone.pth'
    )
    loaded.dump(config)
    # No rate: BatchNorm's buffers aside, weights stay what was loaded.
    run(
        free_port, 'dist_train.sh', config, 2, '--work-dir',
        tmp_path / 'work', '--cfg-options',
        'optim_wrapper.optimizer.lr=0.0', 'default_hooks.hnem=None',
    )  # fmt: skip
    assert server.asked == ['/backbone.pth']
    trained = torch.load(tmp_path / 'work/epoch_1.pth', weights_only=False)
    for name, weight in backbone.named_parameters():
        assert torch.equal(trained['state_dict'][f'backbone.{name}'], weight)


def test_a_url_without_a_file_ends_all(config, tmp_path, free_port, server):
    began = time.monotonic()
    process = launch(
        free_port, 'dist_train.sh', config, 2, '--work-dir',
        tmp_path / 'work', '--cfg-options', f'load_from={server.url}/no.pth',
    )  # fmt: skip
    output, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    assert f"error: checkpoint '{server.url}/no.pth' could not be" in output
    assert 'Local process group' not in output
    assert time.monotonic() - began < 120


def wait_for_training(process: subprocess.Popen, work: Path) -> int:
    """Number of a training process, once an epoch is over."""
    end = time.monotonic() + 200
    while not list(work.glob('epoch_*.pth')):
        assert process.poll() is None, process.communicate()[0][-3000:]
        assert time.monotonic() < end
        time.sleep(0.2)
    # Torchrun's own children, in order.
    pid = process.pid
    return int(
        Path(f'/proc/{pid}/task/{pid}/children').read_text().split()[-1]
    )
