"""Write ``compiled_reference.npz``: what mmcv's compiled operators return.

    python tests/ops/make_reference.py [--extension FILE]

needs compiled operators: those of the installed mmcv, or an extension module
as `benchmarks/build_ops.py` builds it. The file in the repository was made
with those of onedl-mmcv 2.3.6 on torch 2.13.

It holds one entry ``cases``, a JSON list of the calls with their options and
the keys of their arrays, and each different array once.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmuldor.cli.errors import user_errors
from mmuldor.ops.info import compiled_operators

HERE = Path(__file__).resolve().parent

# [x1, y1, x2, y2] on an image of 52 x 44 px, a map of 13 x 11 at a scale of
# 1/4. The last three are for `aligned` False only.
BOXES = {
    'inside': [8.3, 6.1, 31.7, 27.9],
    'whole image': [0, 0, 52, 44],
    'on whole pixels': [8, 8, 36, 36],
    'wide and flat': [1, 20.5, 50, 22],
    'narrow and high': [20.5, 1, 22, 43],
    'below one pixel': [10.1, 11.2, 11.9, 12.6],
    'over the left top corner': [-13.3, -9.7, 12.1, 10.4],
    'over the right bottom corner': [40.2, 30.3, 70.9, 61.1],
    'larger than the image': [-30, -30, 90, 80],
    'far outside': [500, 500, 540, 560],
    'far outside, before': [-560, -540, -500, -500],
    'just beside': [-8, 0, -4.5, 44],
    'no width': [20, 10, 20, 30],
    'no height': [10, 20, 30, 20],
    'a point': [17.3, 19.9, 17.3, 19.9],
    'a point at the origin': [0, 0, 0, 0],
    'negative width': [30, 10, 20, 30],
    'negative height': [10, 30, 30, 20],
    'negative both': [30, 30, 10, 12],
}
NOT_ALIGNED_ONLY = 3


def roi_cases(rng: np.random.Generator) -> list[dict]:
    """Inputs and options of RoIAlign."""
    boxes = np.array(list(BOXES.values()))
    aligned_boxes = boxes[:-NOT_ALIGNED_ONLY]
    cases = []

    def add(name, shape, boxes, size, scale, ratio, aligned, dtype='float32'):
        image = np.arange(len(boxes)) % shape[0]
        rois = np.column_stack([image, boxes]).reshape(-1, 5)
        # Two decimals make the file smaller.
        maps = rng.normal(size=shape).round(2)
        grad = rng.normal(size=(len(boxes), shape[1], *size)).round(2)
        cases.append(
            {
                'name': f'{name}, aligned {aligned}, sampling_ratio {ratio}',
                'operator': 'roi_align',
                'arrays': {
                    'input': maps.astype(dtype),
                    'rois': rois.astype(dtype),
                    'grad': grad.astype(dtype),
                },
                'options': {
                    'aligned_height': size[0],
                    'aligned_width': size[1],
                    'spatial_scale': scale,
                    'sampling_ratio': ratio,
                    'pool_mode': 1,
                    'aligned': aligned,
                },
            }
        )

    for aligned, ratio in itertools.product((True, False), (0, 2)):
        rule = (ratio, aligned)
        some = aligned_boxes if aligned else boxes
        add('boxes', (3, 2, 11, 13), some, (7, 7), 0.25, *rule)
        add('not square', (1, 2, 11, 13), some, (3, 5), 0.25, *rule)
        add('one pixel', (2, 2, 1, 1), some[:6], (2, 2), 1 / 52, *rule)
        add('one row', (2, 1, 1, 13), some[:6], (2, 3), 0.25, *rule)
        add('no boxes', (1, 2, 5, 5), boxes[:0], (7, 7), 0.25, *rule)
        add('odd scale', (1, 1, 5, 6), some, (2, 2), 0.1, *rule)
        add('float64', (1, 1, 11, 13), some, (2, 2), 0.25, *rule, 'float64')
    low = 50 * rng.random((4, 2))
    high = low + np.array([[19, 50], [3, 3], [50, 20], [0, 8]])
    masks = np.hstack([low, high])
    add('mask targets', (4, 1, 60, 60), masks, (28, 28), 1.0, 0, True)
    return cases


def nms_cases(rng: np.random.Generator) -> list[dict]:
    """Inputs and options of NMS."""
    low = rng.uniform(0, 60, (150, 2))
    heap = np.hstack([low, low + rng.uniform(4, 40, (150, 2))])
    scores = rng.random(150)
    odd = heap[:60].copy()
    odd[:10, 2:] = odd[:10, :2]  # points
    odd[10:20] = odd[10:20, [2, 1, 0, 3]]  # negative width
    odd[20:30] = odd[20:30, [2, 3, 0, 1]]  # negative both
    odd[30:33, 1] = np.nan
    odd[33:36, 2] = np.inf
    # IoU of exactly 1/2, 3/10 and 7/10 with the first box.
    exact = [[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 3, 10], [0, 0, 10, 7]]
    inputs = {
        'heap': (heap, scores),
        'whole pixels': (heap.round(), scores),
        'equal scores': (heap, scores.round(1)),
        'same box': (np.repeat(heap[:5], 4, 0), scores[:20].round(1)),
        'odd boxes': (odd, scores[:60]),
        'exact IoU': (np.array(exact), np.array([0.9, 0.8, 0.7, 0.6])),
        'one box': (heap[:1], scores[:1]),
        'no boxes': (heap[:0], scores[:0]),
    }
    return [
        {
            'name': f'{name}, threshold {threshold}, offset {offset}',
            'operator': 'nms',
            'arrays': {
                'boxes': boxes.astype(np.float32),
                'scores': scores.astype(np.float32),
            },
            'options': {'iou_threshold': threshold, 'offset': offset},
        }
        for (name, (boxes, scores)), threshold, offset in itertools.product(
            inputs.items(), (0.3, 0.5, 0.7), (0, 1)
        )
    ]


def run(ops: object, case: dict) -> dict[str, np.ndarray]:
    """Call the operator as mmcv does and return its results."""
    given = {k: torch.from_numpy(v) for k, v in case['arrays'].items()}
    options = case['options']
    if case['operator'] == 'nms':
        kept = ops.nms(given['boxes'], given['scores'], **options)
        return {'kept': kept.numpy()}
    maps, rois, grad = given['input'], given['rois'], given['grad']
    output, none = torch.zeros_like(grad), maps.new_zeros(0)
    ops.roi_align_forward(maps, rois, output, none, none, **options)
    grad_input = torch.zeros_like(maps)
    ops.roi_align_backward(grad, rois, none, none, grad_input, **options)
    return {'output': output.numpy(), 'grad_input': grad_input.numpy()}


def main() -> None:
    """Write the file from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--extension', type=Path)
    parser.add_argument(
        '--out', type=Path, default=HERE / 'compiled_reference.npz'
    )
    args = parser.parse_args()
    ops = compiled_operators(args.extension)
    if ops is None:
        raise ValueError('mmcv must have compiled operators; see --extension')
    rng = np.random.default_rng(0)
    cases = [*roi_cases(rng), *nms_cases(rng)]
    arrays = {}
    for case in cases:
        results = run(ops, case)
        case['arrays'] = store(case['arrays'], arrays)
        case['results'] = store(results, arrays)
    np.savez_compressed(args.out, cases=json.dumps(cases), **arrays)


def store(named: dict, arrays: dict) -> dict[str, str]:
    """Put each array into ``arrays`` once; return the keys they have there."""
    keys = {}
    for name, array in named.items():
        content = f'{array.dtype}{array.shape}'.encode() + array.tobytes()
        keys[name] = hashlib.md5(content).hexdigest()[:8]
        arrays[keys[name]] = array
    return keys


if __name__ == '__main__':
    with user_errors():
        main()
