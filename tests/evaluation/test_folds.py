"""Folds of a cross-validation as one evaluation."""

import json

import pytest

from mmuldor.evaluation.folds import load_fold_annotations
from mmuldor.evaluation.slice_froc import evaluate_slice_files

LESION, FALSE = [0, 0, 9, 9], [50, 50, 9, 9]


def detection(image_id, box, score):
    return {
        'image_id': image_id,
        'bbox': box,
        'score': score,
        'category_id': 1,
    }


class Files:
    """Annotations and results of three folds of two images each."""

    def __init__(self, folder):
        self.folder = folder
        self.documents, self.results = [], []
        for fold in range(3):
            ids = (2 * fold + 1, 2 * fold + 2)
            self.documents.append(
                {
                    'info': {
                        'dataset': 'mini',
                        'split': 'test',
                        'folds': {
                            'count': 3,
                            'fold': fold,
                            'seed': 0,
                            'patients_sha256': 'f',
                        },
                    },
                    'images': [
                        {'id': i, 'file_name': f'{i}/5.png'} for i in ids
                    ],
                    'annotations': [
                        {
                            'id': i,
                            'image_id': i,
                            'bbox': LESION,
                            'category_id': 1,
                        }
                        for i in ids
                    ],
                }
            )
            # The first image's lesion, and a false positive that is higher
            # or lower than it, as the fold's model scores.
            self.results.append(
                [
                    detection(ids[0], LESION, 0.5 + 0.1 * fold),
                    detection(ids[1], FALSE, 0.65 - 0.1 * fold),
                ]
            )

    def write(self):
        """Paths of annotations and of results."""
        ann, dets = [], []
        for kind, content, paths in (
            ('ann', self.documents, ann),
            ('dets', self.results, dets),
        ):
            for fold, document in enumerate(content):
                paths.append(self.folder / f'{kind}{fold}.json')
                paths[-1].write_text(json.dumps(document))
        return ann, dets


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_pooled_by_score(files):
    ann, dets = files.write()
    found = evaluate_slice_files(ann, dets, fp_rates=[1 / 6, 0.5])
    # By score: .7 hit, .65 false, .6 hit, .55 false, .5 hit, .45 false.
    # Six lesions on six images.
    assert found.counts['images'] == found.counts['lesions'] == 6
    assert found.curve.sensitivity[-1] == 0.5
    assert found.summary.sensitivity == pytest.approx((2 / 6, 3 / 6))
    # Alone, each finds one lesion of two; in fold 0 behind a false positive.
    alone = [one.summary.sensitivity for _, one in found.folds]
    assert [path for path, _ in found.folds] == list(map(str, ann))
    assert alone[1] == alone[2] == (0.5, 0.5)
    assert alone[0][1] == 0.5
    assert [one.counts['images'] for _, one in found.folds] == [2, 2, 2]


def test_any_order(files):
    ann, dets = files.write()
    first = evaluate_slice_files(ann, dets).summary
    assert evaluate_slice_files(ann, dets[::-1]).summary == first
    assert evaluate_slice_files(ann[::-1], dets).summary == first


def test_a_fold_without_detections(files):
    files.results[1] = []
    ann, dets = files.write()
    found = evaluate_slice_files(ann, dets[::-1])
    assert found.summary.max_sensitivity == pytest.approx(2 / 6)


def test_one_document(files):
    ann, dets = files.write()
    folds = load_fold_annotations(ann)
    assert folds.document['info'] == {
        'dataset': 'mini',
        'split': 'test of 3 folds',
    }
    assert [i['id'] for i in folds.document['images']] == list(range(1, 7))
    # In the order of the annotation files.
    found = folds.entries([dets[2], dets[0], dets[1]])
    assert found == [e for entries in files.results for e in entries]
    table = folds.load(dets)
    assert table.scores.tolist() == [entry['score'] for entry in found]


def test_foreign_folds_state_nothing(files):
    for document in files.documents:
        del document['info']
    ann, dets = files.write()
    assert evaluate_slice_files(ann, dets).counts['images'] == 6
    # Two of three: nobody knows of the third.
    assert evaluate_slice_files(ann[:2], dets[:2]).counts['images'] == 4


def test_one_file_is_one_fold(files):
    ann, dets = files.write()
    found = evaluate_slice_files(ann[1], dets[1])
    assert found.counts['images'] == 2
    assert found.folds == ()


def test_boxes_of_others_are_counted_together(files):
    for fold, document in enumerate(files.documents[:2]):
        document['annotations'].append(
            {'id': 90 + fold, 'image_id': 2 * fold + 1, 'bbox': FALSE}
            | {'category_id': 2}
        )
    for document in files.documents:
        document['categories'] = [
            {'id': 1, 'name': 'lesion'}, {'id': 2, 'name': 'liver'},
        ]  # fmt: skip
    ann, dets = files.write()
    found = evaluate_slice_files(ann, dets, lesion_category=['lesion'])
    assert found.left_out == {"'liver' (id 2)": 2}
    assert found.counts['lesions'] == 6


def test_an_image_in_two_folds(files):
    files.documents[2]['images'][0]['file_name'] = '1/5.png'
    ann, dets = files.write()
    match = (
        r"an image must be in one fold, but that of `file_name` '1/5\.png' "
        r'is in .*ann0\.json and .*ann2\.json'
    )
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)
    files.documents[2]['images'].append({'id': 1})
    del files.documents[2]['images'][0]['file_name']
    ann, dets = files.write()
    match = r'that of `id` 1 is in .*ann0\.json and .*ann2\.json'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)


def test_a_file_twice(files):
    for document in files.documents:
        del document['info']
    ann, dets = files.write()
    match = r'that of `id` 1 is in .*ann0\.json and .*ann0\.json'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files([ann[0], ann[0]], dets[:2])


def test_annotations_of_one_number(files):
    files.documents[1]['annotations'][0]['id'] = 1
    ann, dets = files.write()
    match = r'ids of annotations must be unique in all folds, but 1 is in'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)


def test_a_missing_fold(files):
    ann, dets = files.write()
    match = r'all 3 folds must be given, but fold 1 is missing beside .*ann0'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files([ann[0], ann[2]], [dets[0], dets[2]])


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        (
            'seed',
            1,
            r'`info\.folds\.seed` must be that of .*ann0.*, 0, but.*1',
        ),
        ('count', 5, r'`info\.folds\.count` must be that of .*ann0.*, 3, but'),
        ('patients_sha256', 'g', r"`info\.folds\.patients_sha256`.*got 'g'"),
    ],
)
def test_folds_of_other_draws(files, key, value, match):
    files.documents[1]['info']['folds'][key] = value
    ann, dets = files.write()
    with pytest.raises(ValueError, match=r'ann1\.json: ' + match):
        evaluate_slice_files(ann, dets)


def test_folds_beside_other_files(files):
    del files.documents[2]['info']['folds']
    ann, dets = files.write()
    with pytest.raises(ValueError, match=r'ann2\.json: `info\.folds\.count`'):
        evaluate_slice_files(ann, dets)


@pytest.mark.parametrize('folds', [{}, {'count': 10**12}, {'fold': [3]}, 7])
def test_damaged_folds(files, folds):
    for document in files.documents:
        document['info']['folds'] = folds
    ann, dets = files.write()
    if isinstance(folds, dict) and 'count' in folds:
        with pytest.raises(ValueError, match=r'fold 0, 1, .* is missing'):
            evaluate_slice_files(ann, dets)
    else:
        assert evaluate_slice_files(ann, dets).counts['images'] == 6


def test_results_of_two_folds(files):
    files.results[0].append(detection(3, LESION, 0.5))
    ann, dets = files.write()
    match = (
        r'dets0\.json: all detections must be on images of one fold, but '
        r'some are on those of .*ann0\.json, some on those of .*ann1\.json'
    )
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)


def test_two_results_of_a_fold(files):
    ann, dets = files.write()
    match = (
        r'one results file, but .*ann0\.json has two: .*dets0.* and .*dets0'
    )
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, [dets[0], dets[0], dets[1]])


def test_too_few_results(files):
    ann, dets = files.write()
    match = (
        r'one results file of each of 3 annotation files, but got 2: .*dets'
    )
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets[:2])
    with pytest.raises(ValueError, match=r'of each of 1 annotation files'):
        evaluate_slice_files(ann[0], dets)


def test_a_wrong_entry_is_named(files):
    files.results[1].append({'image_id': 3})
    ann, dets = files.write()
    match = r'dets1\.json: entry 2: `bbox` must be'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)
    files.results[1] = [detection(99, LESION, 0.5)]
    ann, dets = files.write()
    match = r'dets1\.json: entry 0: `image_id` must be an id of the annotation'
    with pytest.raises(ValueError, match=match):
        evaluate_slice_files(ann, dets)
