"""The result of a follow-up as JSON and CSV."""

import csv
import json
from dataclasses import replace

import pytest

from mmuldor.scans.follow_up.files import write_follow_up_json
from mmuldor.scans.follow_up.result import tracking_uid
from mmuldor.scans.follow_up.table import COLUMNS, write_follow_up_csv
from tests.support.follow_up.in_memory import small_follow_up


@pytest.fixture
def document(tmp_path):
    path = tmp_path / 'follow_up.json'
    write_follow_up_json(path, small_follow_up(), {'mmuldor': '0'})
    return json.loads(path.read_text())


def test_growth_of_a_match(document):
    matched = document['pairs'][0]
    assert matched['growth'] == {
        'long_mm': 5.0,
        'long_percent': 25.0,
        'short_mm': 3.0,
        'short_percent': 25.0,
        'volume_ml': 3.0,
        'volume_percent': 150.0,
    }
    assert [pair['growth'] for pair in document['pairs'][1:]] == [None] * 3


def test_each_lesion_is_in_one_pair(document):
    for scan, count in (('baseline', 3), ('follow_up', 3)):
        numbers = [p[scan]['number'] for p in document['pairs'] if p[scan]]
        assert sorted(numbers) == list(range(1, count + 1))
        assert document[scan]['lesions'] == count


def test_uids_over_time(document):
    matched, gone, uncertain, new = document['pairs']
    # A match has the baseline's at both time points, no other lesion has.
    assert matched['baseline']['tracking_uid'] == '2.25.51'
    assert matched['follow_up']['tracking_uid'] == '2.25.51'
    assert gone['tracking_uid'] == '2.25.52'
    assert uncertain['tracking_uid'] == '2.25.53'
    assert uncertain['follow_up']['tracking_uid'] == '2.25.62'
    assert new['tracking_uid'] == '2.25.63'


def test_rivals_are_numbers(document):
    assert document['pairs'][2]['baseline_rivals'] == [2]


def test_recist(document):
    recist = document['recist']
    assert recist['targets'] == [
        {
            'pair': 1,
            'baseline_number': 1,
            'organ': 'liver',
            'axis': 'long',
            'baseline_mm': 20.0,
            'follow_up_mm': 25.0,
        },
        {
            'pair': 2,
            'baseline_number': 2,
            'organ': None,
            'axis': 'long',
            'baseline_mm': 15.0,
            'follow_up_mm': 0.0,
        },
    ]
    assert recist['baseline_sum_mm'] == 35.0
    assert recist['follow_up_sum_mm'] == 25.0
    # 10 of 35 mm less is no partial response; a new lesion is progression.
    assert recist['change_percent'] == -28.571429
    assert recist['target_response'] == 'SD'
    assert recist['overall_response'] == 'PD'
    assert 'not a diagnosis' in recist['statement']


def test_slices(document):
    to_follow_up = document['slices']['to_follow_up']
    assert to_follow_up[:2] == [5.0, 6.0]
    assert to_follow_up[35:] == [None] * 5


def test_a_failed_registration(tmp_path):
    found = replace(small_follow_up(), problem='why')
    write_follow_up_json(tmp_path / 'a.json', found)
    document = json.loads((tmp_path / 'a.json').read_text())
    assert document['registration']['status'] == 'failed'
    assert document['registration']['problem'] == 'why'


def test_table(tmp_path, document):
    path = tmp_path / 'follow_up.csv'
    write_follow_up_csv(path, small_follow_up())
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row['status'] for row in rows] == [
        'matched', 'gone', 'uncertain', 'new',
    ]  # fmt: skip
    first = rows[0]
    assert first['baseline_scan'] == 'first.nii.gz'
    assert first['growth_long_mm'] == '5.0'
    assert first['growth_long_percent'] == '25.0'
    assert first['growth_volume_percent'] == '150.0'
    assert first['expected_follow_up_slice'] == '16.0'
    assert (first['target'], rows[3]['target']) == ('1', '0')
    assert rows[1]['follow_up_number'] == ''


def test_tracking_uid():
    box = [1, 2, 3, 4, 5, 6]
    assert tracking_uid('1.2.3', 'scan', 1, box) == '1.2.3'
    for wrong in (None, 7, '', '1.02', '1.2.', '1.' * 40 + '1'):
        made = tracking_uid(wrong, 'scan', 1, box)
        assert made.startswith('2.25.')
        assert len(made) <= 64
        assert made == tracking_uid(None, 'scan', 1, box)
    assert made != tracking_uid(None, 'scan', 2, box)
    assert made != tracking_uid(None, 'other', 1, box)
