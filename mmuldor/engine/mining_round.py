"""One round of hard negative example mining (HNEM) on a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_gather_object
from numpy.typing import ArrayLike

from mmuldor.engine.detection.candidates import CandidateBatch, check_model
from mmuldor.engine.detection.detections import Limits
from mmuldor.engine.detection.heads import unwrapped
from mmuldor.engine.detection.image_stream import detect_each
from mmuldor.functional.boxes import as_boxes
from mmuldor.mining.bank import build_bank
from mmuldor.mining.examples import mine_image, mine_together
from mmuldor.mining.ignored import ignore_threshold, mark_ignored
from mmuldor.mining.protocols import MiningDataset
from mmuldor.mining.rule import MiningRule


def mine(
    model: torch.nn.Module,
    dataset: MiningDataset,
    pipeline: Sequence[dict],
    rule: MiningRule,
    epoch: int,
    num_workers: int = 0,
    exclude: Mapping[int, ArrayLike] | None = None,
    batch_size: int | None = None,
) -> dict:
    """Run the detector on a dataset and choose hard negatives.

    The bank does not depend on the number of processes.

    Args:
        model: A two-stage mmdet detector with a mask head, on its device.
        dataset: The training set (``DeepLesionDataset``). Its pipeline is not
            used, except for how it draws pseudo masks.
        pipeline: Test pipeline for the model's input.
        rule: The mining rule.
        epoch: The epoch that this round follows, counted from 0; -1 for a
            round before training.
        num_workers: Worker processes that load images.
        exclude: Boxes ``x1 y1 x2 y2`` in source px by image id, excluded by a
            reader. Detections whose IoU with one exceeds ``rule.max_iou`` are
            not mined.
        batch_size: Maximum number of images in a batch; by default 1 on a CPU
            and 8 on a GPU. A batch has only images of the same padded size,
            so results equal those of single images up to rounding: some
            backends round differently for other batch sizes. Scores then
            differ by about 1e-6, which matters only next to a threshold.

    Returns:
        The bank (see :func:`mmuldor.mining.bank.load_bank`), the same in every
        process.

    Raises:
        ValueError: If the model predicts no masks.
    """
    check_model(model)
    detector = unwrapped(model)
    limits = Limits(rule.score_thr, rule.nms_iou_thr, rule.max_per_img)

    def mine_batch(indices: list[int], inputs: dict) -> list[tuple]:
        """Id and mined examples of each image."""
        batch = CandidateBatch(detector, inputs, limits)
        infos = [dataset.get_data_info(index) for index in indices]
        image_ids = [info['img_id'] for info in infos]
        steps = [
            mine_image(
                *(candidates, info, dataset.pseudo_mask, rule, epoch),
                as_boxes((exclude or {}).get(info['img_id'], [])),
            )
            for candidates, info in zip(batch.images, infos, strict=True)
        ]
        mined = mine_together(steps, batch.masks)
        return list(zip(image_ids, mined, strict=True))

    own = detect_each(
        *(mine_batch, detector, dataset, pipeline),
        num_workers=num_workers,
        batch_size=batch_size,
        description=f'mining hard negatives, epoch {epoch + 1}',
    )
    gathered = all_gather_object(dict(own))
    mined = {k: part[k] for part in gathered for k in part}
    threshold = ignore_threshold(mined.values(), rule.spare_quantile)
    # Even without a hit, when no example is ignored: all of E is in `mined`.
    if rule.spare_quantile is not None:
        for image_id, image in mined.items():
            mark_ignored(image, threshold, rule, epoch, image_id)
    return build_bank(mined, dataset, rule, epoch, threshold)
