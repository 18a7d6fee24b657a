"""The tables and the summary of many scans."""

import csv

from mmuldor.apis.many_scans.outcomes import (
    DONE,
    FAILED,
    SKIPPED,
    Outcome,
    summary,
    write_tables,
)

OUTCOMES = [
    Outcome('in/a.nii', 'a', DONE, 2, 1.5),
    Outcome('in/b.nii', 'b', FAILED, None, 0.1, 'no CT, but MR'),
    Outcome('in/c.nii', 'c', SKIPPED, 0),
]


def rows_of(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_tables(tmp_path):
    for name, text in (
        ('a', 'scan,number,score\nin/a.nii,1,0.9\nin/a.nii,2,0.8\n'),
        # Of an earlier run, so not of this one.
        ('b', 'scan,number,score\nin/b.nii,1,0.7\n'),
        ('c', 'scan,number,score\n'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'lesions.csv').write_text(text)
    write_tables(tmp_path, OUTCOMES)
    lesions = rows_of(tmp_path / 'all_lesions.csv')
    assert [(r['scan'], r['number'], r['score']) for r in lesions] == [
        ('in/a.nii', '1', '0.9'),
        ('in/a.nii', '2', '0.8'),
    ]
    scans = rows_of(tmp_path / 'all_scans.csv')
    assert [(row['folder'], row['status']) for row in scans] == [
        ('a', 'done'),
        ('b', 'failed'),
        ('c', 'done before'),
    ]
    assert [row['lesions'] for row in scans] == ['2', '', '0']
    assert scans[1]['reason'] == 'no CT, but MR'


def test_summary():
    assert summary(OUTCOMES, 5) == (
        '1 of 5 scans done, 1 done before, 1 failed, 2 not begun\n'
        'in/b.nii: failed: no CT, but MR'
    )


def test_lines():
    assert [outcome.line for outcome in OUTCOMES] == [
        'in/a.nii: 2 lesions (1.5 s)',
        'in/b.nii: failed: no CT, but MR',
        'in/c.nii: 0 lesions, done before',
    ]
