"""Time the stand-in for mmcv's operators against the compiled ones.

    python benchmarks/stages/bench_ops.py
    python benchmarks/stages/bench_ops.py --iterations 0 --extension ops.so

RoIAlign and NMS get the same RoIs, as many as Mask R-CNN has at 512 px; R-101
training iterations the same weights and images. Both kinds must agree before
they are timed. The compiled ones are those of the installed mmcv, or of
``--extension``, or else built from mmcv's sources, see `build_ops.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.build_ops import build
from benchmarks.rows import times_faster
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.ops.info import compiled_operators
from mmuldor.ops.nms import nms
from mmuldor.ops.roi_align import roi_align_backward, roi_align_forward

CONFIG = ROOT / 'configs/mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
STAND_IN = SimpleNamespace(
    nms=nms,
    roi_align_forward=roi_align_forward,
    roi_align_backward=roi_align_backward,
)
STRIDES = (4, 8, 16, 32)
IMAGE_PX = 512
# Calls the operators of a module; returns the results to compare.
Work = Callable[[Any], list[Tensor]]


def compare(name: str, work: Work, compiled: Any, repeats: int) -> dict:
    """A row of both kinds, timed alternately after their results agreed."""
    torch.testing.assert_close(
        work(STAND_IN), work(compiled), rtol=1e-3, atol=1e-3
    )
    kinds = {'stand-in': STAND_IN, 'compiled': compiled}
    works = {kind: lambda m=module: work(m) for kind, module in kinds.items()}
    return times_faster(name, alternate(works, repeats), *kinds)


def random_rois(count: int, images: int) -> Tensor:
    """(count, 5) RoIs of 8 to 400 px and mixed shape inside the images."""
    side = 8 * 50 ** torch.rand(count, 1)
    shape = 4 ** (torch.rand(count, 1) - 0.5)
    half = torch.cat([side * shape, side / shape], 1) / 2
    centre = torch.rand(count, 2) * IMAGE_PX
    boxes = torch.cat([centre - half, centre + half], 1).clamp(0, IMAGE_PX)
    return torch.cat([torch.randint(images, (count, 1)), boxes], 1)


def by_level(rois: Tensor) -> list[Tensor]:
    """Split RoIs over the pyramid as mmdet's SingleRoIExtractor does."""
    side = ((rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2])).sqrt()
    level = (side / 56 + 1e-6).log2().floor().clamp(0, len(STRIDES) - 1)
    return [rois[level == i] for i in range(len(STRIDES))]


def pooling(
    count: int, size: int, images: int, backward: bool = False
) -> Work:
    """RoIAlign of ``count`` RoIs over the pyramid, as a function of ops."""
    calls = []
    levels = by_level(random_rois(count, images))
    for stride, rois in zip(STRIDES, levels, strict=True):
        side = IMAGE_PX // stride
        maps = torch.randn(images, 256, side, side)
        calls.append((maps, rois, 1 / stride, size))

    def work(module: Any) -> list[Tensor]:
        return [
            part
            for call in calls
            for part in roi_align(module, *call, backward=backward)
        ]

    return work


def mask_targets(count: int, low: float, high: float) -> Work:
    """RoIAlign of one RoI on each of ``count`` masks, as a function of ops."""
    rois = random_rois(count, 1)
    centre = (rois[:, 1:3] + rois[:, 3:]) / 2
    half = low / 2 + (high - low) / 2 * torch.rand(count, 2)
    rois[:, 1:] = torch.cat([centre - half, centre + half], 1)
    rois[:, 0] = torch.arange(count)
    masks = (torch.rand(count, 1, IMAGE_PX, IMAGE_PX) > 0.5).float()
    return lambda module: roi_align(module, masks, rois, 1.0, 28)


def roi_align(
    module: Any,
    maps: Tensor,
    rois: Tensor,
    scale: float,
    size: int,
    backward: bool = False,
) -> list[Tensor]:
    """Call the operators as ``mmcv.ops.roi_align`` does."""
    output = maps.new_zeros(len(rois), maps.shape[1], size, size)
    none = maps.new_zeros(0)
    options = {
        'aligned_height': size,
        'aligned_width': size,
        'spatial_scale': scale,
        'sampling_ratio': 0,
        'pool_mode': 1,
        'aligned': True,
    }
    module.roi_align_forward(maps, rois, output, none, none, **options)
    if not backward:
        return [output]
    grad = torch.zeros_like(maps)
    module.roi_align_backward(output, rois, none, none, grad, **options)
    return [output, grad]


def suppression(per_level: tuple[int, ...]) -> Work:
    """NMS of the boxes of all pyramid levels, as a function of ops."""
    count = sum(per_level)
    boxes = random_rois(count, 1)[:, 1:]
    level = torch.cat([torch.full((n, 1), i) for i, n in enumerate(per_level)])
    boxes = boxes + level * (IMAGE_PX + 1)
    scores = torch.rand(count)
    return lambda module: [
        module.nms(boxes, scores, iou_threshold=0.7, offset=0)
    ]


def training(batch: int) -> Work:
    """One training iteration of the R-101 Mask R-CNN, as a function of ops.

    A learning rate of zero and one seed give every iteration the same RoIs.
    """
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules
    from mmengine.config import Config
    from mmengine.optim import OptimWrapper

    from mmuldor.apis.configs.precision import apply_memory_format

    register_all_modules()
    config = Config.fromfile(CONFIG)
    config.model.backbone.init_cfg = None
    model = MODELS.build(config.model).train()
    # As a training lays it out: compiled kernels read raw memory.
    apply_memory_format(model, config)
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), 0, 0.9))
    data = random_batch(batch)

    def work(module: Any) -> list[Tensor]:
        for name in ('mmcv.ops.nms', 'mmcv.ops.roi_align'):
            sys.modules[name].ext_module = module
        torch.manual_seed(0)
        return list(model.train_step(data, wrapper).values())

    return work


def random_batch(batch: int, side_px: int = IMAGE_PX) -> dict:
    """Images of noise, each with three discs as objects."""
    import numpy as np
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks
    from mmengine.structures import InstanceData

    shape, share = (side_px, side_px), side_px / IMAGE_PX
    centre = share * np.array([[100, 120], [300, 200], [400, 400]])
    radius = share * np.array([[12], [25], [60]])
    boxes = np.hstack([centre - radius, centre + radius])
    grid = np.stack(np.meshgrid(*map(np.arange, shape)), -1)
    squared = ((grid - centre[:, None, None]) ** 2).sum(-1)
    masks = (squared <= radius[:, :, None] ** 2).astype(np.uint8)
    info = {'img_shape': shape, 'ori_shape': shape, 'scale_factor': (1, 1)}
    data = {'inputs': [], 'data_samples': []}
    for _ in range(batch):
        sample = DetDataSample(metainfo=info)
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float32),
            labels=torch.zeros(3, dtype=torch.long),
            masks=BitmapMasks(masks, *shape),
        )
        data['data_samples'].append(sample)
        data['inputs'].append(
            torch.randint(256, (3, *shape), dtype=torch.uint8)
        )
    return data


def cases(batch: int) -> dict[str, Callable[[], Work]]:
    """All timed cases; each makes its input."""
    return {
        f'RoIAlign, training, {batch} x 512 RoIs 7x7, both ways': (
            lambda: pooling(512 * batch, 7, batch, backward=True)
        ),
        f'RoIAlign, training, {batch} x 128 RoIs 14x14, both ways': (
            lambda: pooling(128 * batch, 14, batch, backward=True)
        ),
        'RoIAlign, mask targets, 128 boxes of 8 to 80 px': (
            lambda: mask_targets(128, 8, 80)
        ),
        'RoIAlign, mask targets, 128 boxes of 80 to 300 px': (
            lambda: mask_targets(128, 80, 300)
        ),
        'RoIAlign, testing, 1000 RoIs 7x7': lambda: pooling(1000, 7, 1),
        'RoIAlign, testing, 100 RoIs 14x14': lambda: pooling(100, 14, 1),
        'NMS, 1000 boxes': lambda: suppression((1000,)),
        'NMS, proposals in training, 7728 boxes': (
            lambda: suppression((2000, 2000, 2000, 1408, 320))
        ),
        f'R-101 Mask R-CNN, training iteration, {batch} x 512 px': (
            lambda: training(batch)
        ),
    }


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'ops', repeats=9)
    add = parser.add_argument
    add('--extension', type=Path, help='file of compiled operators')
    add(
        '--iterations',
        type=types.whole_number(0),
        default=5,
        help='R-101 iterations, or 0',
    )
    add('--batch', type=types.count, default=2, help='images a training batch')
    args = parser.parse_args()
    compiled = compiled_operators(args.extension)
    if compiled is None:
        compiled = compiled_operators(build())
    rows = []
    for name, make in cases(args.batch).items():
        repeats = args.iterations if 'iteration' in name else args.repeats
        if repeats:
            torch.manual_seed(0)
            rows.append(compare(name, make(), compiled, repeats))
    save(args, 'ops', rows)


if __name__ == '__main__':
    with user_errors():
        main()
