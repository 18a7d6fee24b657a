"""Figures of test results on windowed CT slices."""

from __future__ import annotations

import os.path as osp
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure
from mmdet.structures import DetDataSample
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from mmuldor.classes import LESION_CATEGORY, type_classes
from mmuldor.functional.boxes import xyxy_to_xywh
from mmuldor.functional.masks import mask_polygons
from mmuldor.io.annotations import lesions_of, load_annotations
from mmuldor.io.png import read_png16
from mmuldor.io.run_length import segmentation_outline
from mmuldor.registry import HOOKS
from mmuldor.upstream.instances import as_arrays
from mmuldor.visualization.ct_image import (
    DEFAULT_WINDOW_HU,
    picture_name,
    window_rgb,
)
from mmuldor.visualization.detection_figure import result_figure
from mmuldor.visualization.marks import render
from mmuldor.visualization.panels import save_figure


@HOOKS.register_module()
class CTVisualizationHook(Hook):
    """Draw test results on key slices; replaces mmdet's hook.

    mmdet's hook reads the 16-bit PNG as if it had 8 bits. It also names
    figures by slice number, so those of different series overwrite each
    other. This hook takes the same arguments (``tools/test.py --show-dir``
    sets ``draw`` and ``test_out_dir``).

    Fires after every test iteration and writes ``SERIES_SLICE.png`` for each
    image of this process. In a training it draws some images of every
    validation into the visualizer's backends (``vis_data``, TensorBoard,
    ...), the same ones each time. It has no state to resume.

    Args:
        draw: Whether to draw test results.
        interval: Draw each ``interval``-th image that this process tests.
        score_thr: Draw detections with at least this score.
        max_per_img: Maximum number of drawn detections, by descending score.
        show: Open a window for every figure, too.
        wait_time: Seconds that a window stays open; 0: until it is closed.
        test_out_dir: Folder of the figures;
            ``<work_dir>/<timestamp>/vis`` by default.
        ann_file: Annotation JSON with the reference, without its noisy
            lesions; by default the lesions of the tested dataset.
        scale: Figure pixels for each pixel of the slice.
        val_interval: Draw each ``val_interval``-th image of a validation;
            None draws none.

    Example:
        >>> default_hooks = dict(
        ...     visualization=dict(type='mmuldor.CTVisualizationHook')
        ... )
    """

    def __init__(
        self,
        draw: bool = False,
        interval: int = 1,
        score_thr: float = 0.3,
        max_per_img: int = 20,
        show: bool = False,
        wait_time: float = 0.0,
        test_out_dir: str | None = None,
        ann_file: str | None = None,
        scale: float = 2.0,
        val_interval: int | None = None,
    ) -> None:
        for name, value in (
            ('interval', interval),
            ('max_per_img', max_per_img),
            ('scale', scale),
            ('val_interval', 1 if val_interval is None else val_interval),
        ):
            if not value > 0:
                raise ValueError(f'`{name}` must be above 0, but got {value}.')
        self.draw = draw
        self.interval = interval
        self.score_thr = score_thr
        self.max_per_img = max_per_img
        self.show = show
        self.wait_time = wait_time
        self.test_out_dir = test_out_dir
        self.ann_file = ann_file
        self.scale = scale
        self.val_interval = val_interval
        self._count = 0

    @property
    def needs_masks(self) -> bool:
        """Whether masks of a validation are drawn."""
        return self.val_interval is not None

    def before_test(self, runner: Runner) -> None:
        """Load the reference lesions of the test split."""
        if not self.draw:
            return
        dataset = runner.test_dataloader.dataset
        self._take_reference(dataset, self.ann_file)
        self._out_dir = self.test_out_dir or osp.join(
            runner.work_dir, runner.timestamp, 'vis'
        )
        MMLogger.get_current_instance().info(
            f'figures of the results are written to {self._out_dir}'
        )

    def _take_reference(self, dataset, ann_file: str | None = None) -> None:
        """Load images and lesions by id, of the file or of the dataset."""
        self._types = type_classes(getattr(dataset, 'lesion_types', None))
        self._images, self._lesions = {}, defaultdict(list)
        self._count = 0
        if ann_file is None:
            for index in range(len(dataset)):
                info = dataset.get_data_info(index)
                self._images[info['img_id']] = info
                self._lesions[info['img_id']] = dataset.annotated_lesions(
                    index
                )
            return
        document = load_annotations(ann_file)
        self._images = {image['id']: image for image in document['images']}
        for annotation in lesions_of(document):
            if not annotation['noisy']:
                self._lesions[annotation['image_id']].append(annotation)

    def before_val(self, runner: Runner) -> None:
        """Load the reference lesions of the validation split."""
        if self.val_interval is not None:
            self._take_reference(runner.val_dataloader.dataset)

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw some images of this batch into the visualizer."""
        for sample in self._every(self.val_interval, outputs):
            fig, name = self._figure(sample)
            runner.visualizer.add_image(
                f'val_{osp.splitext(name)[0]}', render(fig), step=runner.epoch
            )

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw the images of this batch."""
        interval = self.interval if self.draw else None
        for sample in self._every(interval, outputs):
            self._draw(runner, sample)

    def _every(
        self, interval: int | None, samples: Sequence[DetDataSample] | None
    ) -> Iterator[DetDataSample]:
        """Each `interval`-th sample of the split, none without `interval`."""
        if interval is None:
            return
        for sample in samples or ():
            if self._count % interval == 0:
                yield sample
            self._count += 1

    def _draw(self, runner: Runner, sample: DetDataSample) -> None:
        fig, name = self._figure(sample)
        save_figure(fig, osp.join(self._out_dir, name))
        if self.show:
            runner.visualizer.show(
                render(fig), win_name=name, wait_time=self.wait_time
            )

    def _figure(self, sample: DetDataSample) -> tuple[Figure, str]:
        """The figure of one image, and its file name."""
        image = self._images.get(sample.img_id)
        if image is None:
            raise ValueError(
                f'`ann_file` of {type(self).__name__} must hold the tested '
                f'images, but image id {sample.img_id} is not in it.'
            )
        window = sample.get('window_hu') or image.get('window_hu')
        picture = window_rgb(
            read_png16(sample.img_path), window or DEFAULT_WINDOW_HU
        )
        fig = result_figure(
            picture,
            self._lesions[sample.img_id],
            self._detections(sample),
            scale=self.scale,
        )
        return fig, picture_name(image['file_name'])

    def _detections(self, sample: DetDataSample) -> list[dict]:
        """Predictions as in a results file, pixel centres at integers."""
        preds = as_arrays(sample.pred_instances)
        order = np.argsort(-preds.scores, kind='stable')[: self.max_per_img]
        boxes = xyxy_to_xywh(preds.boxes)
        return [
            {
                'bbox': boxes[i].tolist(),
                'score': float(preds.scores[i]),
                'polygons': []
                if preds.masks is None
                else _polygons(preds.masks[i]),
                **self._class_of(int(preds.labels[i])),
            }
            for i in order
            if preds.scores[i] >= self.score_thr
        ]

    def _class_of(self, label: int) -> dict:
        if self._types:
            return {
                'category_id': LESION_CATEGORY,
                'lesion_type': self._types[label],
            }
        return {'category_id': label + 1}


def _polygons(mask: np.ndarray | dict) -> list[np.ndarray]:
    """Outlines of a predicted mask, a bitmap or a run-length code."""
    if isinstance(mask, dict):
        return segmentation_outline(mask)
    return mask_polygons(mask)
