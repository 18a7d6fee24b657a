"""One round of hard negative example mining over a data set."""

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
from mmuldor.mining.protocols import MiningDataset
from mmuldor.mining.rule import MiningRule
from mmuldor.mining.sparing import mark_spared, sparing_threshold


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
    """Run the detector over a data set and choose its hard negatives.

    The bank does not depend on the number of processes.

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
    detector = unwrapped(model)
    limits = Limits(rule.score_thr, rule.nms_iou_thr, rule.max_per_img)

    def mine_batch(indices: list[int], inputs: dict) -> list[tuple]:
        """Each image's id and what was mined on it."""
        batch = CandidateBatch(detector, inputs, limits)
        infos = [dataset.get_data_info(index) for index in indices]
        image_ids = [info['img_id'] for info in infos]
        steps = [
            mine_image(
                *(found, info, dataset.mask_shape, rule, epoch),
                as_boxes((exclude or {}).get(info['img_id'], [])),
            )
            for found, info in zip(batch.images, infos, strict=True)
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
    limit = sparing_threshold(mined.values(), rule.spare_quantile)
    if limit is not None:
        for image_id, found in mined.items():
            mark_spared(found, limit, rule, epoch, image_id)
    return build_bank(mined, dataset, rule, epoch, limit)
