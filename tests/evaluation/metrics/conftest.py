"""An annotation file that metrics read."""

import json

import pytest


def lesion(number, image_id, noisy=False):
    return {
        'id': number,
        'image_id': image_id,
        'category_id': 1,
        'bbox': [10, 10, 9, 9],
        'noisy': noisy,
    }


@pytest.fixture
def ann_file(tmp_path):
    """Lesions on 1, 2 and 4; 3 has only a noisy one, 5 none."""
    path = tmp_path / 'val.json'
    annotations = [lesion(1, 1), lesion(2, 2), lesion(3, 3, noisy=True)]
    annotations.append(lesion(4, 4))
    images = [{'id': number} for number in range(1, 6)]
    path.write_text(json.dumps({'images': images, 'annotations': annotations}))
    return path
