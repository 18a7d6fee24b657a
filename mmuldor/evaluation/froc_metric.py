"""FROC as a metric of MMEngine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from pycocotools import mask as mask_coder

from mmuldor.functional.boxes import EDGE_SHIFT_PX
from mmuldor.functional.froc import FP_RATES, check_fp_rates
from mmuldor.functional.matching import check_iou_thr
from mmuldor.io.froc_report import Evaluation, evaluate, format_table
from mmuldor.io.ground_truth import GroundTruth, load_ground_truth
from mmuldor.io.results import FP_CLASS, Detections, to_results, write_results
from mmuldor.registry import METRICS


class _Prediction(NamedTuple):
    """The detections of one image, in the frame of the JSON."""

    image_id: int
    boxes: np.ndarray
    scores: np.ndarray
    categories: np.ndarray
    rles: list[dict] | None


@METRICS.register_module()
class FROCMetric(BaseMetric):
    """Sensitivity at FPs an image, in the convention of DeepLesion papers.

    The values are fractions under `froc/`: `sens@0.5` ... `sens@16`, `mean`
    (over 0.5, 1, 2, 4), `max_sens` and `fps@max`, where it is first reached;
    the '+ FP' evaluation, where asked for, repeats them under
    `froc/with_fp_class/`. A table in percent goes to the log.

    FPs are divided by the number of images that were processed. Lesions with a
    noisy annotation are dropped, and images whose every lesion is noisy do not
    count; images without any lesion do, their detections are FPs.

    Example:
        val_evaluator = dict(type='mmuldor.FROCMetric', ann_file='val.json')
        # with CheckpointHook(save_best='froc/sens@4', rule='greater')

    Args:
        ann_file: The annotation JSON of the split.
        fp_rates: FPs an image to report, rising.
        iou_thr: A hit is an IoU of at least this.
        with_fp_class: Evaluate a second time with the detections of label 1,
            the false-positive class, appended.
        keep_noisy: Count noisy lesions too.
        out: Write the detections to this file in COCO's results format, boxes
            and run-length encoded masks.
        outfile_prefix: mmdet's way to say `out`: `<outfile_prefix>.bbox.json`.
        format_only: Write the detections and evaluate nothing.
        collect_device: 'cpu' or 'gpu', where processes collect results.
        prefix: Another prefix than `froc`.

    Raises:
        FileNotFoundError: No `ann_file`.
        ValueError: An argument or the file is wrong.
    """

    default_prefix = 'froc'

    def __init__(
        self,
        ann_file: str | os.PathLike,
        fp_rates: Sequence[float] = FP_RATES,
        iou_thr: float = 0.5,
        with_fp_class: bool = False,
        keep_noisy: bool = False,
        out: str | os.PathLike | None = None,
        outfile_prefix: str | None = None,
        format_only: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        check_iou_thr(iou_thr)
        if out is not None and outfile_prefix is not None:
            raise ValueError(
                'only one of `out` and `outfile_prefix` may be given, but got '
                f'{str(out)!r} and {outfile_prefix!r}.'
            )
        if outfile_prefix is not None:
            out = f'{outfile_prefix}.bbox.json'
        if format_only and out is None:
            raise ValueError(
                '`format_only` needs a file to write: give `out` too.'
            )
        self.ann_file = ann_file
        self.fp_rates = check_fp_rates(fp_rates)
        self.iou_thr = iou_thr
        self.with_fp_class = with_fp_class
        self.out = out
        self.format_only = format_only
        self.truth = load_ground_truth(ann_file, keep_noisy=keep_noisy)
        self._known = frozenset(self.truth.all_images.tolist())

    @property
    def needs_masks(self) -> bool:
        """Whether masks are used: the file has them, FROC is of boxes."""
        return self.out is not None

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Take the detections of a batch.

        Args:
            data_batch: Not used.
            data_samples: `img_id`, `ori_shape` (H, W) and `pred_instances`
                with `bboxes` (n, 4) `x1 y1 x2 y2` in pixels of the source
                image counted from the edge, `scores` (n,), `labels` (n,) 0
                lesion, 1 false-positive class, and, optional, `masks`: bool
                (n, H, W) or n run-length encodings.

        Raises:
            ValueError: An image is not in the annotation file, a label is
                neither 0 nor 1, or masks are not of the image's size.
        """
        for sample in data_samples:
            self.results.append(self._convert(sample))

    def compute_metrics(self, results: list[_Prediction]) -> dict[str, float]:
        """Write and evaluate the detections of all processes.

        Raises:
            ValueError: An image was processed twice, the images have no
                lesion, or a detection is not finite.
        """
        # Collecting turned named tuples into plain ones.
        predictions = [_Prediction(*result) for result in results]
        if not predictions:
            raise ValueError('FROC needs at least one image, but got none.')
        image_ids = [prediction.image_id for prediction in predictions]
        if len(set(image_ids)) < len(image_ids):
            raise ValueError(
                'every image must be processed once, but '
                f'{len(image_ids) - len(set(image_ids))} of {len(image_ids)} '
                'came again. Evaluate a data set that does not repeat.'
            )
        if self.out is not None:
            self._write(predictions)
        if self.format_only:
            return {}
        truth = self._count_processed(image_ids)
        detections = _pool(predictions)
        metrics = self._evaluate(truth, detections, with_fp_class=False)
        if self.with_fp_class:
            more = self._evaluate(truth, detections, with_fp_class=True)
            metrics |= {f'with_fp_class/{k}': v for k, v in more.items()}
        return metrics

    def _convert(self, sample: dict[str, Any]) -> _Prediction:
        image_id, predicted = sample['img_id'], sample['pred_instances']
        if image_id not in self._known:
            raise ValueError(
                f'`img_id` must be the id of an image of {self.ann_file}, but '
                f'got {image_id}. Give the metric the `ann_file` of its data '
                'set.'
            )
        categories = _array(predicted['labels'], np.int64) + 1
        if ((categories < 1) | (categories > FP_CLASS)).any():
            raise ValueError(
                f'`labels` of image {image_id} must be 0 (lesion) or 1 (false '
                f'positive), but got {sorted(set((categories - 1).tolist()))}.'
            )
        boxes = _array(predicted['bboxes'], np.float64).reshape(-1, 4)
        # Masks serve the file only.
        masks = predicted.get('masks') if self.out is not None else None
        return _Prediction(
            int(image_id),
            boxes - EDGE_SHIFT_PX,
            _array(predicted['scores'], np.float64),
            categories,
            None if masks is None else _encode(masks, sample),
        )

    def _write(self, predictions: list[_Prediction]) -> None:
        write_results(
            self.out,
            [
                result
                for prediction in predictions
                for result in to_results(*prediction)
            ],
        )
        print_log(f'Wrote the detections to {self.out}.', logger='current')

    def _count_processed(self, image_ids: list[int]) -> GroundTruth:
        """The ground truth of the processed images."""
        truth = self.truth.select(image_ids)
        if len(truth.images) < len(self.truth.images):
            print_log(
                f'FROC counts the {len(truth.images)} processed of the '
                f'{len(self.truth.images)} images of {self.ann_file}.',
                logger='current',
            )
        return truth

    def _evaluate(
        self, truth: GroundTruth, detections: Detections, with_fp_class: bool
    ) -> dict[str, float]:
        evaluation = evaluate(
            truth,
            detections,
            fp_rates=self.fp_rates,
            iou_thr=self.iou_thr,
            with_fp_class=with_fp_class,
        )
        print_log('\n' + format_table(evaluation), logger='current')
        return _figures(evaluation)


def _figures(evaluation: Evaluation) -> dict[str, float]:
    """The figures by their names in the log."""
    summary = evaluation.summary
    figures = {
        f'sens@{rate:g}': sensitivity
        for rate, sensitivity in zip(
            summary.fp_rates, summary.sensitivity, strict=True
        )
    }
    figures['mean'] = summary.mean
    figures['max_sens'] = summary.max_sensitivity
    figures['fps@max'] = summary.fps_at_max
    return figures


def _pool(predictions: list[_Prediction]) -> Detections:
    """The detections of all images as one table."""
    counts = [len(prediction.scores) for prediction in predictions]
    ids = [prediction.image_id for prediction in predictions]
    return Detections(
        np.repeat(np.array(ids, dtype=np.int64), counts),
        np.concatenate([p.boxes for p in predictions]),
        np.concatenate([p.scores for p in predictions]),
        np.concatenate([p.categories for p in predictions]),
    )


def _array(values: Any, dtype: type) -> np.ndarray:
    """A tensor on any device, or an array, as an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        # NumPy has no bfloat16.
        values = values.double() if values.is_floating_point() else values
        values = values.numpy()
    return np.asarray(values).astype(dtype)


def _encode(masks: Any, sample: dict[str, Any]) -> list[dict]:
    """Masks of one image, (n, H, W) or encoded already, as encodings."""
    if isinstance(masks, (list, tuple)):
        return list(masks)
    masks = masks.detach().cpu().numpy() if torch.is_tensor(masks) else masks
    size = tuple(sample['ori_shape'][:2])
    if len(masks) and masks.shape[1:] != size:
        raise ValueError(
            f'`masks` of image {sample["img_id"]} must be of its size {size}, '
            f'but got {masks.shape[1:]}. Predict with `rescale=True`.'
        )
    columns = np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8)
    return mask_coder.encode(columns)
