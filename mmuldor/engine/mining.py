"""One round of hard negative example mining over a data set."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from mmdet.models.detectors import TwoStageDetector
from mmengine.dataset import BaseDataset, Compose, pseudo_collate
from mmengine.dist import (
    all_gather_object,
    get_rank,
    get_world_size,
    is_main_process,
)
from numpy.typing import ArrayLike
from rich.progress import track
from torch.utils.data import DataLoader, Subset

from mmuldor.engine.mined_image import (
    make_bank,
    scan_image,
    spare,
    spare_limit,
)
from mmuldor.functional.boxes import as_boxes


@dataclass(frozen=True)
class MiningRule:
    """What counts as a detection, and which ones are chosen.

    Attributes:
        hit_iou: S2 above this is a hit.
        min_score: Without a hit, S1 above this is a candidate.
        max_per_image: m, at most this many examples an image.
        max_iou: A box that overlaps a lesion's box by more is not eligible.
        max_iod: Nor is one of which more than this lies on a lesion's box;
            None switches this off.
        spare_quantile: What scores higher than this share of the annotated
            lesions that were hit in the round is too sure for a mistake and
            may be a lesion that nobody annotated: it is not mined, and the
            bank marks it ``spared``, which makes it an ignored region of the
            next epoch. None (the paper) spares none.
        score_thr: Detections below this score do not exist.
        nms_iou_thr: IoU threshold of the NMS.
        max_per_img: At most this many detections an image.
        seed: Seed of the draws, with the epoch and the image id.
    """

    hit_iou: float = 0.3
    min_score: float = 0.7
    max_per_image: int = 3
    max_iou: float = 0.3
    max_iod: float | None = None
    spare_quantile: float | None = None
    score_thr: float = 0.05
    nms_iou_thr: float = 0.5
    max_per_img: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what would fail only after a whole pass."""
        quantile = self.spare_quantile
        if quantile is not None and not 0 < quantile < 1:
            raise ValueError(
                '`spare_quantile` must lie in (0, 1) or be None, but got '
                f'{quantile}.'
            )


def mine(
    model: torch.nn.Module,
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    rule: MiningRule,
    epoch: int,
    num_workers: int = 0,
    exclude: Mapping[int, ArrayLike] | None = None,
) -> dict:
    """Run the detector over a data set and choose its hard negatives.

    Every process takes each world-size-th image, so nothing is padded and
    the bank does not depend on the number of processes.

    Args:
        model: A two-stage mmdet detector with a mask head, on its device.
        dataset: The training set (``DeepLesionDataset``); its own pipeline is
            not used, but its masks' shape is.
        pipeline: Test pipeline that makes the model's input.
        rule: The rule.
        epoch: Epoch after which this round comes, counted from 0; -1 for a
            round before training.
        num_workers: Worker processes that load images.
        exclude: Boxes ``x1 y1 x2 y2`` in source px by image id that a reader
            found to be no negatives; what overlaps one by more than
            ``rule.max_iou`` is not mined.

    Returns:
        The bank (see :func:`mmuldor.io.bank.load_bank`),
        the same in every process.

    Raises:
        ValueError: If the model predicts no masks.
    """
    check_model(model)
    detector = getattr(model, 'module', model)
    shape = _mask_shape(dataset)

    def scan(index: int, inputs: dict) -> tuple[int, dict]:
        info = dataset.get_data_info(index)
        barred = as_boxes((exclude or {}).get(info['img_id'], []))
        return info['img_id'], scan_image(
            detector, inputs, info, shape, rule, epoch, barred
        )

    batches = _batches(dataset, pipeline, num_workers, epoch)
    scanned = dict(_scan_all(scan, batches, _at_once(detector)))
    gathered = all_gather_object(scanned)
    merged = {k: part[k] for part in gathered for k in part}
    limit = spare_limit(merged.values(), rule.spare_quantile)
    if limit is not None:
        for image_id, scan in merged.items():
            spare(scan, limit, rule, epoch, image_id)
    return make_bank(merged, dataset, rule, epoch, limit)


def check_model(model: torch.nn.Module) -> None:
    """Raise ValueError unless the model is Mask R-CNN-like."""
    model = getattr(model, 'module', model)
    if not isinstance(model, TwoStageDetector) or not model.roi_head.with_mask:
        raise ValueError(
            'hard negative mining needs a two-stage detector with a mask '
            f'head (its S2 is a mask IoU), but got {type(model).__name__} '
            'without one. Start from a config of `configs/mask_rcnn/`.'
        )


def _mask_shape(dataset: BaseDataset) -> str:
    """The shape the training pipeline draws; the paper's if it draws none."""
    for transform in dataset.pipeline.transforms:
        if hasattr(transform, 'mask_shape'):
            return transform.mask_shape
    return 'quarter_ellipses'


def single_images(
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    indices: Sequence[int],
    num_workers: int,
) -> DataLoader:
    """Collated batches of one image each, by the test pipeline."""
    view = copy.copy(dataset)
    view.pipeline, view.test_mode = Compose(pipeline), True
    return DataLoader(
        Subset(view, indices),
        batch_size=1,
        num_workers=num_workers,
        collate_fn=pseudo_collate,
        # Its own generator, so that mining does not move the training's.
        generator=torch.Generator().manual_seed(0),
    )


def _batches(dataset, pipeline, num_workers, epoch):
    """Pairs of (index, collated batch of one image) of this process."""
    indices = range(get_rank(), len(dataset), get_world_size())
    loader = single_images(dataset, pipeline, indices, num_workers)
    return track(
        zip(indices, loader, strict=True),
        f'mining hard negatives, epoch {epoch + 1}',
        total=len(indices),
        transient=True,
        disable=not is_main_process(),
    )


def _at_once(detector: torch.nn.Module) -> int:
    """How many images are under way at a time.

    On the CPU one image leaves threads idle: much of it is NMS, masks and
    Python. A single thread is all a process may use where it has one.
    """
    on_cpu = next(detector.parameters()).device.type == 'cpu'
    return min(2, torch.get_num_threads()) if on_cpu else 1


def _scan_all(
    scan: Callable, batches: Iterable[tuple], at_once: int
) -> Iterator:
    """Results in the order of the batches, of which few are loaded ahead."""
    if at_once == 1:
        yield from (scan(*batch) for batch in batches)
        return
    # By itself a new thread takes the number that another has at the moment.
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(
        at_once, initializer=torch.set_num_threads, initargs=(threads,)
    ) as pool:
        waiting = deque()
        for batch in batches:
            waiting.append(pool.submit(scan, *batch))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
