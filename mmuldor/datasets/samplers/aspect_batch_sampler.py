"""Batches of images that are all upright or all wide."""

from __future__ import annotations

from collections.abc import Iterator

from mmdet.datasets.samplers import AspectRatioBatchSampler

from mmuldor.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class AspectBatchSampler(AspectRatioBatchSampler):
    """MMDetection's sampler, with as many batches as its length says.

    With ``drop_last`` MMDetection's also drops a full batch at the end. How
    often that happens depends on the order of upright and wide images, so
    processes had different numbers of batches, and some waited for others.

    Example:
        ``batch_sampler=dict(type='mmuldor.AspectBatchSampler',
        drop_last=True)``

    Args:
        sampler: Gives the indices of images.
        batch_size: Images a batch.
        drop_last: Whether fewer images at the end of an epoch are left out.
    """

    def __iter__(self) -> Iterator[list[int]]:
        batches = AspectRatioBatchSampler(self.sampler, self.batch_size)
        for batch in batches:
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch
