"""Masks of lesions that annotation files hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmuldor.mining.lesion_masks import check_stored

if TYPE_CHECKING:
    from mmengine.dataset import BaseDataset


def stored_mask(lesion: Mapping[str, Any]) -> dict[str, Any]:
    """The key ``segmentation`` of a lesion, where it has it."""
    key = 'segmentation'
    return {key: lesion[key]} if key in lesion else {}


def check_stored_masks(dataset: BaseDataset) -> None:
    """Check the stored mask of every lesion, before a long run.

    Args:
        dataset: A ``DeepLesionDataset`` whose annotations are loaded.

    Raises:
        ValueError: Names the file, the image and what is wrong.
    """
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        size = (info['height'], info['width'])
        for instance in info['instances']:
            if instance.get('crowd', False):
                continue
            try:
                check_stored(instance, size)
            except ValueError as error:
                raise ValueError(
                    f'{dataset.ann_file}: a lesion of {info["file_name"]}: '
                    f'{error}'
                ) from None
