"""Add mined hard negatives as instances."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mmuldor.classes import is_lesion
from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.datasets.transforms.crop_to_body import into_crop
from mmuldor.functional.boxes import xywh_to_xyxy
from mmuldor.functional.frame import to_detector
from mmuldor.mining.bank import load_bank
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class AddHardNegatives(CTTransform):
    """Append the mined examples of an image as instances of another class.

    ``HNEMHook`` writes the banks. The dataset names those of the epoch with
    each image, so persistent workers use them, too. They are read again when
    the names change. Without a bank nothing is added.

    Required Keys:

    - img_id, instances
    - hard_negative_banks (optional: paths of banks)
    - crop_bbox (optional: of CropToBody)

    Modified Keys:

    - instances (each example gets bbox, bbox_label, ignore_flag, mask)

    Example:
        ``dict(type='mmuldor.AddHardNegatives')``

    Args:
        bank: A bank file of ``tools/mine_hard_negatives.py`` for the whole
            training. None: the banks in ``hard_negative_banks`` of an image.
        label: Label of the added instances; 1 is the first after lesions, 0.

    Raises:
        ValueError: If ``label`` is below 1, or the bank is invalid.
    """

    def __init__(
        self, bank: str | os.PathLike | None = None, label: int = 1
    ) -> None:
        if isinstance(label, bool) or not isinstance(label, int) or label < 1:
            raise ValueError(
                '`label` must be an int of at least 1 (0 is the lesion), but '
                f'got {label!r}.'
            )
        self.label = label
        self.bank = bank
        self.fingerprint: str | None = None
        self._read: list[str | os.PathLike] = []
        self._examples: dict[str, list[dict]] = {}
        if bank is not None:
            self._read_banks([bank])

    def check(self, fingerprint: str, classes: Sequence[str]) -> None:
        """Check the transform against its dataset, before training.

        Raises:
            ValueError: If ``bank`` belongs to other images, or ``label`` is
                not a class of false positives of the dataset.
        """
        self.fingerprint = fingerprint
        if self.bank is not None:
            load_bank(self.bank, fingerprint)
        if self.label >= len(classes):
            raise ValueError(
                f'AddHardNegatives adds label {self.label}, but the dataset '
                f'has the classes {tuple(classes)}. Add `metainfo=dict('
                "classes=('lesion', 'false_positive'))` to the dataset and "
                '`num_classes=2` to the heads.'
            )
        if is_lesion(self.label, classes):
            raise ValueError(
                f'AddHardNegatives adds label {self.label}, but that is the '
                f'class {classes[self.label]!r} of {tuple(classes)}. Leave '
                '`lesion_types` out to learn false positives as a class.'
            )

    def _read_banks(self, banks: Sequence[str | os.PathLike]) -> None:
        """Read the banks, unless they are those that were read last."""
        if banks == self._read:
            return
        examples: dict[str, list[dict]] = {}
        for path in banks:
            bank = load_bank(path, self.fingerprint)
            for image_id, mined in bank['images'].items():
                examples.setdefault(image_id, []).extend(mined)
        self._examples, self._read = examples, list(banks)

    def transform(self, results: dict) -> dict:
        """Append the examples; see the class for the keys."""
        if self.bank is None:
            self._read_banks(results.get('hard_negative_banks', []))
        for example in self._examples.get(str(results['img_id']), ()):
            (box,) = to_detector(xywh_to_xyxy([example['bbox']]))
            mined = {
                'bbox': box.tolist(),
                'bbox_label': self.label,
                # Ignored examples may be lesions: they are neither negatives
                # nor background.
                'ignore_flag': int(example.get('ignored', False)),
                'mask': [
                    to_detector(polygon) for polygon in example['polygons']
                ],
            }
            results['instances'] += _in_crop(mined, results.get('crop_bbox'))
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bank={self.bank!r}, label={self.label})'


def _in_crop(mined: dict, crop_bbox: Sequence[int] | None) -> list[dict]:
    """The example in a crop, if it is there; banks are of whole slices."""
    moved = mined if crop_bbox is None else into_crop(mined, crop_bbox)
    return [] if moved is None else [moved]
