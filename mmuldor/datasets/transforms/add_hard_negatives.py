"""Add mined hard negatives as instances."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmuldor.classes import is_lesion
from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.boxes import xywh_to_xyxy
from mmuldor.functional.frame import to_detector
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import shortened
from mmuldor.mining.bank import load_bank
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class AddHardNegatives(CTTransform):
    """Append the image's mined examples as instances of another class.

    Banks and the pointer that names the valid ones are written by
    ``HNEMHook``. The pointer is looked at for every image and read again
    when it has changed, so persistent workers follow. Without a bank nothing
    is added.

    Required Keys:

    - img_id, instances

    Modified Keys:

    - instances (each example gets bbox, bbox_label, ignore_flag, mask)

    Example:
        ``dict(type='mmuldor.AddHardNegatives')``

    Args:
        bank: A bank file to use throughout, as written by
            ``tools/mine_hard_negatives.py``; None leaves the choice to
            ``HNEMHook``, which sets ``pointer`` when training starts.
        label: Label of the added instances (1, after lesion 0).
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
        self.pointer: Path | None = None
        self.fingerprint: str | None = None
        self._stamp: tuple | None = None
        self._examples: dict[str, list[dict]] = {}
        if bank is not None:
            self._examples = load_bank(bank)['images']

    def follow(self, pointer: str | os.PathLike, fingerprint: str) -> None:
        """Take the banks that the file ``pointer`` names from now on.

        Args:
            pointer: ``{"banks": ["epoch_000.json", ...]}``, names relative to
                its own folder.
            fingerprint: The data set's; a bank must carry the same.
        """
        self.pointer = Path(pointer)
        self.fingerprint = fingerprint

    def check(self, fingerprint: str, classes: Sequence[str]) -> None:
        """Check the transform against its data set, before training.

        Raises:
            ValueError: If a fixed ``bank`` is of other images, or the data
                set's classes have no place for ``label``.
        """
        if self.bank is not None:
            load_bank(self.bank, fingerprint)
        if self.label >= len(classes):
            raise ValueError(
                f'AddHardNegatives adds label {self.label}, but the data set '
                f'has the classes {tuple(classes)}. Add `metainfo=dict('
                "classes=('lesion', 'false_positive'))` to the data set and "
                '`num_classes=2` to the heads.'
            )
        if is_lesion(self.label, classes):
            raise ValueError(
                f'AddHardNegatives adds label {self.label}, but that is the '
                f'class {classes[self.label]!r} of {tuple(classes)}. Leave '
                '`lesion_types` out to learn false positives as a class.'
            )

    def _refresh(self) -> None:
        if self.pointer is None:
            return
        stat = self.pointer.stat()
        stamp = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if stamp == self._stamp:
            return
        examples: dict[str, list[dict]] = {}
        for name in _names(self.pointer):
            bank = load_bank(self.pointer.parent / name, self.fingerprint)
            for image_id, mined in bank['images'].items():
                examples.setdefault(image_id, []).extend(mined)
        self._examples, self._stamp = examples, stamp

    def transform(self, results: dict) -> dict:
        """Append the examples; see the class for the keys."""
        self._refresh()
        for example in self._examples.get(str(results['img_id']), ()):
            (box,) = to_detector(xywh_to_xyxy([example['bbox']]))
            results['instances'].append(
                {
                    'bbox': box.tolist(),
                    'bbox_label': self.label,
                    # Spared: neither a negative nor background.
                    'ignore_flag': int(example.get('spared', False)),
                    'mask': [
                        to_detector(polygon) for polygon in example['polygons']
                    ],
                }
            )
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bank={self.bank!r}, label={self.label})'


def _names(pointer: Path) -> list[str]:
    """Names of the banks, files in the folder of the pointer."""
    document = read_json(pointer)
    names = document.get('banks') if isinstance(document, dict) else None
    if not isinstance(names, list) or not all(
        isinstance(name, str) and name == Path(name).name for name in names
    ):
        raise ValueError(
            f'{pointer}: `banks` must be names of files beside it, but got '
            f'{shortened(names)}.'
        )
    return names
