"""One round of hard negative example mining over a data set."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
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

from mmuldor.engine.candidates import EDGE_SHIFT_PX, LESION, Candidates
from mmuldor.functional.boxes import as_boxes, pairwise_iod, pairwise_iou
from mmuldor.functional.hard_negatives import (
    BANK_VERSION,
    eligible_boxes,
    mining_rng,
    select_hard_negatives,
)
from mmuldor.functional.masks import mask_ious, mask_polygons, rasterize
from mmuldor.functional.recist import MASK_SHAPES


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
        spare_score: A detection with S1 above this, no hit, is too sure for
            a mistake and may be a lesion that nobody annotated: it is not
            mined, and the bank marks it ``spared``, which makes it an
            ignored region of the next epoch. None (the paper) spares none.
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
    spare_score: float | None = None
    score_thr: float = 0.05
    nms_iou_thr: float = 0.5
    max_per_img: int = 100
    seed: int = 0


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
        The bank (see :func:`mmuldor.functional.hard_negatives.load_bank`),
        the same in every process.

    Raises:
        ValueError: If the model predicts no masks.
    """
    check_model(model)
    mined = {}
    for index, inputs in _batches(dataset, pipeline, num_workers, epoch):
        info = dataset.get_data_info(index)
        image_id = info['img_id']
        mined[image_id] = _mine_image(
            model,
            inputs,
            info,
            _mask_shape(dataset),
            rule,
            epoch,
            as_boxes((exclude or {}).get(image_id, [])),
        )
    gathered = all_gather_object(mined)
    merged = {k: v for part in gathered for k, v in part.items()}
    return _make_bank(merged, dataset, rule, epoch)


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


def _batches(dataset, pipeline, num_workers, epoch):
    """Pairs of (index, collated batch of one image) of this process."""
    view = copy.copy(dataset)
    view.pipeline, view.test_mode = Compose(pipeline), True
    indices = range(get_rank(), len(dataset), get_world_size())
    loader = DataLoader(
        Subset(view, indices),
        batch_size=1,
        num_workers=num_workers,
        collate_fn=pseudo_collate,
        # Its own generator, so that mining does not move the training's.
        generator=torch.Generator().manual_seed(0),
    )
    return track(
        zip(indices, loader, strict=True),
        f'mining hard negatives, epoch {epoch + 1}',
        total=len(indices),
        transient=True,
        disable=not is_main_process(),
    )


@torch.no_grad()
def _mine_image(model, inputs, info, shape, rule, epoch, barred):
    """Examples and counts of one image; ``barred`` boxes are not mined."""
    found = Candidates(
        getattr(model, 'module', model),
        inputs,
        rule.score_thr,
        rule.nms_iou_thr,
        rule.max_per_img,
    )
    lesions = [i for i in info['instances'] if i['bbox_label'] == LESION]
    references = [
        _pseudo_mask(lesion, shape, found.size) for lesion in lesions
    ]
    overlaps = np.zeros(len(found.boxes))
    near = np.flatnonzero(found.touching(references))
    if len(near):
        overlaps[near] = mask_ious(found.masks(near), references).max(axis=1)
    annotated = ~_eligible(found.boxes, lesions, rule)
    excluded = _overlap(found.boxes, barred) > rule.max_iou
    sure = np.zeros(len(annotated), dtype=bool)
    if rule.spare_score is not None:
        sure = (found.scores > rule.spare_score) & ~annotated & ~excluded
        sure &= overlaps <= rule.hit_iou
    limits = {'hit_iou': rule.hit_iou, 'min_score': rule.min_score}
    chosen = select_hard_negatives(
        found.scores,
        overlaps,
        eligible=~annotated & ~excluded & ~sure,
        max_per_image=rule.max_per_image,
        # A round before the first epoch draws like the one after it.
        rng=mining_rng(rule.seed, max(epoch, 0), info['img_id']),
        **limits,
    )
    # As many as there are: nothing is drawn.
    skipped = select_hard_negatives(
        found.scores,
        overlaps,
        eligible=annotated,
        max_per_image=len(overlaps),
        rng=np.random.default_rng(0),
        **limits,
    )
    kept = np.concatenate([chosen, np.flatnonzero(sure)])
    examples = [
        _example(found.boxes[i], found.scores[i], overlaps[i], mask)
        for i, mask in zip(kept, found.masks(kept), strict=True)
    ]
    for example in examples[len(chosen) :]:
        example['spared'] = True
    return {
        'examples': examples,
        'hit': bool((overlaps > rule.hit_iou).any()),
        'skipped': len(skipped),
        'excluded': int(excluded.sum()),
    }


def _pseudo_mask(lesion, shape, size):
    recist = np.reshape(lesion['recist_px'], (4, 2)) - EDGE_SHIFT_PX
    return rasterize(MASK_SHAPES[shape](recist), *size)


def _eligible(boxes, lesions, rule):
    annotated = np.array([i['bbox'] for i in lesions]).reshape(-1, 4)
    annotated = annotated - EDGE_SHIFT_PX
    return eligible_boxes(
        pairwise_iou(boxes, annotated, inclusive=False),
        pairwise_iod(boxes, annotated, inclusive=False),
        max_iou=rule.max_iou,
        max_iod=rule.max_iod,
    )


def _overlap(boxes, others):
    """The largest IoU of each box with any of the others, (n,)."""
    overlaps = pairwise_iou(boxes, others, inclusive=False)
    return overlaps.max(axis=1, initial=0.0)


def _example(box, score, overlap, mask):
    x1, y1, x2, y2 = box
    polygons = mask_polygons(mask)
    if not polygons:
        # No pixel above the threshold: keep the one under the box's centre.
        centre = np.rint([(x1 + x2) / 2, (y1 + y2) / 2])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        polygons = [centre + corners * 0.375]
    return {
        'bbox': [round(float(v), 4) for v in (x1, y1, x2 - x1, y2 - y1)],
        'score': float(score),
        'mask_iou': float(overlap),
        'polygons': [polygon.reshape(-1).tolist() for polygon in polygons],
    }


def _make_bank(mined, dataset, rule, epoch):
    ordered = {image_id: mined[image_id] for image_id in sorted(mined)}
    hits = sum(image['hit'] for image in ordered.values())
    found = [e for image in ordered.values() for e in image['examples']]
    spared = sum('spared' in example for example in found)
    return {
        'version': BANK_VERSION,
        'ann_file': Path(dataset.ann_file).name,
        'fingerprint': dataset.fingerprint,
        'epoch': epoch,
        'seed': rule.seed,
        'rule': asdict(rule),
        'counts': {
            'images': len(ordered),
            'with_hit': hits,
            'without_hit': len(ordered) - hits,
            'mined': len(found) - spared,
            'skipped': sum(i['skipped'] for i in ordered.values()),
            'spared': spared,
            'excluded': sum(i['excluded'] for i in ordered.values()),
        },
        'images': {
            str(image_id): image['examples']
            for image_id, image in ordered.items()
            if image['examples']
        },
    }
