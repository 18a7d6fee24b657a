"""Verdicts of a reader: out as CSV, back as lists."""

import csv

import numpy as np
import pytest

from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import read_json, write_json
from mmuldor.mining.bank import BANK_VERSION
from mmuldor.mining.exclude_list import load_exclude_list
from mmuldor.mining.review.verdicts import (
    add_annotations,
    examples_of,
    read_verdicts,
    write_review,
)
from tools.review import main


def example(x, score):
    return {
        'bbox': [x, 10.0, 8.0, 6.0],
        'score': score,
        'mask_iou': 0.125,
        'polygons': [[x, 10.0, x + 8, 10.0, x + 8, 16.0, x, 16.0]],
    }


@pytest.fixture
def bank(tmp_path):
    """Three examples on two images; the surest on the second."""
    path = tmp_path / 'epoch_000.json'
    write_json(
        path,
        {
            'version': BANK_VERSION,
            'ann_file': 'train.json',
            'fingerprint': 'abcdef',
            'epoch': 0,
            'images': {
                '1': [example(4.0, 0.8), example(40.0, 0.5)],
                '2': [{**example(20.0, 0.9), 'ignored': True}],
            },
        },
    )
    return path


@pytest.fixture
def document(mini_data):
    return load_annotations(mini_data / 'train.json')


@pytest.fixture
def examples(bank, document):
    return examples_of(read_json(bank), document)


def judged(path, verdicts):
    """Fill in the column of verdicts, the rows turned about."""
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    for row, verdict in zip(rows, verdicts, strict=True):
        row['verdict'] = verdict
        row['note'] = 'a column of the reader'
    with open(path, 'w', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(reversed(rows))


def test_the_surest_comes_first(examples, tmp_path):
    assert [e['number'] for e in examples] == [1, 2, 3]
    assert [e['image_id'] for e in examples] == [2, 1, 1]
    write_review(tmp_path / 'r.csv', examples)
    first, second = (tmp_path / 'r.csv').read_text().splitlines()[:2]
    assert first == (
        'number,image_id,file_name,x1,y1,x2,y2,score,mask_iou,ignored,verdict'
    )
    assert second == (
        '1,2,000002_01_01/005.png,20.00,10.00,28.00,16.00,0.9000,0.1250,1,'
    )


def test_out_and_back(bank, mini_data, tmp_path, capsys):
    ann = str(mini_data / 'train.json')
    out = tmp_path / 'review'
    main(
        [
            *('export', '--bank', str(bank), '--ann', ann, '--out', str(out)),
            *('--images', str(mini_data / 'Images_png')),
        ]
    )
    assert (out / 'page_001.png').stat().st_size > 5000
    judged(out / 'review.csv', ['lesion', ' Unsure ', ''])
    exclude, reviewed = tmp_path / 'exclude.json', tmp_path / 'new.json'
    main(
        [
            *('import', '--csv', str(out / 'review.csv'), '--ann', ann),
            *('--bank', str(bank), '--exclude', str(exclude)),
            *('--annotations', str(reviewed)),
        ]
    )
    assert '1 without, 1 lesion, 1 unsure' in capsys.readouterr().out
    boxes = load_exclude_list(exclude, 'abcdef')
    assert {k: v.tolist() for k, v in boxes.items()} == {
        2: [[20, 10, 28, 16]],
        1: [[4, 10, 12, 16]],
    }
    before = load_annotations(ann)['annotations']
    *kept, new = load_annotations(reviewed)['annotations']
    assert kept == before
    assert new['image_id'] == 2
    assert new['id'] == max(a['id'] for a in before) + 1
    # The diagonal of 8 x 6 px is 10 px long; the box reaches 5 px further.
    ends = np.reshape(new['recist_px'], (4, 2))
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(10)
    assert new['bbox'] == pytest.approx([15, 5, 18, 16], abs=1e-4)


def test_the_largest_piece_is_measured(examples, document):
    square = [20.0, 10, 28, 10, 28, 16, 20, 16]
    speck = [40.0, 10, 41, 10, 42, 10, 42, 11, 42, 12, 41, 11, 40, 11]
    examples[0]['polygons'] = [speck, square]
    verdicts = ['lesion', '', '']
    new = add_annotations(document, examples, verdicts)['annotations'][-1]
    assert new['bbox'] == pytest.approx([15, 5, 18, 16], abs=1e-4)


def test_a_review_is_not_overwritten(bank, mini_data, tmp_path):
    (tmp_path / 'review.csv').write_text('hours of work')
    with pytest.raises(ValueError, match='may hold verdicts'):
        main(
            [
                *('export', '--bank', str(bank), '--out', str(tmp_path)),
                *('--images', str(mini_data / 'Images_png')),
                *('--ann', str(mini_data / 'train.json')),
            ]
        )
    assert (tmp_path / 'review.csv').read_text() == 'hours of work'


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('', r'lacks number, image_id, verdict'),
        ('number,image_id,verdict\n4,2,not', r'line 2: `number`.*1 to 3.*4'),
        ('number,image_id,verdict\n1,2,\n1,2,', r'line 3: `number`'),
        ('number,image_id,verdict\n1,1,not', r'line 2: `image_id`.*must be 2'),
        ('number,image_id,verdict\n1,2,maybe', r"line 2: `verdict`.*'maybe'"),
        ('number,image_id,verdict\n1', r'line 2 must have 3 fields'),
        ('number,number,image_id,verdict\n1,1,2,', r'column number once'),
    ],
)
def test_wrong_reviews(examples, tmp_path, text, match):
    (tmp_path / 'r.csv').write_text(text)
    with pytest.raises(ValueError, match=match):
        read_verdicts(tmp_path / 'r.csv', examples)


def test_missing_and_foreign_files(examples, bank, document, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'tools/review\.py export'):
        read_verdicts(tmp_path / 'none.csv', examples)
    (tmp_path / 'r.csv').write_bytes(b'number,image_id,verdict\n\xff\xfe')
    with pytest.raises(ValueError, match='must be CSV in UTF-8'):
        read_verdicts(tmp_path / 'r.csv', examples)
    wrong = {**document, 'images': document['images'][2:]}
    with pytest.raises(ValueError, match=r'2 of its images are not in it'):
        examples_of(read_json(bank), wrong)


@pytest.mark.parametrize(
    'content',
    [
        [],
        {'images': {}},
        {'fingerprint': 'a', 'images': {'x': []}},
        {'fingerprint': 'a', 'images': {'1': [{'bbox': [1]}]}},
        {'fingerprint': 'a', 'images': {'1': [{'bbox': ['a', 1, 1, 1]}]}},
    ],
)
def test_no_exclude_list(tmp_path, content):
    write_json(tmp_path / 'x.json', content)
    with pytest.raises(ValueError, match=r'must be an exclude list'):
        load_exclude_list(tmp_path / 'x.json')


def test_an_exclude_list_of_other_images(tmp_path):
    write_json(tmp_path / 'x.json', {'fingerprint': 'abc', 'images': {}})
    assert load_exclude_list(tmp_path / 'x.json', 'abc') == {}
    with pytest.raises(ValueError, match='of other images'):
        load_exclude_list(tmp_path / 'x.json', 'def')


def test_import_needs_an_output(capsys):
    with pytest.raises(SystemExit):
        main(['import', '--csv', 'a', '--bank', 'b', '--ann', 'c'])
    assert '--exclude or --annotations' in capsys.readouterr().err
