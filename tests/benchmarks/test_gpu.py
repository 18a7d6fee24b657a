"""`make gpu` itself, tried on the CPU."""

import pytest
import torch

from benchmarks import gpu


def test_a_trial_runs_everything(tmp_path, capfd):
    gpu.main(['--device', 'cpu', '--work', str(tmp_path), '--minutes', '30'])
    ended = capfd.readouterr().out.splitlines()
    for name in ('prepare', 'tests', *gpu.ON_GPU):
        (line,) = [text for text in ended if text.startswith(f'{name} ')]
        assert line.endswith('passed')
    assert (tmp_path / 'mining.json').is_file()


def test_a_full_run_goes_to_the_gpus_rows(tmp_path):
    args = gpu.parse_args(['--work', str(tmp_path)])
    words = dict(gpu.plan(args))
    for stage in gpu.ON_GPU:
        command = list(map(str, words[stage]))
        assert 'cuda:0' in command
        assert command[command.index('--out') + 1].endswith(
            f'results/{stage}-cuda.json'
        )


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_no_gpu_is_said_at_once(tmp_path):
    with pytest.raises(ValueError, match='make gpu DEVICE=cpu'):
        gpu.main(['--work', str(tmp_path)])


def test_no_time_is_said(tmp_path, capsys):
    with pytest.raises(SystemExit, match='not all passed'):
        gpu.main(
            ['--device', 'cpu', '--work', str(tmp_path), '--minutes', '0']
        )
    assert 'not run: 0 minutes are over' in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
