"""What is read from mutmut's files, and the list of equivalent mutants."""

import json

import pytest

from tests.mutants.changes import change_of, functions, one_line
from tests.mutants.equivalent import load_equivalent
from tests.mutants.report import as_markdown, as_text, summarize
from tests.mutants.staging import ROOT
from tests.mutants.verdicts import draw, read_verdicts

SOURCE = """'''Two functions.'''


def half(x):
    return x / 2


class Box:
    def area(self):
        return self.width * (
            self.height
        )
"""
MUTATED = """'''Two functions.'''
@mutated
def half(x):
    return x / 2
def x_half__mutmut_orig(x):
    return x / 2
def x_half__mutmut_1(x):
    return x * 2
class Box:
    def xǁBoxǁarea__mutmut_orig(self):
        return self.width * (
            self.height
        )
    def xǁBoxǁarea__mutmut_2(self):
        return self.width / (
            self.height
        )
"""


@pytest.fixture
def stage(tmp_path):
    """A stage after mutmut has run: one killed, one not."""
    codes = {'x_half__mutmut_1': 1, 'xǁBoxǁarea__mutmut_2': 0}
    meta = {'exit_code_by_key': {f'mmuldor.two.{k}': codes[k] for k in codes}}
    files = {
        'mmuldor/two.py': SOURCE,
        'mutants/mmuldor/two.py': MUTATED,
        'mutants/mmuldor/two.py.meta': json.dumps(meta),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    return tmp_path


def test_a_change_is_found_in_the_source(stage):
    change = change_of('mmuldor.two.x_half__mutmut_1', stage)
    assert (change.line, change.function) == (5, 'half')
    assert (change.before, change.after) == ('return x / 2', 'return x * 2')
    change = change_of('mmuldor.two.xǁBoxǁarea__mutmut_2', stage)
    assert change.line == 10
    assert change.key == (
        'mmuldor/two.py',
        'Box.area',
        'return self.width * (',
        'return self.width / (',
    )


def test_a_report_counts_what_was_killed(stage):
    verdicts = read_verdicts(stage)
    assert sorted(verdicts.values()) == ['killed', 'survived']
    left = change_of('mmuldor.two.xǁBoxǁarea__mutmut_2', stage)
    report = summarize(verdicts, [left], {left.key: 'no reason'}, seed=3)
    assert (report['tried'], report['killed']) == (2, 1)
    assert report['killed_share'] == 0.5
    assert report['files'] == {'mmuldor/two.py': {'tried': 2, 'killed': 1}}
    assert as_text(report).startswith('1 of 2 mutants killed (50.0 %)')
    row = as_markdown(report).splitlines()[-1]
    assert row.startswith('| mmuldor/two.py:10 | `Box.area` | `` return')
    assert row.endswith('| no reason |')


def test_mutants_of_a_removed_file_are_gone(stage):
    (stage / 'mmuldor/two.py').unlink()
    assert read_verdicts(stage) == {}


def test_a_larger_sample_holds_the_smaller_one():
    names = [f'f__mutmut_{i}' for i in range(100)]
    small, large = draw(names, 10, seed=1), draw(names[::-1], 30, seed=1)
    assert len(set(large)) == 30
    assert large[:10] == small
    assert draw(names, 10, seed=2) != small


def test_what_is_called_equivalent_still_exists():
    """`make mutants` also checks that such a mutant is made."""
    gone = [
        (file, function, before)
        for file, function, before, _ in load_equivalent()
        if before not in _source(file, function)
    ]
    assert not gone, 'remove these from tests/mutants/equivalent.json'


def _source(file, function):
    known = functions(ROOT / file) if (ROOT / file).is_file() else {}
    found = known.get(function)
    return one_line(found.text.splitlines()) if found else ''


@pytest.mark.parametrize(
    'change', [{'reason': ''}, {'line': 3}, {'after': None}]
)
def test_an_entry_needs_all_its_texts(tmp_path, change):
    entry = dict.fromkeys(
        ('file', 'function', 'before', 'after', 'reason'), 'x'
    )
    path = tmp_path / 'equivalent.json'
    path.write_text(json.dumps([entry]))
    assert load_equivalent(path) == {('x', 'x', 'x', 'x'): 'x'}
    path.write_text(json.dumps([{**entry, **change}]))
    with pytest.raises(ValueError, match='entry 0 must have'):
        load_equivalent(path)
    path.write_text(json.dumps([entry, entry]))
    with pytest.raises(ValueError, match='entry 1 must have a reason and'):
        load_equivalent(path)
