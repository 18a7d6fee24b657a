"""Repeats in turn, figures, and the tables made of them."""

import json

import pytest

from benchmarks import tables
from benchmarks.rows import row, time_text, times_faster
from benchmarks.timing import RESULTS, ROOT, alternate, make_parser, save
from mmuldor.io.json_files import read_json


def test_kinds_take_turns_after_a_round_that_does_not_count():
    calls = []
    seconds = alternate(
        {'a': lambda: calls.append('a'), 'b': lambda: calls.append('b')}, 3
    )
    assert ''.join(calls) == 'abababab'
    assert [len(values) for values in seconds.values()] == [3, 3]


def test_a_ratio_is_of_medians():
    seconds = {'ours': [1.0, 2.0, 9.0], 'other': [30.0, 20.0, 10.0]}
    found = times_faster('case', seconds, 'ours', 'other', 10)
    assert found['value'] == 10.0
    assert found['reached'] is True
    assert found['kinds']['ours']['median_s'] == 2.0
    assert found['kinds']['ours']['repeats'] == 3
    assert times_faster('case', seconds, 'ours', 'other', 11)['reached'] is (
        False
    )


@pytest.mark.parametrize(
    ('wanted', 'reached'),
    [(('<=', 3), True), (('<=', 2), False), (('>=', 3), True), (None, None)],
)
def test_what_is_wanted(wanted, reached):
    assert row('case', {}, 'ms', 3, wanted)['reached'] is reached


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(12.34, '12.3 s'), (0.0123, '12.3 ms'), (1.23e-5, '12.3 us')],
)
def test_times_have_a_fitting_unit(seconds, text):
    assert time_text(seconds) == text


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with the result of one stage."""
    monkeypatch.setattr(tables, 'RESULTS', tmp_path)
    script = str(ROOT / 'benchmarks/stages/bench_masks.py')
    monkeypatch.setattr('sys.argv', [script, '--note', 'busy'])
    args = make_parser('', 'masks', 3).parse_args()
    args.out = tmp_path / 'masks.json'
    found = row('5 masks', {'a': [2.0]}, 's', 2, ('<=', 1), 'too slow')
    save(args, 'masks', [found], data='real')
    return tmp_path


def test_a_result_says_what_it_depends_on(results):
    result = json.loads((results / 'masks.json').read_text())
    # The note has its own place; the command is what another types.
    assert result['command'] == 'python benchmarks/stages/bench_masks.py'
    assert result['note'] == 'busy'
    assert result['machine']['cores'] >= 1
    assert result['versions']['numpy'][0].isdigit()


def test_tables_stand_between_the_marks(results, tmp_path):
    readme = tmp_path / 'README.md'
    readme.write_text(f'before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n')
    tables.write_tables(readme)
    text = readme.read_text()
    assert text.startswith('before\n')
    assert text.endswith('\nafter\n')
    assert 'old' not in text
    assert '| 5 masks | a 2 s | **2** s | <= 1 | no: too slow |' in text
    assert 'data: real, busy' in text
    # One stage has a result; five of the others have a GPU's column.
    others = len(tables.STAGES) - 1
    assert text.count('CPU: not run.') == others
    assert text.count('GPU: not run.') == 5


def test_no_place_for_the_tables(results, tmp_path):
    readme = tmp_path / 'README.md'
    readme.write_text('nothing')
    with pytest.raises(ValueError, match='must hold'):
        tables.write_tables(readme)
    assert readme.read_text() == 'nothing'


def test_the_share_of_the_kernel_is_that_of_the_rows():
    rows = read_json(RESULTS / 'froc.json')['rows']
    wall, code = (
        row['kinds']['10 million']['median_s']
        for row in rows
        if '10 million' in row['kinds']
    )
    text = (
        f'spends {100 * (1 - code / wall):.0f} % of its time ({wall:.2f} s, '
        f'of which {code:.2f} s in code) in the kernel'
    )
    assert text in (RESULTS.parent / 'README.md').read_text()
