"""FROC as a metric of MMEngine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmuldor.classes import (
    FALSE_POSITIVE_CATEGORY,
    LESION_CATEGORY,
    type_classes,
    type_labels,
)
from mmuldor.evaluation.froc_table import format_table
from mmuldor.evaluation.ground_truth import GroundTruth, load_ground_truth
from mmuldor.evaluation.metrics.predictions import (
    Prediction,
    encode,
    figures,
    pool,
)
from mmuldor.evaluation.results import Detections, to_results, write_results
from mmuldor.evaluation.slice_froc import evaluate_slices
from mmuldor.functional.froc import FP_RATES, check_fp_rates
from mmuldor.functional.matching import check_iou_thr
from mmuldor.registry import METRICS
from mmuldor.upstream.instances import as_arrays


@METRICS.register_module()
class FROCMetric(BaseMetric):
    """Sensitivity at FPs per image, in the convention of DeepLesion papers.

    The values are fractions under `froc/`: `sens@0.5` ... `sens@16`, `mean`
    (over 0.5, 1, 2, 4), `max_sens` and `fps@max`, where it is first reached;
    the '+ FP' evaluation (`with_fp_class`) repeats them under
    `froc/with_fp_class/`. A table in percent goes to the log.

    Of lesion types as classes: over all of them any type's detection finds a
    lesion, and a place counts once (`of_other_types`); under `froc/liver/` and
    so on, a type's detections are held against its lesions, on all images.

    FPs are divided by the number of images that were processed. Lesions with a
    noisy annotation are dropped, and images whose every lesion is noisy do not
    count; images without any lesion do, their detections are FPs.

    Example:
        val_evaluator = dict(type='mmuldor.FROCMetric', ann_file='val.json')
        # with CheckpointHook(save_best='froc/sens@4', rule='greater')

    Args:
        ann_file: The annotation JSON of the split.
        fp_rates: FPs per image to report, rising.
        iou_thr: A hit is an IoU of at least this.
        with_fp_class: Evaluate a second time with the detections of label 1,
            the false-positive class, appended.
        keep_noisy: Count noisy lesions too.
        lesion_types: As of the dataset: 'known', 'all', or None for lesions
            of one class. 'known' leaves out lesions of unknown type, and
            images with no other.
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
        lesion_types: str | None = None,
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
        self.lesion_types = lesion_types
        self.types = type_classes(lesion_types)
        if with_fp_class and self.types:
            raise ValueError(
                '`with_fp_class` is of lesions as one class, but '
                f'`lesion_types` is {lesion_types!r}. Give one of them.'
            )
        labels = type_labels(self.truth.lesion_types, lesion_types)
        self.truth = self.truth.leave_out(labels < 0)
        if not len(self.truth.lesion_ids):
            raise ValueError(
                f"{ann_file}: `lesion_types='{lesion_types}'` needs a lesion "
                'of a known type, but none is.'
            )
        self._image_ids = frozenset(self.truth.all_images.tolist())

    @property
    def dataset_meta(self) -> dict | None:
        """`metainfo` of the evaluated dataset, None before."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        """Take the `metainfo` of the dataset.

        Raises:
            ValueError: If its classes are not those of this metric.
        """
        classes = tuple(dataset_meta.get('classes', ()))
        one = len(classes) < FALSE_POSITIVE_CATEGORY or classes[1:] == (
            'false_positive',
        )
        if (classes != self.types) if self.types else not one:
            raise ValueError(
                f'{type(self).__name__} with `lesion_types='
                f'{self.lesion_types!r}` evaluates '
                f'{self.types or "one class (and false_positive)"}, but the '
                f'dataset has the classes {classes}. Give both the same '
                '`lesion_types`.'
            )
        self._dataset_meta = dataset_meta

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
                lesion, 1 false-positive class, or the lesion type, and,
                optional, `masks`: bool (n, H, W) or n run-length encodings.

        Raises:
            ValueError: An image is not in the annotation file, a label is
                unknown, or masks are not of the image's size.
        """
        for sample in data_samples:
            self.results.append(self._convert(sample))

    def compute_metrics(self, results: list[Prediction]) -> dict[str, float]:
        """Write and evaluate the detections of all processes.

        Raises:
            ValueError: An image was processed twice, the images have no
                lesion, or a detection is not finite.
        """
        # Collecting turned named tuples into plain ones.
        predictions = [Prediction(*result) for result in results]
        if not predictions:
            raise ValueError('FROC needs at least one image, but got none.')
        image_ids = [prediction.image_id for prediction in predictions]
        if len(set(image_ids)) < len(image_ids):
            raise ValueError(
                'every image must be processed once, but '
                f'{len(image_ids) - len(set(image_ids))} of {len(image_ids)} '
                'came again. Evaluate a dataset without repeated images.'
            )
        if self.out is not None:
            self._write(self.out, predictions)
        if self.format_only:
            return {}
        truth = self._count_processed(image_ids)
        detections = pool(predictions, self.types)
        metrics = self._evaluate(truth, detections, with_fp_class=False)
        if self.with_fp_class:
            more = self._evaluate(truth, detections, with_fp_class=True)
            metrics |= {f'with_fp_class/{k}': v for k, v in more.items()}
        if self.types:
            labels = np.concatenate([p.labels for p in predictions])
            metrics |= self._evaluate_types(truth, detections, labels)
        return metrics

    def _evaluate_types(
        self, truth: GroundTruth, detections: Detections, labels: np.ndarray
    ) -> dict[str, float]:
        """The figures of each type that occurs, under its name."""
        own = type_labels(truth.lesion_types, self.lesion_types)
        metrics: dict[str, float] = {}
        for label in np.unique(own):
            name = self.types[label]
            print_log(f'lesion type: {name}', logger='current')
            found = self._evaluate(
                truth.of_lesions(own == label),
                detections.select(labels == label),
                with_fp_class=False,
            )
            key = name.replace(' ', '_')
            metrics |= {f'{key}/{k}': v for k, v in found.items()}
        return metrics

    def _convert(self, sample: dict[str, Any]) -> Prediction:
        image_id, predicted = sample['img_id'], sample['pred_instances']
        if image_id not in self._image_ids:
            raise ValueError(
                f'`img_id` must be the id of an image of {self.ann_file}, but '
                f'got {image_id}. Give the metric the `ann_file` of its data '
                'set.'
            )
        # Masks serve the file only.
        boxes, labels, scores, masks = as_arrays(
            predicted, with_masks=self.out is not None
        )
        known = self.types or ('lesion', 'false positive')
        if ((labels < 0) | (labels >= len(known))).any():
            raise ValueError(
                f'`labels` of image {image_id} must be numbers of {known}, '
                f'from 0, but got {sorted(set(labels.tolist()))}.'
            )
        categories = (
            np.full_like(labels, LESION_CATEGORY) if self.types else labels + 1
        )
        return Prediction(
            int(image_id),
            boxes,
            scores,
            categories,
            labels,
            None if masks is None else encode(masks, sample),
        )

    def _write(self, out: str | os.PathLike, found: list[Prediction]) -> None:
        write_results(
            out,
            [
                result
                for prediction in found
                for result in self._results(prediction)
            ],
        )
        print_log(f'Wrote the detections to {self.out}.', logger='current')

    def _results(self, prediction: Prediction) -> list[dict[str, Any]]:
        image_id, boxes, scores, categories, labels, rles = prediction
        types = [self.types[label] for label in labels] if self.types else None
        return to_results(image_id, boxes, scores, categories, rles, types)

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
        evaluation = evaluate_slices(
            truth,
            detections,
            fp_rates=self.fp_rates,
            iou_thr=self.iou_thr,
            with_fp_class=with_fp_class,
        )
        print_log('\n' + format_table(evaluation), logger='current')
        return figures(evaluation)
