"""DeepLesion-style key slices with RECIST diameters."""

from __future__ import annotations

import os.path as osp
from collections import defaultdict

import numpy as np
from mmdet.datasets import BaseDetDataset
from mmengine.logging import MMLogger

from mmuldor.classes import type_classes, type_labels
from mmuldor.datasets.samplers.epoch_sampler import EpochIndex
from mmuldor.datasets.slice_check import check_slice_files
from mmuldor.datasets.stored_masks import check_stored_masks, stored_mask
from mmuldor.datasets.transforms.add_hard_negatives import AddHardNegatives
from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.datasets.transforms.copy_paste_lesions import CopyPasteLesions
from mmuldor.functional.boxes import xywh_to_xyxy, xyxy_to_xywh
from mmuldor.functional.frame import from_detector, to_detector
from mmuldor.functional.recist import STORED, PseudoMask, crossing_point
from mmuldor.io.annotations import crowds_of, lesions_of, load_annotations
from mmuldor.mining.bank import images_fingerprint
from mmuldor.mining.protocols import MiningDataset
from mmuldor.registry import DATASETS


@DATASETS.register_module()
class DeepLesionDataset(BaseDetDataset, MiningDataset):
    """Key slices of a JSON file from ``data_prep/deeplesion_to_coco.py``.

    The ``instances`` of an item have ``bbox`` (x1 y1 x2 y2) and ``recist_px``
    (eight numbers) in px in mmdet's frame: JSON plus 0.5 px. All slices that
    the pipeline will load are checked when the dataset is built, not hours
    later: their PNG files must exist and have a valid start and end.

    An annotation with ``iscrowd`` is an ignored region: an instance with
    ``ignore_flag`` 1 and ``crowd`` True. The assigners of the R-CNN, RetinaNet
    and RTMDet configs take nothing in it for background, and no negative is
    mined there. DINO's does, which `ModelCheckHook` warns of.

    Args:
        keep_noisy: Keep lesions flagged "possibly noisy". By default they are
            dropped, as are images that have no other lesion.
        check_images: Check all PNG files when the dataset is built.
        lesion_types: Use DeepLesion's coarse types as classes. 'known': its
            eight types; lesions of unknown type are ignored, which is neither
            lesion nor background, and images without other lesions are left
            out. 'all': these types and 'unknown'. None: one lesion class.
            DeepLesion's training split has only unknown types.
        **kwargs: As for mmdet's ``BaseDetDataset``: ``ann_file``,
            ``data_root``, ``data_prefix``, ``pipeline``, ``metainfo``, ...

    Raises:
        FileNotFoundError: If the annotation file or a key slice is missing.
        ValueError: If the annotation file or a PNG is malformed, no lesion
            has a class, or a bank of hard negatives in the pipeline belongs
            to other images.

    Attributes:
        patients: Patient ids of the annotation file, a frozenset.
        ignored_regions: Number of ignored instances, once loaded.
    """

    METAINFO = {'classes': ('lesion',), 'palette': [(0, 200, 0)]}
    _is_checked = False
    ignored_regions = 0

    def __init__(
        self,
        *args,
        keep_noisy: bool = False,
        check_images: bool = True,
        lesion_types: str | None = None,
        **kwargs,
    ) -> None:
        classes = type_classes(lesion_types)
        if classes:
            kwargs['metainfo'] = _typed(kwargs.get('metainfo'), classes)
        self.lesion_types = lesion_types
        self.keep_noisy = keep_noisy
        self.check_images = check_images
        super().__init__(*args, **kwargs)

    def __getitem__(self, idx: int) -> dict:
        """A sample; an `EpochIndex` seeds the pipeline's random numbers."""
        if isinstance(idx, EpochIndex):
            idx.seed_generators()
        return super().__getitem__(idx)

    def get_data_info(self, idx: int) -> dict:
        """An image's item; see the class and :meth:`load_data_list`.

        Of an `EpochIndex` it also holds ``hard_negative_banks``, the bank
        files of that epoch, where ``bank_schedule`` is set.
        """
        info = BaseDetDataset.get_data_info(self, idx)
        if self.bank_schedule is not None and isinstance(idx, EpochIndex):
            banks = self.bank_schedule.banks(idx.epoch)
            info['hard_negative_banks'] = banks
        return info

    def full_init(self) -> None:
        """Load the annotations, then check the files that they name."""
        if self._is_checked:
            return
        super().full_init()
        self._is_checked = True
        self.check_pipeline()
        if self.check_images:
            check_slice_files(self, self.ct_transforms)

    def check_pipeline(self) -> None:
        """Check the transforms against the annotations, but no slice file.

        Raises:
            ValueError: If a lesion lacks the stored mask that a transform
                draws, or a transform does not fit the dataset.
        """
        fingerprint = self.fingerprint
        if self.mask_shape == STORED:
            check_stored_masks(self)
        for transform in self.ct_transforms:
            transform.check(fingerprint, self.metainfo['classes'])
            if isinstance(transform, CopyPasteLesions):
                transform.dataset = self

    def load_data_list(self) -> list[dict]:
        """Read the annotation file; see the class for the items."""
        document = load_annotations(self.ann_file)
        self.patients = frozenset(i['patient'] for i in document['images'])
        by_image, crowds = defaultdict(list), defaultdict(list)
        for annotation in lesions_of(document):
            by_image[annotation['image_id']].append(annotation)
        for annotation in crowds_of(document):
            crowds[annotation['image_id']].append(annotation)
        data_list, noisy, dropped = [], 0, 0
        for image in document['images']:
            lesions = by_image[image['id']]
            kept = [a for a in lesions if self.keep_noisy or not a['noisy']]
            noisy += len(lesions) - len(kept)
            types = [lesion['lesion_type'] for lesion in kept]
            labels = type_labels(types, self.lesion_types)
            if lesions and not (labels >= 0).any():
                dropped += 1
                continue
            item = self._parse_image(image, kept, labels)
            item['instances'] += [
                {**self._parse_lesion(crowd, -1), 'crowd': True}
                for crowd in crowds[image['id']]
            ]
            data_list.append(item)
        self._log_data(data_list, noisy, dropped)
        if self.lesion_types and not data_list:
            raise ValueError(
                f"{self.ann_file}: `lesion_types='{self.lesion_types}'` needs "
                'lesions of a known type, but none is known. DeepLesion has '
                'types for its validation and test splits only.'
            )
        return data_list

    def _parse_image(
        self, image: dict, lesions: list[dict], labels: np.ndarray
    ) -> dict:
        copied = {
            key: image[key]
            for key in (
                'height',
                'width',
                'spacing_mm',
                'slice_interval_mm',
                'key_slice',
                'slice_range',
                'window_hu',
            )
        }
        prefix = self.data_prefix.get('img', '')
        return dict(
            copied,
            img_id=image['id'],
            img_path=osp.join(prefix, image['file_name']),
            file_name=image['file_name'],
            instances=[
                self._parse_lesion(lesion, int(label))
                for lesion, label in zip(lesions, labels, strict=True)
            ],
        )

    def _parse_lesion(self, lesion: dict, label: int) -> dict:
        (box,) = to_detector(xywh_to_xyxy([lesion['bbox']]))
        recist = np.asarray(lesion['recist_px'], dtype=np.float64)
        try:
            apart = crossing_point(recist.reshape(4, 2)) is None
        except ValueError as error:
            raise ValueError(
                f'{self.ann_file}: annotations id {lesion["id"]}: {error}'
            ) from None
        return {
            'bbox': box.tolist(),
            'bbox_label': max(label, 0),
            'ignore_flag': int(label < 0),
            'recist_px': to_detector(recist).tolist(),
            **stored_mask(lesion),
            'lesion_type': lesion['lesion_type'],
            'diameters_apart': apart,
        }

    def _log_data(self, data_list: list[dict], noisy: int, dropped: int):
        instances = [i for d in data_list for i in d['instances']]
        lesions = [i for i in instances if not i.get('crowd', False)]
        apart = sum(lesion['diameters_apart'] for lesion in lesions)
        for instance in instances:
            del instance['diameters_apart']
        self.ignored_regions = sum(i['ignore_flag'] for i in instances)
        crowds = len(instances) - len(lesions)
        ignored = f', {crowds} ignored regions (iscrowd)' if crowds else ''
        MMLogger.get_current_instance().info(
            f'{osp.basename(self.ann_file)}: {len(data_list)} images, '
            f'{len(lesions)} lesions{ignored}; dropped: {noisy} noisy '
            f'lesions, {dropped} images with no other; {apart} pairs of '
            'diameters miss each other by more than 1 px (their mask is the '
            'hull)'
        )

    def annotated_lesions(self, idx: int) -> list[dict]:
        """The lesions of an item in the frame of the annotation file.

        Returns:
            For each lesion `bbox`, `x1 y1 w h`, (4,) float64, and
            `recist_px`, x y of four endpoints, (8,) float64; px, pixel centres
            at integers. Also its `segmentation`, where the file has it.
        """
        lesions = []
        for instance in self.get_data_info(idx)['instances']:
            if instance.get('crowd', False):
                continue
            (box,) = xyxy_to_xywh([from_detector(instance['bbox'])])
            recist = from_detector(instance['recist_px'])
            own = {'bbox': box, 'recist_px': recist, **stored_mask(instance)}
            lesions.append(own)
        return lesions

    @property
    def ct_transforms(self) -> list[CTTransform]:
        """The pipeline's transforms that are `CTTransform`."""
        transforms = self.pipeline.transforms
        return [t for t in transforms if isinstance(t, CTTransform)]

    @property
    def bank_readers(self) -> list[AddHardNegatives]:
        """The transforms that add mined hard negatives."""
        transforms = self.pipeline.transforms
        return [t for t in transforms if isinstance(t, AddHardNegatives)]

    @property
    def mask_shape(self) -> str:
        """Shape of the pipeline's pseudo masks; the paper's by default."""
        return self.pseudo_mask.shape

    @property
    def pseudo_mask(self) -> PseudoMask:
        """How the pipeline draws masks; as the paper does by default."""
        drawn = (transform.pseudo_mask for transform in self.ct_transforms)
        return next(filter(None, drawn), PseudoMask())

    @property
    def fingerprint(self) -> str:
        """Hash of the images, by which a bank is matched to its dataset."""
        infos = map(self.get_data_info, range(len(self)))
        return images_fingerprint(
            (info['img_id'], info['file_name']) for info in infos
        )


def _typed(metainfo: dict | None, classes: tuple[str, ...]) -> dict:
    """``metainfo`` of a dataset whose classes are lesion types."""
    named = (metainfo or {}).get('classes', classes)
    if tuple(named) != classes:
        raise ValueError(
            f'`lesion_types` makes the classes {classes}, but `metainfo` has '
            f'{tuple(named)}. Give one of them.'
        )
    # From green, the colour of lesions, toward blue.
    palette = [(0, 200 - 20 * number, 20 * number) for number in range(9)]
    palette = palette[: len(classes)]
    return {**(metainfo or {}), 'classes': classes, 'palette': palette}
