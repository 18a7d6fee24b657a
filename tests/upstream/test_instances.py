import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData

from mmuldor.upstream.instances import as_arrays, in_whole_slice

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


def on_a_crop(masks_of=(30, 40), flip=None):
    """A detection of columns 2 to 11, rows 3 to 8 of a crop as the net saw it.

    The crop has columns 50 to 90 and rows 20 to 50 of 80 rows, 100 columns.
    """
    mask = torch.zeros((1, *masks_of), dtype=torch.bool)
    mask[0, 3:9, 2:12] = True
    found = InstanceData(
        bboxes=torch.tensor([[2.0, 3.0, 12.0, 9.0]]), masks=mask
    )
    meta = dict(crop_bbox=(50, 20, 90, 50), whole_shape=(80, 100))
    return found, dict(meta, flip=bool(flip), flip_direction=flip)


@pytest.mark.parametrize(
    ('flip', 'corner'),
    [
        (None, (50, 20)),
        # 100 - 90 columns, 80 - 50 rows lie before the flipped crop.
        ('horizontal', (10, 20)),
        ('vertical', (50, 30)),
        ('diagonal', (10, 30)),
    ],
)
@pytest.mark.parametrize('masks_of', [(30, 40), (80, 100)])
def test_predictions_on_a_crop_move_to_the_slice(flip, corner, masks_of):
    found, meta = on_a_crop(masks_of, flip)
    moved = in_whole_slice(found, meta)
    x, y = corner
    assert moved.bboxes.tolist() == [[x + 2, y + 3, x + 12, y + 9]]
    assert moved.masks.shape == (1, 80, 100)
    assert moved.masks[0, y + 3 : y + 9, x + 2 : x + 12].all()
    assert moved.masks.sum() == 60
    # The given ones stay.
    assert found.bboxes.tolist() == [[2, 3, 12, 9]]
    assert found.masks.shape == (1, *masks_of)


def test_boxes_masks_or_nothing_move_alone():
    found, meta = on_a_crop()
    boxes = in_whole_slice(InstanceData(bboxes=found.bboxes), meta)
    assert boxes.bboxes.tolist() == [[52, 23, 62, 29]]
    assert 'masks' not in boxes
    masks = in_whole_slice(InstanceData(masks=found.masks), meta)
    assert masks.masks[0, 23:29, 52:62].all()
    none = in_whole_slice(found[:0], meta)
    assert none.bboxes.shape == (0, 4)
    assert none.masks.shape == (0, 80, 100)
    assert in_whole_slice(found, {'ori_shape': (80, 100)}) is found
