"""Mined examples as rows and verdicts as annotations, by hand."""

import copy

import pytest

from mmuldor.io.json_files import read_json, write_json
from mmuldor.mining.review.verdicts import (
    add_annotations,
    examples_of,
    import_review,
    read_verdicts,
    write_review,
)

FOUND = {'score': 0.5, 'mask_iou': 0.25, 'bbox': [1.0, 2.0, 3.0, 4.0]}
# A rectangle of 8 x 6 px, and a triangle of fewer corners.
SQUARE = [10, 10, 18, 10, 18, 16, 10, 16]
EXAMPLES = [
    {
        **FOUND,
        'number': number,
        'image_id': 10 + number,
        'file_name': f'{number}.png',
        'polygons': [[50, 0, 51, 0, 51, 1], SQUARE],
    }
    for number in (1, 2, 3)
]
DOCUMENT = {
    'images': [{'id': 10 + n, 'file_name': f'{n}.png'} for n in (1, 2, 3)],
    'annotations': [{'id': 7}, {'id': 4}],
}


def test_examples_are_sorted_by_score_image_and_place():
    def example(score, x):
        return {'score': score, 'bbox': [x, 0, 1, 1]}

    images = {
        '12': [example(0.5, 2), example(0.9, 3), example(0.5, 1)],
        '11': [example(0.5, 4)],
    }
    found = examples_of({'images': images}, DOCUMENT)
    assert found == [
        {'number': 1, 'image_id': 12, 'file_name': '2.png', **example(0.9, 3)},
        {'number': 2, 'image_id': 11, 'file_name': '1.png', **example(0.5, 4)},
        {'number': 3, 'image_id': 12, 'file_name': '2.png', **example(0.5, 1)},
        {'number': 4, 'image_id': 12, 'file_name': '2.png', **example(0.5, 2)},
    ]
    with pytest.raises(ValueError, match='mined from') as caught:
        examples_of({'images': {'11': [], '99': [], '98': []}}, DOCUMENT)
    assert str(caught.value) == (
        'the bank must be mined from the given annotation file, but 2 of its '
        'images are not in it (id 99).'
    )


def test_rows_by_hand(tmp_path):
    path = tmp_path / 'review.csv'
    second = {**EXAMPLES[1], 'ignored': True, 'file_name': 'a\udce9.png'}
    write_review(path, [EXAMPLES[0], second])
    assert path.read_bytes().decode() == (
        'number,image_id,file_name,x1,y1,x2,y2,score,mask_iou,ignored,verdict'
        '\n1,11,1.png,1.00,2.00,4.00,6.00,0.5000,0.2500,0,'
        '\n2,12,a\\xe9.png,1.00,2.00,4.00,6.00,0.5000,0.2500,1,\n'
    )
    assert read_verdicts(path, EXAMPLES) == ['', '', '']


def test_verdicts_in_any_order_and_case(tmp_path):
    path = tmp_path / 'review.csv'
    path.write_text(
        'verdict,number,image_id\nNOT,3,13\nlesion,1,11\nUnsure,2,12\n'
    )
    assert read_verdicts(path, EXAMPLES) == ['lesion', 'unsure', 'not']


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        (
            '4,14,',
            "`number` must be a new one of 1 to 3, but got '4'.",
        ),
        (
            '0,14,',
            "`number` must be a new one of 1 to 3, but got '0'.",
        ),
        (
            '1.0,11,',
            "`number` must be a new one of 1 to 3, but got '1.0'.",
        ),
        (
            '2,11,',
            "`image_id` of example 2 must be 12, but got '11'. Is it the "
            'review of another bank?',
        ),
        (
            '2,12,Perhaps',
            '`verdict` must be one of lesion, not, unsure or empty, but got '
            "'Perhaps'.",
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path, row, message):
    path = tmp_path / 'review.csv'
    path.write_text(f'number,image_id,verdict\n{row}\n')
    with pytest.raises(ValueError, match='must be') as caught:
        read_verdicts(path, EXAMPLES)
    assert str(caught.value).endswith(f'line 2: {message}')
    with pytest.raises(FileNotFoundError, match='review') as caught:
        read_verdicts(tmp_path / 'none.csv', EXAMPLES)
    assert str(caught.value) == (
        f"review '{tmp_path / 'none.csv'}' does not exist. Make it with "
        '`python tools/review.py export`.'
    )


def test_a_lesion_becomes_an_annotation():
    before = copy.deepcopy(DOCUMENT)
    new = add_annotations(DOCUMENT, EXAMPLES, ['not', 'lesion', 'unsure'])
    assert before == DOCUMENT
    assert new['images'] == DOCUMENT['images']
    *kept, added = new['annotations']
    assert kept == DOCUMENT['annotations']
    # Of the outline with most corners: the diagonal of 8 x 6 px, 5 px around.
    x, y = added.pop('recist_px')[:4:2], added.pop('bbox')
    assert sorted(x) == pytest.approx([10, 18])
    assert y == pytest.approx([5, 5, 18, 16], abs=1e-4)
    assert added.pop('area') == pytest.approx(18 * 16, abs=1e-2)
    assert added == {
        'id': 8,
        'image_id': 12,
        'category_id': 1,
        'iscrowd': 0,
        'lesion_type': -1,
        'noisy': False,
        'source': 'review',
    }


def test_ids_go_on_from_the_largest_or_begin_at_1():
    for annotations, expected in (([], [1, 2]), ([{'id': 5}], [6, 7])):
        document = {**DOCUMENT, 'annotations': annotations}
        new = add_annotations(document, EXAMPLES, ['lesion', 'lesion', ''])
        added = new['annotations'][len(annotations) :]
        assert [annotation['id'] for annotation in added] == expected
        assert [a['image_id'] for a in added] == [11, 12]


def test_an_outline_that_cannot_be_measured_is_named():
    flat = {**EXAMPLES[1], 'polygons': [[0, 0, 1, 1, 2, 2]]}
    with pytest.raises(ValueError, match='outline') as caught:
        add_annotations(DOCUMENT, [flat], ['lesion'])
    assert str(caught.value) == (
        'example 2 of the bank has no outline to measure: `polygon` must '
        'have an area, but all points align.'
    )
    with pytest.raises(ValueError, match='shorter'):
        add_annotations(DOCUMENT, EXAMPLES, ['lesion'])


def test_only_what_is_asked_for_is_written(tmp_path):
    bank, review = tmp_path / 'bank.json', tmp_path / 'review.csv'
    write_json(
        bank,
        {
            'version': 1,
            'ann_file': 'train.json',
            'fingerprint': 'abc',
            'epoch': 0,
            'images': {'11': [{**FOUND, 'polygons': [SQUARE]}]},
        },
    )
    review.write_text('number,image_id,verdict\n1,11,lesion\n')
    exclude, reviewed = tmp_path / 'exclude.json', tmp_path / 'new.json'
    counts = import_review(review, bank, DOCUMENT)
    assert counts == {'lesion': 1}
    assert not exclude.exists()
    assert not reviewed.exists()
    import_review(review, bank, DOCUMENT, exclude=exclude)
    assert not reviewed.exists()
    assert read_json(exclude)['images'] == {
        '11': [{'bbox': FOUND['bbox'], 'verdict': 'lesion'}]
    }
    # Lines that a person can read, unlike those of annotations.
    assert exclude.read_text().startswith('{\n "fingerprint"')
    exclude.unlink()
    import_review(review, bank, DOCUMENT, annotations=reviewed)
    assert not exclude.exists()
    assert len(read_json(reviewed)['annotations']) == 3
