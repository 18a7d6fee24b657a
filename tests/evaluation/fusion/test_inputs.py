import json
import math

import pytest

from mmuldor.evaluation.fusion.inputs import read_inputs
from tests.evaluation.fusion.fusion_entries import entry, mask


def test_names_and_order(write):
    a = write('a', [entry(0, 0.9), entry(0, 0.5, category=2)])
    b = write('b', [entry(0, 0.8), entry(0, 0.4, category=2)])
    first, second = read_inputs([f'one={a}', b])
    assert (first.name, second.name) == ('one', 'b')
    assert second.detections.scores.tolist() == [0.8, 0.4]
    assert first.runs is None
    for own in read_inputs([a, b], lesion_only=True):
        assert own.detections.categories.tolist() == [1]
        assert len(own.entries) == 1


def test_masks_are_read(write):
    a = write('a', [entry(0, 0.9, **mask(2, 3, 15))])
    b = write('b', [entry(0, 0.9, **mask(0, 20))])
    first, second = read_inputs([a, b])
    assert [first.runs[0].tolist(), second.runs[0].tolist()] == [
        [2, 3, 15],
        [0, 20],
    ]
    assert second.sizes == {1: (4, 5)}
    assert read_inputs([a, b], boxes_only=True)[0].runs is None


@pytest.mark.parametrize(
    ('a', 'b', 'match'),
    [
        (
            [entry(0, 0.9)],
            [entry(0, math.nan)],
            r'b\.json: entry 0: `score` must be a finite number, but got nan',
        ),
        (
            [entry(0, 0.9), entry(0, 0.9, category=2)],
            [entry(0, 0.9)],
            r'1 \(lesion\) and 2 \(FP class\), and .*b\.json 1 \(lesion\). '
            '`--lesion-only`',
        ),
        (
            [entry(0, 0.9, **mask(2, 3, 15))],
            [entry(0, 0.9)],
            r'a\.json has masks and .*b\.json no masks. `--boxes-only`',
        ),
        (
            [entry(0, 0.9)],
            [entry(0, 0.9), entry(3, 0.9), entry(0, 0.9, **mask(20))],
            r'entry 0 has no mask and entry 2 a mask. `--boxes-only`',
        ),
        (
            [entry(0, 0.9, **mask(2, 3, 15))],
            [entry(0, 0.9, segmentation={'size': [4, 5], 'counts': 'x'})],
            r'b\.json: entry 0: `segmentation` must be a COCO run-length',
        ),
        (
            [entry(0, 0.9, **mask(2, 3, 15))],
            [entry(0, 0.9, **mask(2, 3, 15, height=5, width=4))],
            r'image 1 must have one size .* \[4, 5\] in .*a\.json and .5, 4',
        ),
        (
            [entry(0, 0.9, k) for k in range(10)],
            [entry(0, 0.9, k) for k in range(8, 16)],
            r'of the same images \(`image_id`\), but .*a\.json has detections '
            r'on 10 and .*b\.json on 8, 2 of them in common.*`--ann`',
        ),
        (
            [entry(0, 0.9, file_name='s/001.png')],
            [entry(0, 0.9, file_name='s/002.png')],
            r"image 1 must be the same .*'s/001\.png' .*'s/002\.png' in",
        ),
        ([entry(0, 0.9)], [], r'b\.json must hold detections, but has none'),
    ],
)
def test_what_does_not_fit_together(write, a, b, match):
    with pytest.raises(ValueError, match=match):
        read_inputs([write('a', a), write('b', b)])


def test_two_sizes_in_one_file(write):
    a = [entry(0, 0.9, **mask(20)), entry(0, 1, **mask(8, height=2, width=4))]
    with pytest.raises(ValueError, match=r'entry 1: the masks of image 1'):
        read_inputs([write('a', a), write('b', a)])


def test_the_annotations_say_which_images_exist(write):
    a = write('a', [entry(0, 0.9, k) for k in range(10)])
    b = write('b', [entry(0, 0.9, k) for k in range(8, 16)])
    assert len(read_inputs([a, b], image_ids=range(16))) == 2
    with pytest.raises(ValueError, match=r'entry 7: `image_id` must be an id'):
        read_inputs([a, b], image_ids=range(15))


def test_which_files(write, tmp_path):
    a = write('a', [entry(0, 0.9)])
    with pytest.raises(ValueError, match='two or more detectors, but got 1'):
        read_inputs([a])
    with pytest.raises(ValueError, match=r"'x' and 'y' have the same"):
        read_inputs([f'x={a}', f'y={a}'])
    with pytest.raises(ValueError, match=r"'x' is that of .* Give names"):
        read_inputs([f'x={a}', f'x={write("b", [entry(0, 0.9)])}'])
    with pytest.raises(FileNotFoundError, match=r'c\.json'):
        read_inputs([a, str(tmp_path / 'c.json')])
    (tmp_path / 'work').mkdir()
    with pytest.raises(FileNotFoundError, match=r'results\.json'):
        read_inputs([a, str(tmp_path / 'work')])
    results = tmp_path / 'work' / 'results.json'
    results.write_text(json.dumps([entry(0, 0.9)]))
    assert read_inputs([a, str(tmp_path / 'work')])[1].name == 'work'
