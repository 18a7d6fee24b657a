"""Fixtures of the tests of faults."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _quiet_loggers(monkeypatch):
    """MMEngine's loggers outlive the captured stderr of an earlier test."""
    monkeypatch.setattr(logging, 'raiseExceptions', False)


@pytest.fixture
def config_file(mini_config, tmp_path):
    """The mini data set's config as a file."""
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    return path


@pytest.fixture
def refused(capsys):
    """Runs a tool that must fail; its one line on stderr, exit code 1."""

    def run(main, *arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert ended.value.code == 1
        said = capsys.readouterr().err.strip()
        assert 'Traceback' not in said
        (line,) = [s for s in said.splitlines() if s.startswith('error: ')]
        assert said.endswith(line)
        return line

    return run
