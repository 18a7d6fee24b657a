"""A data set seen through another pipeline.

MMEngine builds a data set with its pipeline and has no way to look at the same
items through another one; building a second reads and checks the files again.
A shallow copy shares the items, and data sets of any kind can be copied, ours
or mmdet's. Seen with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mmengine.dataset import BaseDataset, Compose


def with_pipeline(
    dataset: BaseDataset, pipeline: Sequence[dict]
) -> BaseDataset:
    """The data set in test mode with a pipeline; the old one stays."""
    view = copy.copy(dataset)
    view.pipeline, view.test_mode = Compose(pipeline), True
    return view
