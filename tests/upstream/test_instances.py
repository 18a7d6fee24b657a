import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData

from mmuldor.upstream.instances import as_arrays

BOXES = [[0.5, 1.5, 10.5, 21.5], [4.0, 4.0, 8.0, 8.0]]
IN_FILE = [[0.0, 1.0, 10.0, 21.0], [3.5, 3.5, 7.5, 7.5]]


def predicted(dtype=torch.float32, **more):
    return InstanceData(
        bboxes=torch.tensor(BOXES, dtype=dtype),
        labels=torch.tensor([0, 1]),
        scores=torch.tensor([0.75, 0.5], dtype=dtype),
        **more,
    )


@pytest.mark.parametrize(
    'dtype', [torch.float32, torch.float16, torch.bfloat16]
)
def test_predictions_of_any_type_in_the_files_frame(dtype):
    found = as_arrays(predicted(dtype))
    assert found.boxes.tolist() == IN_FILE
    assert found.labels.tolist() == [0, 1]
    assert found.scores.tolist() == [0.75, 0.5]
    assert found.masks is None
    types = [values.dtype for values in found[:3]]
    assert types == [np.float64, np.int64, np.float64]


def test_a_dict_is_as_good_as_instances():
    found = as_arrays(predicted().to_dict())
    assert found.boxes.tolist() == IN_FILE
    listed = {'bboxes': BOXES, 'labels': [0, 1], 'scores': [0.75, 0.5]}
    assert as_arrays(listed).boxes.tolist() == IN_FILE


def test_boxes_of_a_resized_image_become_the_sources():
    twice = predicted()
    twice.bboxes = torch.tensor(BOXES) * torch.tensor([2.0, 4.0, 2.0, 4.0])
    assert as_arrays(twice, (2.0, 4.0)).boxes.tolist() == IN_FILE


def test_masks_are_copied_only_where_asked_for():
    masks = torch.zeros((2, 5, 6), dtype=torch.bool)
    masks[1, 2] = True
    found = as_arrays(predicted(masks=masks))
    assert isinstance(found.masks, np.ndarray)
    assert np.array_equal(found.masks, masks.numpy())
    assert as_arrays(predicted(masks=masks), with_masks=False).masks is None
    codes = [{'size': [5, 6], 'counts': b''}] * 2
    assert as_arrays(predicted(masks=codes)).masks == codes


def test_annotations_of_mmdet():
    polygon = np.array([1.0, 1.0, 3.0, 1.0, 3.0, 3.0])
    instances = InstanceData(
        bboxes=HorizontalBoxes(BOXES),
        labels=torch.tensor([0, 1]),
        masks=PolygonMasks([[polygon], [polygon]], 30, 30),
    )
    found = as_arrays(instances)
    assert found.boxes.tolist() == IN_FILE
    assert found.scores.tolist() == [1, 1]
    assert [[p.tolist() for p in mask] for mask in found.masks] == [
        [polygon.tolist()]
    ] * 2
    instances.masks = BitmapMasks(np.ones((2, 4, 4), np.uint8), 4, 4)
    assert all(mask.all() for mask in as_arrays(instances).masks)


def test_no_instances():
    none = predicted()[:0]
    found = as_arrays(none)
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == found.labels.shape == (0,)
