"""A dataset with another pipeline.

MMEngine builds a dataset with one pipeline, and a second dataset would read
and check the files again. A shallow copy shares the items and works for any
dataset. Seen with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

from mmengine.dataset import BaseDataset, Compose

_Dataset = TypeVar('_Dataset', bound=BaseDataset)


def with_pipeline(dataset: _Dataset, pipeline: Sequence[dict]) -> _Dataset:
    """A copy of the dataset in test mode with another pipeline."""
    view = copy.copy(dataset)
    view.pipeline, view.test_mode = Compose(pipeline), True
    return view
