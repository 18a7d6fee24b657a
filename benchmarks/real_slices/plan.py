"""What is trained and tested; fixed before the first training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.human_masks.tuning import folds_of

FOLDS = 7
EPOCHS = 12
SEED = 0


@dataclass(frozen=True)
class Arm:
    """How a detector's backbone starts, and what of it learns.

    Attributes:
        name: Row of the tables.
        pretrained: CT-pretrained or random weights.
        frozen: Whether the backbone stays as it starts.
    """

    name: str
    pretrained: bool
    frozen: bool

    @property
    def slug(self) -> str:
        """The name in file names."""
        return self.name.replace(', ', '-')


ARMS = (
    Arm('pretrained, frozen', pretrained=True, frozen=True),
    Arm('random, frozen', pretrained=False, frozen=True),
    Arm('random, trained', pretrained=False, frozen=False),
)


def fold_of_images(document: dict) -> dict[int, int]:
    """The fold of each image by id; a patient is in one fold."""
    images = document['images']
    folds = folds_of([f'{i["patient"]:06d}' for i in images], FOLDS, SEED)
    return {
        image['id']: int(fold)
        for image, fold in zip(images, np.asarray(folds), strict=True)
    }


def split(document: dict, fold: int) -> dict[str, dict]:
    """The annotation documents 'train' and 'test' of a fold."""
    of_image = fold_of_images(document)
    return {
        name: _part(document, {
            i for i, own in of_image.items() if (own == fold) == tested
        })
        for name, tested in (('train', False), ('test', True))
    }  # fmt: skip


def first_images(document: dict, count: int) -> dict:
    """The document of the first images alone."""
    return _part(document, {i['id'] for i in document['images'][:count]})


def _part(document: dict, ids: set[int]) -> dict:
    return {
        **document,
        'images': [i for i in document['images'] if i['id'] in ids],
        'annotations': [
            a for a in document['annotations'] if a['image_id'] in ids
        ],
    }
