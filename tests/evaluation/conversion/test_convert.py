"""Known detections -> each format -> converted: the same FROC."""

import csv
import json

import numpy as np
import pytest

from mmuldor.evaluation.conversion.convert import (
    Convention,
    convert_results,
    guess_format,
)
from mmuldor.evaluation.results import to_results, write_results
from mmuldor.evaluation.slice_froc import (
    evaluate_slice_files,
    evaluation_dict,
)
from tests.support.published import (
    SENSITIVITY,
    lesions_of_test_split,
    published_detections,
)

WIDTH, HEIGHT = 500, 380


def name_of(number):
    return f'{number // 3:06d}_01_01/{number % 3 + 1:03d}.png'


@pytest.fixture(scope='module')
def known(tmp_path_factory):
    """Ours: 30 images with lesions, and detections near them and far."""
    folder = tmp_path_factory.mktemp('known')
    rng = np.random.default_rng(0)
    ids = rng.permutation(1000)[:30].tolist()
    images, lesions, rows = [], [], []
    for k, image in enumerate(ids):
        images.append(
            {'id': image, 'file_name': name_of(k), 'width': WIDTH,
             'height': HEIGHT}
        )  # fmt: skip
        x, y = rng.uniform(20, 200, 2)
        w, h = rng.uniform(10, 80, 2)
        lesions.append(
            {'id': k + 1, 'image_id': image, 'category_id': 1,
             'bbox': [x, y, w, h]}
        )  # fmt: skip
        for _ in range(6):
            shift = rng.uniform(-1, 1, 2) * (w, h) * rng.choice([0.3, 2])
            low = np.clip(np.add((x, y), shift), 0, 300)
            rows.append((image, [*low, *np.add(low, (w, h))], rng.random()))
    ann = folder / 'test.json'
    ann.write_text(json.dumps({'images': images, 'annotations': lesions}))
    results = [
        entry
        for image, box, score in rows
        for entry in to_results(image, [box], [score], [1])
    ]
    write_results(folder / 'dets.json', results)
    return ann, folder / 'dets.json', dict(zip(ids, range(30), strict=True))


def figures(ann, dets):
    found = evaluation_dict(evaluate_slice_files(ann, dets))
    assert 0.2 < found['mean'] < 0.95
    return found


def rows_of(known):
    """(name, x1, y1, x2, y2, score) of ours."""
    for entry in json.loads(known[1].read_text()):
        x, y, w, h = entry['bbox']
        name = name_of(known[2][entry['image_id']])
        yield name, x, y, x + w, y + h, entry['score']


def same(known, tmp_path, path, kind=None, convention=None, **kwargs):
    assert guess_format(path) == kind
    results, counts = convert_results(
        path, known[0], kind, convention or Convention(), **kwargs
    )
    assert counts['detections'] == 180
    assert counts['images_without'] == 0
    out = tmp_path / 'converted.json'
    write_results(out, results)
    assert figures(known[0], out) == figures(*known[:2])
    ours = json.loads(known[1].read_text())
    for a, b in zip(
        sorted(ours, key=lambda e: e['score']),
        sorted(results, key=lambda e: e['score']),
        strict=True,
    ):
        assert a['bbox'] == pytest.approx(b['bbox'], abs=1e-9)


@pytest.mark.parametrize('offset', [0, 0.5, 1])
def test_coco_of_other_ids(known, tmp_path, offset):
    """Boxes as an inclusive detector counting from `offset` writes them."""
    theirs = {name_of(k): 5000 - k for k in range(30)}
    images = [
        {'id': i, 'file_name': 'x/' + n.replace('/', '_')}
        for n, i in theirs.items()
    ]
    (tmp_path / 'their.json').write_text(json.dumps({'images': images}))
    (tmp_path / 'r.json').write_text(
        json.dumps(
            [
                {
                    'image_id': theirs[name],
                    'bbox': [
                        x1 + offset,
                        y1 + offset,
                        x2 - x1 + 1,
                        y2 - y1 + 1,
                    ],
                    'score': score,
                    'category_id': 3,
                }
                for name, x1, y1, x2, y2, score in rows_of(known)
            ]
        )
    )
    same(
        known, tmp_path, tmp_path / 'r.json', 'coco',
        Convention('inclusive', offset), images_file=tmp_path / 'their.json',
    )  # fmt: skip


def test_coco_with_names_for_ids(known, tmp_path):
    rows = [
        {'image_id': name[:-4], 'bbox': [x1, y1, x2 - x1, y2 - y1],
         'score': score}
        for name, x1, y1, x2, y2, score in rows_of(known)
    ]  # fmt: skip
    (tmp_path / 'r.json').write_text(json.dumps(rows))
    same(known, tmp_path, tmp_path / 'r.json', 'coco')


def test_our_own_are_left_as_they_are(known, tmp_path):
    same(known, tmp_path, known[1], 'coco')


@pytest.mark.parametrize('boxes', ['xyxy', 'xywh'])
def test_csv(known, tmp_path, boxes):
    path = tmp_path / 'r.csv'
    with open(path, 'w', newline='', encoding='utf-8-sig') as file:
        writer = csv.writer(file)
        corners = ['x1', 'y1', 'x2', 'y2'] if boxes == 'xyxy' else list('xywh')
        writer.writerow(['score', ' image', *corners, 'label'])
        for name, x1, y1, x2, y2, score in rows_of(known):
            far = (x2, y2) if boxes == 'xyxy' else (x2 - x1, y2 - y1)
            writer.writerow([score, name, x1, y1, *far, 'lesion'])
    same(known, tmp_path, path, 'csv', Convention(boxes))


def test_yolo(known, tmp_path):
    folder = tmp_path / 'labels'
    folder.mkdir()
    (folder / 'classes.txt').write_text('lesion\n')
    for name, x1, y1, x2, y2, score in rows_of(known):
        x1, y1, x2, y2 = (v + 0.5 for v in (x1, y1, x2, y2))
        words = (
            0, (x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT,
            (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT, score,
        )  # fmt: skip
        path = folder / f'{name[:-4].replace("/", "_")}.txt'
        with open(path, 'a') as file:
            print(*words, file=file)
    same(known, tmp_path, folder, 'yolo', Convention(offset_px=0.5))


def write(tmp_path, kind, content):
    """A file of the kind, or a folder with one text."""
    if kind == 'yolo':
        (tmp_path / 'labels').mkdir()
        (tmp_path / 'labels' / '000000_01_01_001.txt').write_text(content)
        return tmp_path / 'labels'
    path = tmp_path / f'r.{"json" if kind == "coco" else kind}'
    path.write_text(content)
    return path


HEAD = 'image,x1,y1,x2,y2,score\n'
NAME = '000000_01_01/001.png'


def test_classes(known, tmp_path):
    path = write(
        tmp_path, 'csv',
        f'image,x1,y1,x2,y2,score,label\n{NAME},1,2,3,4,0.5,lung\n'
        f'{NAME},1,2,3,4,0.4,fp\n{NAME},1,2,3,4,0.3,vessel\n',
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"classes 'fp', 'lung', 'vessel'"):
        convert_results(path, known[0], 'csv', Convention('xyxy'))
    classes = {'lung': 'lesion', 'fp': 'fp', 'vessel': 'drop'}
    results, counts = convert_results(
        path, known[0], 'csv', Convention('xyxy', 0, classes)
    )
    assert [r['category_id'] for r in results] == [1, 2]
    assert counts == {
        'detections': 2,
        'dropped': 1,
        'images': 30,
        'images_without': 29,
    }
    with pytest.raises(ValueError, match=r"lesion, fp, drop, but got 'no'"):
        convert_results(
            path, known[0], 'csv', Convention('xyxy', 0, {'lung': 'no'})
        )


@pytest.mark.parametrize(
    ('kind', 'content', 'match'),
    [
        ('csv', 'image,x1\n', r'r\.csv line 1 must name.*lacks y1, x2, y2, s'),
        ('csv', HEAD + f'{NAME},1,2,x,4,1\n', r"line 2: x2 must be .*'x'"),
        ('csv', HEAD + f'{NAME},1,2,3,4,nan\n', r'line 2: score must be'),
        ('csv', HEAD + f'{NAME},1,2,3,4\n', r'line 2: score must be'),
        ('csv', HEAD + f'{NAME},5,2,3,4,1\n', r'line 2: a box must have x1'),
        ('csv', HEAD + 'no.png,1,2,3,4,1\n', r"line 2: image: .*'no\.png'"),
        ('yolo', '0 .5 .5 .1 .1 .9\n0 1 1\n', r'001\.txt line 2 must be'),
        ('yolo', '0 .5 .5 .1 .1\n', r'line 1 .*no confidence'),
        ('yolo', '0 250 190 40 30 .9\n', r'line 1: .*Are they pixels\?'),
        ('coco', '{"a": 1}', r'must hold a list'),
        ('coco', '[3]', r'r\.json: entry 0 must be an object'),
        ('coco', '[{"image_id": 5001}]', r'entry 0: `image_id`.*images-file'),
        (
            'coco',
            f'[{{"image_id": "{NAME}", "bbox": [1, 2, 3], "score": 1}}]',
            r'entry 0: `bbox` must be 4 finite numbers, but got \[1, 2, 3\]',
        ),
        (
            'coco',
            f'[{{"image_id": "{NAME}", "bbox": [1, 2, 3, 4]}}]',
            r'entry 0: `score` must be a finite number, but got None',
        ),
    ],
)
def test_wrong_content(known, tmp_path, kind, content, match):
    boxes = 'xywh' if kind == 'coco' else 'xyxy'
    path = write(tmp_path, kind, content)
    with pytest.raises(ValueError, match=match):
        convert_results(path, known[0], kind, Convention(boxes))


def test_what_is_not_there(known, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.json'):
        guess_format(tmp_path / 'nowhere.json')
    (tmp_path / 'r.xml').write_text('')
    with pytest.raises(ValueError, match=r'must be \.json, \.csv, \.npz or a'):
        guess_format(tmp_path / 'r.xml')
    with pytest.raises(FileNotFoundError, match=r'folder with \.txt files'):
        convert_results(tmp_path, known[0], 'yolo', Convention())


def test_published_detections(real_data, tmp_path):
    """86,314 real ones as a CSV that counts from 1: the eight digits."""
    names, detections = published_detections(real_data)
    with open(tmp_path / 'r.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['image', 'x1', 'y1', 'x2', 'y2', 'score'])
        for name, row in zip(names, detections.tolist(), strict=True):
            writer.writerow([name, *(v + 1 for v in row[:4]), row[4]])
    ids = {name: k for k, name in enumerate(sorted(set(names)), start=1)}
    lesions = []
    split = lesions_of_test_split(real_data)
    for number, (name, box, noisy) in enumerate(split, start=1):
        if noisy or name not in ids:
            continue
        lesions.append(
            {'id': number, 'image_id': ids[name], 'category_id': 1,
             'bbox': [*box[:2], box[2] - box[0], box[3] - box[1]]}
        )  # fmt: skip
    images = [{'id': k, 'file_name': name} for name, k in ids.items()]
    ann = tmp_path / 'test.json'
    ann.write_text(json.dumps({'images': images, 'annotations': lesions}))
    results, _ = convert_results(
        tmp_path / 'r.csv', ann, 'csv', Convention('xyxy', 1)
    )
    write_results(tmp_path / 'dets.json', results)
    found = evaluation_dict(evaluate_slice_files(ann, tmp_path / 'dets.json'))
    assert [f'{value:.8f}' for value in found['sensitivity']] == SENSITIVITY
