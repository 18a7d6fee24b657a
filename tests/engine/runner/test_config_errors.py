import pytest
import torch
from mmengine.config import Config

from mmuldor.engine.runner.config_errors import channel_errors, config_errors


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'my.py').write_text('a = 1\n')
    (tmp_path / 'my 1.png').touch()
    return Config({}, filename='my.py')


@pytest.mark.parametrize(
    ('error', 'text'),
    [
        (ValueError('lr is -1'), "config 'my.py': lr is -1"),
        (
            KeyError('no "key"'),
            'config \'my.py\': an entry is wrong: KeyError: no "key"',
        ),
        (
            TypeError('needs x'),
            "config 'my.py': an entry is wrong: TypeError: needs x",
        ),
        (ValueError('my.py has it'), 'my.py has it'),
        (ValueError('my 1.png must be whole'), 'my 1.png must be whole'),
        (ValueError('my 1.png: no PNG'), 'my 1.png: no PNG'),
        (ValueError('my 2.png: none'), "config 'my.py': my 2.png: none"),
    ],
)
def test_errors_name_the_config(config, error, text):
    with (
        pytest.raises(ValueError, match='my') as caught,
        config_errors(config),
    ):
        raise error
    assert str(caught.value) == text


def test_a_missing_file_is_its_own_error(config):
    with (
        pytest.raises(FileNotFoundError, match=r'^a\.json$'),
        config_errors(config),
    ):
        raise FileNotFoundError('a.json')


def test_channels_that_do_not_fit(config):
    layer = torch.nn.Conv2d(3, 4, 1)
    for errors in (config_errors, channel_errors):
        with (
            pytest.raises(ValueError, match=r'^config .my\.py.: backbone'),
            errors(config),
        ):
            layer(torch.zeros(1, 5, 8, 8))
    with pytest.raises(RuntimeError, match='other'), channel_errors(config):
        raise RuntimeError('other')
