"""One round of hard negative example mining over a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from mmengine.dataset import BaseDataset
from mmengine.dist import (
    all_gather_object,
    get_rank,
    get_world_size,
    is_main_process,
)
from numpy.typing import ArrayLike
from rich.progress import track

from mmuldor.engine.detection.candidates import CandidateBatch
from mmuldor.engine.detection.detections import Limits, masks_can_wait, stages
from mmuldor.engine.detection.image_stream import (
    images_in_batches,
    in_order,
    single_images,
)
from mmuldor.functional.boxes import as_boxes
from mmuldor.mining.examples import (
    make_bank,
    scan_image,
    scan_together,
    spare,
    spare_limit,
)


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
            scan_image(found, info, shape, rule, epoch, barred_of(info))
            for found, info in zip(batch.images, infos, strict=True)
        ]
        found = scan_together(scans, batch.masks)
        return [(i['img_id'], s) for i, s in zip(infos, found, strict=True)]

    def barred_of(info: dict) -> np.ndarray:
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
        for part in in_order(scan, batches, _at_once(detector))
        for pair in part
    )
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
    if not masks_can_wait(model):
        raise ValueError(
            'hard negative mining asks for boxes first and for masks of some '
            'of them later, as Mask R-CNN and Cascade Mask R-CNN have them, '
            f'but a {type(model.roi_head).__name__} predicts both together. '
            'Start from a config of `configs/mask_rcnn/`.'
        )
    classes = stages(model.roi_head.bbox_head)[0].num_classes
    if classes > 2:
        raise ValueError(
            'hard negative mining knows lesions as one class, and false '
            f'positives, but the model has {classes} classes. Mine without '
            '`lesion_types`.'
        )


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


def _at_once(detector: torch.nn.Module) -> int:
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
