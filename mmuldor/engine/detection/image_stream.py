"""Images of a data set in batches, and work on several batches at a time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from torch.utils.data import DataLoader, Subset

from mmuldor.upstream.dataset_view import with_pipeline

Result = TypeVar('Result')


def single_images(
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    indices: Sequence[int],
    num_workers: int,
) -> DataLoader:
    """Collated batches of one image each, by the test pipeline."""
    return DataLoader(
        Subset(with_pipeline(dataset, pipeline), indices),
        batch_size=1,
        num_workers=num_workers,
        collate_fn=pseudo_collate,
        # Its own generator, so that mining does not move the training's.
        generator=torch.Generator().manual_seed(0),
    )


def images_in_batches(
    singles: Iterable[tuple[int, dict]], batch_size: int, divisor: int = 1
) -> Iterator[tuple[list[int], dict]]:
    """Images that are padded to one size in batches, not in their order.

    Args:
        singles: Pairs of an index and a collated batch of one image.
        batch_size: At most this many in a batch.
        divisor: A detector pads sides to multiples of this.

    Yields:
        Indices and a collated batch.
    """
    waiting: dict[tuple[int, ...], list] = defaultdict(list)
    for index, inputs in singles:
        shape = _padded(inputs['inputs'][0].shape, divisor)
        waiting[shape].append((index, inputs))
        if len(waiting[shape]) == batch_size:
            yield _together(waiting.pop(shape))
    for left in waiting.values():
        yield _together(left)


def _padded(shape: Sequence[int], divisor: int) -> tuple[int, ...]:
    channels, *sides = shape
    return channels, *(-(-side // divisor) for side in sides)


def _together(singles: list[tuple[int, dict]]) -> tuple[list[int], dict]:
    return [index for index, _ in singles], {
        key: [value for _, inputs in singles for value in inputs[key]]
        for key in singles[0][1]
    }


def in_order(
    work: Callable[..., Result], batches: Iterable[tuple], at_once: int
) -> Iterator[Result]:
    """Results in the order of the batches, of which few are loaded ahead.

    Each batch is computed by a single thread: convolutions round by their
    number of threads, so results do not depend on how many there are. By
    itself a new thread takes the number that another one set last.

    Args:
        work: Called with the parts of a batch.
        batches: The batches.
        at_once: How many are under way at a time, each in its own thread.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(
            at_once, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            waiting = deque()
            for batch in batches:
                waiting.append(pool.submit(work, *batch))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        torch.set_num_threads(threads)
