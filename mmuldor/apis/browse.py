"""Draw the training samples of a config, after its pipeline."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from mmuldor.apis.configs.loading import check_keys
from mmuldor.classes import is_lesion
from mmuldor.datasets.deeplesion import DeepLesionDataset
from mmuldor.engine.base_dataset import unwrapped_dataset
from mmuldor.engine.runner.config_errors import config_errors
from mmuldor.functional.boxes import xyxy_to_xywh
from mmuldor.functional.frame import from_detector
from mmuldor.functional.masks import mask_polygons
from mmuldor.io.paths import out_folder
from mmuldor.io.png import read_png16
from mmuldor.mining.lesion_masks import lesion_outlines
from mmuldor.upstream.instances import as_arrays
from mmuldor.visualization.ct_image import (
    DEFAULT_WINDOW_HU,
    picture_name,
    window_rgb,
)
from mmuldor.visualization.panels import save_figure
from mmuldor.visualization.sample_figure import Target, sample_figure

SPLITS = ('train', 'val', 'test')


def build_split(config: Config, split: str) -> DeepLesionDataset:
    """The dataset of a split, its files checked.

    Raises:
        FileNotFoundError: If an annotation file or a key slice is missing.
        ValueError: If a file or an entry of the config is wrong.
    """
    check_keys(config, f'{split}_dataloader.dataset')
    init_default_scope(config.get('default_scope', 'mmdet'))
    with config_errors(config):
        dataset = DATASETS.build(config[f'{split}_dataloader'].dataset)
        dataset = unwrapped_dataset(dataset)
        if not isinstance(dataset, DeepLesionDataset):
            raise ValueError(
                f'`{split}_dataloader.dataset` must be one '
                '`mmuldor.DeepLesionDataset`, in wrappers or not, but got '
                f'{type(dataset).__name__}.'
            )
    return dataset


def browse_dataset(
    config: Config,
    out: str | os.PathLike,
    split: str = 'train',
    count: int = 20,
    seed: int = 0,
) -> list[Path]:
    """Draw samples of a split after its pipeline.

    Args:
        config: From :func:`mmuldor.apis.load_config`.
        out: Folder of the figures; created if missing.
        split: 'train', 'val' or 'test'.
        count: Number of random samples.
        seed: Seed of this choice and of the pipeline's augmentations.

    Returns:
        The written files.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    out = out_folder(out)
    dataset = build_split(config, split)
    rng = np.random.default_rng(seed)
    np.random.seed(seed)
    chosen = rng.permutation(len(dataset))[:count]
    return draw_samples(dataset, sorted(chosen.tolist()), out)


def draw_samples(
    dataset: DeepLesionDataset, indices: Sequence[int], out: str | os.PathLike
) -> list[Path]:
    """Draw the samples of these indices; returns the written files."""
    paths = []
    for index in indices:
        info = dataset.get_data_info(index)
        name = picture_name(info['file_name'])
        figure = _figure(info, index, dataset)
        paths.append(save_figure(figure, Path(out) / name))
    return paths


def _num_slices(dataset: DeepLesionDataset) -> int:
    counts = (transform.num_slices for transform in dataset.ct_transforms)
    return next(filter(None, counts), 1)


def _figure(info: dict, index: int, dataset: DeepLesionDataset) -> Figure:
    packed, num_slices = dataset[index], _num_slices(dataset)
    stored = read_png16(info['img_path'], (info['height'], info['width']))
    picture = window_rgb(stored, info.get('window_hu') or DEFAULT_WINDOW_HU)
    drawn = dataset.pseudo_mask
    lesions = [
        {**lesion, 'outline': lesion_outlines(lesion, drawn)[0]}
        for lesion in dataset.annotated_lesions(index)
    ]
    middle = packed['inputs'][num_slices // 2 :: num_slices]
    sample = packed['data_samples']
    title = f'{info["file_name"]}, {len(packed["inputs"])} channels'
    targets = targets_of(sample, dataset.metainfo['classes'])
    return sample_figure(picture, lesions, middle.numpy(), targets, title)


def targets_of(sample: DetDataSample, classes: Sequence[str]) -> list[Target]:
    """Training targets of a packed sample, px, pixel centres at integers.

    Args:
        sample: A packed sample with ``gt_instances``.
        classes: Names of the dataset's classes.
    """
    if 'bboxes' not in sample.gt_instances:
        return []
    truth = as_arrays(sample.gt_instances)
    boxes = xyxy_to_xywh(truth.boxes)
    masks = [None] * len(boxes) if truth.masks is None else truth.masks
    return [
        Target(box, _polygons(mask), is_lesion(label, classes))
        for box, label, mask in zip(
            boxes, truth.labels.tolist(), masks, strict=True
        )
    ]


def _polygons(mask: list | np.ndarray | None) -> list[np.ndarray]:
    """Outlines (N, 2) of one mask in px, pixel centres at integers."""
    if mask is None:
        return []
    if isinstance(mask, list):
        return [from_detector(p).reshape(-1, 2) for p in mask]
    return mask_polygons(mask.astype(bool))
