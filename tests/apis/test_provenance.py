"""What a run states about its config."""

import hashlib

from mmengine.config import Config

from mmuldor.apis.provenance import config_sha256

KEYS = {'model': {'type': 'X', 'size': (1, 2)}, 'tta': None}
TEXT = '{"model":{"size":[1,2],"type":"X"},"tta":null}'


def test_the_hash_is_that_of_the_sorted_json():
    expected = hashlib.sha256(TEXT.encode()).hexdigest()
    assert config_sha256(Config(KEYS)) == expected


def test_where_a_run_writes_does_not_matter():
    elsewhere = Config({**KEYS, 'work_dir': 'x', 'launcher': 'pytorch'})
    assert config_sha256(elsewhere) == config_sha256(Config(KEYS))


def test_a_changed_setting_does():
    changed = Config({**KEYS, 'model': {'type': 'X', 'size': (1, 3)}})
    assert config_sha256(changed) != config_sha256(Config(KEYS))
