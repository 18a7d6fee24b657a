"""`make gpu` itself, tried on the CPU."""

import pytest
import torch

from benchmarks import gpu


def trial(folder, capfd, *words):
    """How each step of a trial on the CPU ended, by name."""
    command = ['--device', 'cpu', '--work', str(folder), '--minutes', '30']
    gpu.main([*command, *words])
    ended = capfd.readouterr().out.splitlines()
    found = {}
    for name in ('prepare', 'tests', *gpu.ON_GPU):
        lines = [text for text in ended if text.startswith(f'{name} ')]
        found.update((name, line.split()[-1]) for line in lines)
    return found


@pytest.mark.slow
def test_a_trial_runs_everything(tmp_path, capfd):
    ended = trial(tmp_path, capfd)
    assert ended == dict.fromkeys(('prepare', 'tests', *gpu.ON_GPU), 'passed')
    assert (tmp_path / 'mining.json').is_file()


@pytest.mark.slow
def test_a_part_of_a_trial_prepares_what_it_needs(tmp_path, capfd):
    ended = trial(tmp_path, capfd, '--only', 'validation')
    assert ended == {'prepare': 'passed', 'validation': 'passed'}
    assert (tmp_path / 'validation.json').is_file()


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


@pytest.mark.parametrize(
    ('cores', 'there', 'expected'),
    [(16, True, ['-n', '5']), (16, False, []), (2, True, [])],
)
def test_tests_share_many_cores(monkeypatch, cores, there, expected):
    found = object() if there else None
    monkeypatch.setattr(gpu, 'find_spec', lambda name: found)
    assert gpu.at_once(cores) == expected
