"""Bank files, read and refused."""

import hashlib
import json

import pytest

from mmuldor.mining.bank import build_bank, images_fingerprint, load_bank
from mmuldor.mining.rule import MiningRule

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


def said(tmp_path, bank):
    """What is said of a bank that is wrong, after its name."""
    path = tmp_path / 'b.json'
    path.write_text(json.dumps(bank))
    with pytest.raises(ValueError, match=r'b\.json') as caught:
        load_bank(path, 'e' * 64)
    return str(caught.value).replace(f"'{path}'", 'BANK')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            {'version': 2},
            'bank BANK has version 2, but this mmuldor reads version 1. Mine '
            'it again.',
        ),
        (
            {'ann_file': 3},
            'BANK: `ann_file` must be a text, but got 3.',
        ),
        (
            {'fingerprint': None},
            'BANK: `fingerprint` must be a text, but got None.',
        ),
        (
            {'epoch': -2},
            'BANK: `epoch` must be an integer of -1 or more, but got -2.',
        ),
        (
            {'epoch': 1.5},
            'BANK: `epoch` must be an integer of -1 or more, but got 1.5.',
        ),
        (
            {'counts': {'mined': 'x'}},
            "BANK: `counts` must hold integers by name, but got {'mined': "
            "'x'}.",
        ),
        (
            {'counts': []},
            'BANK: `counts` must hold integers by name, but got [].',
        ),
        ({'images': 0}, 'BANK: `images` must be an object.'),
        (
            {'images': {'-7': []}},
            'BANK: image -7: keys of `images` must be ids, integers of 0 or '
            'more.',
        ),
        (
            {'images': {'x' * 50: []}},
            f'BANK: image {"x" * 40}: keys of `images` must be ids, integers '
            'of 0 or more.',
        ),
        (
            {'images': {'7': 5}},
            'BANK: image 7 must hold a list, but got 5.',
        ),
        (
            {'images': {'7': [*BANK['images']['7'], 5]}},
            'BANK: image 7[1] must be an object, got 5.',
        ),
        (
            {},
            "bank BANK was mined on other images (ann_file 'train.json', "
            'fingerprint ffffffffffff) than those of this training '
            '(eeeeeeeeeeee). Mine it again with `python '
            'tools/mine_hard_negatives.py`.',
        ),
    ],
)
def test_what_is_wrong_with_a_bank_is_said(tmp_path, change, message):
    assert said(tmp_path, {**BANK, **change}) == message


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'bbox': 1}, '`bbox` must be a finite [x, y, w, h], but got 1.'),
        ({'bbox': [1, 2, 3, 0]}, '`bbox` [1, 2, 3, 0] has no area.'),
        ({'score': None}, '`score` must be a finite number, but got None.'),
        ({'mask_iou': ''}, "`mask_iou` must be a finite number, but got ''."),
        ({'ignored': 1}, '`ignored` must be true or false, but got 1.'),
        (
            {'polygons': []},
            '`polygons` must be a list of at least one, but got [].',
        ),
        *(
            (
                {'polygons': [[1, 2, 4, 2, 4, 6], polygon]},
                '`polygons` must be flat lists of at least three x, y pairs '
                f'each, all finite, but got {polygon}.',
            )
            # Two points, three and a half, a text among numbers, no list.
            for polygon in (
                [1, 2, 3, 4],
                [1, 2, 3, 4, 5, 6, 7],
                [1, 2, 3, 4, 5, None],
                3,
            )
        ),
    ],
)
def test_what_is_wrong_with_an_example_is_said(tmp_path, change, message):
    assert said(tmp_path, changed(**change)) == f'BANK: image 7[0]: {message}'


def test_what_a_bank_lacks_and_where_one_comes_from(tmp_path):
    bank = {key: value for key, value in BANK.items() if key != 'epoch'}
    assert said(tmp_path, bank) == "BANK is no bank file: it lacks ['epoch']."
    with pytest.raises(FileNotFoundError, match='bank file') as caught:
        load_bank(tmp_path / 'none.json')
    assert str(caught.value) == (
        f"bank file '{tmp_path / 'none.json'}' does not exist. Make one with "
        '`python tools/mine_hard_negatives.py CONFIG CHECKPOINT --out FILE`.'
    )


def test_before_training_there_may_be_a_bank(tmp_path):
    path = tmp_path / 'initial.json'
    path.write_text(json.dumps({**BANK, 'epoch': -1, 'counts': {'mined': 1}}))
    assert load_bank(path)['epoch'] == -1


class Dataset:
    ann_file = '/data/annotations/train.json'
    fingerprint = 'f' * 64


def test_a_bank_counts_what_was_found(tmp_path):
    (example,) = BANK['images']['7']
    low = {**example, 'score': 0.6}
    mined = {
        10: {
            'examples': [{**example, 'ignored': True}, low],
            'hit_score': 0.4,
            'skipped': 3,
            'excluded': 0,
        },
        2: {
            'examples': [example],
            'hit_score': None,
            'skipped': 1,
            'excluded': 5,
        },
        5: {'examples': [], 'hit_score': 0.0, 'skipped': 0, 'excluded': 2},
    }
    rule = MiningRule(seed=8)
    bank = build_bank(mined, Dataset(), rule, 3, 0.75)
    assert bank == {
        'version': 1,
        'ann_file': 'train.json',
        'fingerprint': 'f' * 64,
        'epoch': 3,
        'seed': 8,
        'rule': rule.as_dict(),
        'ignored_above': 0.75,
        'counts': {
            'images': 3,
            'with_hit': 2,
            'without_hit': 1,
            'mined': 2,
            'skipped': 4,
            'ignored': 1,
            'excluded': 7,
        },
        'images': {
            '2': [example],
            '10': [{**example, 'ignored': True}, low],
        },
    }
    # In the order of numbers, not of texts.
    assert list(bank['images']) == ['2', '10']
    path = tmp_path / 'epoch_003.json'
    path.write_text(json.dumps(bank))
    assert load_bank(path, 'f' * 64) == bank


def test_a_fingerprint_is_a_checksum_of_ids_and_names():
    # printf '1\tb.png\n2\ta.png' | sha256sum
    assert images_fingerprint([(2, 'a.png'), (1, 'b.png')]) == (
        hashlib.sha256(b'1\tb.png\n2\ta.png').hexdigest()
    )
