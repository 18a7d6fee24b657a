"""One round of hard negative example mining over a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.dist import (
    all_gather_object,
    get_rank,
    get_world_size,
    is_main_process,
)
from numpy.typing import ArrayLike
from rich.progress import track

from mmuldor.engine.detection.candidates import CandidateBatch, check_model
from mmuldor.engine.detection.detections import Limits
from mmuldor.engine.detection.image_stream import (
    images_in_batches,
    in_order,
    single_images,
)
from mmuldor.functional.boxes import as_boxes
from mmuldor.mining.bank import build_bank
from mmuldor.mining.examples import mine_image, scan_together
from mmuldor.mining.rule import MiningRule
from mmuldor.mining.sparing import mark_spared, sparing_threshold


def mine(
    model: torch.nn.Module,
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    rule: MiningRule,
    epoch: int,
    num_workers: int = 0,
    exclude: Mapping[int, ArrayLike] | None = None,
    batch_size: int | None = None,
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
        batch_size: Images that are detected on together; by default what
            suits the device, 1 on a CPU. Only images that are padded to one
            size in any case go together: the bank is that of batches of one,
            to the byte where a backend's products do not round by their
            shape. Where they do, scores differ by 1e-6, and the choice where
            one lies that close to a threshold.

    Returns:
        The bank (see :func:`mmuldor.mining.bank.load_bank`),
        the same in every process.

    Raises:
        ValueError: If the model predicts no masks.
    """
    check_model(model)
    detector = getattr(model, 'module', model)
    shape = _mask_shape(dataset)
    limits = Limits(rule.score_thr, rule.nms_iou_thr, rule.max_per_img)

    # Said in the thread that it is for: a new one computes gradients.
    @torch.no_grad()
    def scan(indices: list[int], inputs: dict) -> list[tuple[int, dict]]:
        infos = [dataset.get_data_info(index) for index in indices]
        batch = CandidateBatch(detector, inputs, limits)
        scans = [
            mine_image(
                found, info, shape, rule, epoch, excluded_boxes_of(info)
            )
            for found, info in zip(batch.images, infos, strict=True)
        ]
        found = scan_together(scans, batch.masks)
        return [(i['img_id'], s) for i, s in zip(infos, found, strict=True)]

    def excluded_boxes_of(info: dict) -> np.ndarray:
        return as_boxes((exclude or {}).get(info['img_id'], []))

    batches = _batches(
        dataset,
        pipeline,
        num_workers,
        epoch,
        batch_size or _images_a_batch(detector),
        getattr(detector.data_preprocessor, 'pad_size_divisor', 1),
    )
    scanned = dict(
        pair
        for part in in_order(scan, batches, concurrent_images(detector))
        for pair in part
    )
    gathered = all_gather_object(scanned)
    merged = {k: part[k] for part in gathered for k in part}
    limit = sparing_threshold(merged.values(), rule.spare_quantile)
    if limit is not None:
        for image_id, scan in merged.items():
            mark_spared(scan, limit, rule, epoch, image_id)
    return build_bank(merged, dataset, rule, epoch, limit)


def _mask_shape(dataset: BaseDataset) -> str:
    """The shape the training pipeline draws; the paper's if it draws none."""
    for transform in dataset.pipeline.transforms:
        if hasattr(transform, 'mask_shape'):
            return transform.mask_shape
    return 'quarter_ellipses'


def _batches(
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    num_workers: int,
    epoch: int,
    batch_size: int,
    divisor: int,
) -> Iterator[tuple[list[int], dict]]:
    """Indices and collated batches of this process's images."""
    indices = range(get_rank(), len(dataset), get_world_size())
    loader = single_images(dataset, pipeline, indices, num_workers)
    singles = track(
        zip(indices, loader, strict=True),
        f'mining hard negatives, epoch {epoch + 1}',
        total=len(indices),
        transient=True,
        disable=not is_main_process(),
    )
    return images_in_batches(singles, batch_size, divisor)


def _on_cpu(detector: torch.nn.Module) -> bool:
    return next(detector.parameters()).device.type == 'cpu'


def _images_a_batch(detector: torch.nn.Module) -> int:
    """A CPU's cache holds one image's maps; a GPU waits less in batches."""
    return 1 if _on_cpu(detector) else 8


def concurrent_images(detector: torch.nn.Module) -> int:
    """How many batches are under way at a time.

    On the CPU one for each thread, since one image leaves threads idle: much
    of it is NMS, masks and Python. On a GPU two, so that it computes one
    batch while the other one's masks are compared.
    """
    if not _on_cpu(detector):
        return 2
    return min(torch.get_num_threads(), _MOST_AT_ONCE)


# More would wait for the interpreter's lock.
_MOST_AT_ONCE = 4
