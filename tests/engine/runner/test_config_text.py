"""A config is formatted once, and anew when it changes."""

import pytest
from mmengine.config import Config
from yapf.yapflib import yapf_api

from mmuldor.engine.runner import config_text


@pytest.fixture
def formatted(monkeypatch):
    """The texts that yapf was given."""
    texts = []
    monkeypatch.setattr(config_text, '_texts', {})
    monkeypatch.setattr(
        yapf_api,
        'FormatCode',
        lambda text, **_: texts.append(text) or (f'# {text}', True),
    )
    return texts


def test_a_text_is_made_once_and_anew_after_a_change(formatted):
    config = Config(dict(a=1, b=dict(c=[1, 2])))
    first = config.pretty_text
    assert first.startswith('# a=1\nb=dict(')
    assert Config(config.to_dict()).pretty_text == first
    assert len(formatted) == 1
    config.b.c[0] = 3
    assert config.pretty_text != first
    config.b.c[0] = 1
    assert config.pretty_text == first
    assert len(formatted) == 2


def test_few_texts_are_kept(formatted):
    for number in range(20):
        assert str(number) in Config(dict(a=number)).pretty_text
    assert len(config_text._texts) == config_text._KEPT
    assert '19' in Config(dict(a=19)).pretty_text
    assert len(formatted) == 20


def test_what_differs_in_kind_has_another_text(formatted):
    texts = {Config(dict(a=a)).pretty_text for a in (1, 1.0, True, '1', [1])}
    assert len(texts) == 5
