"""Predictions on the images of one annotation file."""

import torch

# In mmdet's frame, half a pixel beside the JSON's.
LESION = [10.5, 10.5, 19.5, 19.5]
HALF = [10.5, 10.5, 19.5, 14.5]
FAR = [50.5, 50.5, 59.5, 59.5]
SIZE = (64, 80)


def sample(image_id, *rows, **more):
    """Rows of box, score, label -> what a detector returns."""
    boxes, scores, labels = zip(*rows, strict=True) if rows else ([], [], [])
    predicted = {
        'bboxes': torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        'scores': torch.tensor(scores, dtype=torch.float32),
        'labels': torch.tensor(labels, dtype=torch.int64),
        **more,
    }
    return {
        'img_id': image_id,
        'ori_shape': SIZE,
        'pred_instances': predicted,
    }


ALL = [
    sample(1, (LESION, 0.9, 0)),
    sample(2, (FAR, 0.8, 0), (LESION, 0.95, 1), (HALF, 0.7, 0)),
    sample(3, (FAR, 0.99, 0)),
    sample(4, (LESION, 0.5, 1)),
    sample(5, (LESION, 0.6, 0)),
]
