"""Bank files, read and refused."""

import json

import pytest

from mmuldor.mining.bank import load_bank

BANK = {
    'version': 1,
    'ann_file': 'train.json',
    'fingerprint': 'f' * 64,
    'epoch': 0,
    'images': {
        '7': [
            {
                'bbox': [1, 2, 3, 4],
                'score': 0.9,
                'mask_iou': 0.0,
                'polygons': [[1, 2, 4, 2, 4, 6]],
            }
        ]
    },
}


def changed(**changes):
    bank = json.loads(json.dumps(BANK))
    bank['images']['7'][0].update(changes)
    return bank


def test_a_bank_is_read_back(tmp_path):
    path = tmp_path / 'epoch_004.json'
    path.write_text(json.dumps(BANK))
    assert load_bank(path, 'f' * 64) == BANK


def test_a_missing_bank_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match='mine_hard_negatives'):
        load_bank(tmp_path / 'epoch_000.json')


def test_a_bank_of_other_images_is_refused(tmp_path):
    path = tmp_path / 'bank.json'
    path.write_text(json.dumps(BANK))
    with pytest.raises(ValueError, match='mined on other images'):
        load_bank(path, '0' * 64)


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('{', 'must be JSON'),
        ('[]', 'no bank file'),
        ('{"version": 1}', "lacks.*'images'"),
        (json.dumps({**BANK, 'version': 2}), 'has version 2'),
        (json.dumps({**BANK, 'images': []}), '`images` must be an object'),
        (json.dumps(changed(bbox=[1, 2, 3])), '`bbox` must be a finite'),
        (json.dumps(changed(bbox=[1, 2, 0, 3])), 'has no area'),
        (json.dumps(changed(score='high')), '`score` must be a finite'),
        (json.dumps(changed(score=float('nan'))), '`score` must be a finite'),
        (json.dumps(changed(polygons=[[1, 2, 3]])), 'at least three'),
        (json.dumps(changed(polygons=None)), '`polygons` must be a list'),
    ],
)
def test_damaged_banks_are_refused(tmp_path, text, match):
    path = tmp_path / 'bank.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=match) as caught:
        load_bank(path)
    assert 'bank.json' in str(caught.value)


def test_names_of_earlier_banks_are_read(tmp_path):
    old = changed(spared=True)
    old['spared_above'] = 0.75
    old['counts'] = {'mined': 2, 'spared': 1}
    path = tmp_path / 'bank.json'
    path.write_text(json.dumps(old))
    bank = load_bank(path)
    assert bank['images']['7'][0]['ignored'] is True
    assert bank['ignored_above'] == 0.75
    assert bank['counts'] == {'mined': 2, 'ignored': 1}
    assert 'spared' not in json.dumps(bank)
    path.write_text(json.dumps(changed(spared='yes')))
    with pytest.raises(ValueError, match='`spared` must be true or false'):
        load_bank(path)
