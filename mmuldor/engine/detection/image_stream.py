"""Work on every image of a dataset, several batches at a time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.dist import get_rank, get_world_size, is_main_process
from rich.progress import track
from torch import nn
from torch.utils.data import DataLoader, Subset

from mmuldor.upstream.dataset_view import with_pipeline

Result = TypeVar('Result')
# More would wait for the interpreter's lock.
_MOST_AT_ONCE = 4


def detect_each(
    work: Callable[[list[int], dict], Iterable[Result]],
    detector: nn.Module,
    dataset: BaseDataset,
    pipeline: Sequence[dict],
    *,
    num_workers: int = 0,
    batch_size: int | None = None,
    description: str = 'detecting',
) -> Iterator[Result]:
    """Run some work on all images of this process.

    Every process takes each world-size-th image, so nothing is padded.

    Args:
        work: Called with the indices of some images, and these collated to
            a batch; gives a result an image. It runs in a thread that
            computes no gradients.
        detector: The detector that the work runs, on its device.
        dataset: The images; its own pipeline is not used.
        pipeline: Test pipeline that makes the detector's input.
        num_workers: Worker processes that load images.
        batch_size: Images in a batch at most; by default what suits the
            device, 1 on a CPU. Only images that are padded to one size in any
            case go together.
        description: Of the progress bar.

    Yields:
        The results of all images, not in their order.
    """
    indices = range(get_rank(), len(dataset), get_world_size())
    singles = track(
        zip(
            indices,
            single_images(dataset, pipeline, indices, num_workers),
            strict=True,
        ),
        description,
        total=len(indices),
        transient=True,
        disable=not is_main_process(),
    )
    batches = images_in_batches(
        singles,
        batch_size or _images_a_batch(detector),
        getattr(detector.data_preprocessor, 'pad_size_divisor', 1),
    )
    for results in in_order(work, batches, concurrent_batches(detector)):
        yield from results


def _on_cpu(detector: nn.Module) -> bool:
    return next(detector.parameters()).device.type == 'cpu'


def _images_a_batch(detector: nn.Module) -> int:
    """A CPU's cache holds one image's maps; a GPU waits less in batches."""
    return 1 if _on_cpu(detector) else 8


def concurrent_batches(detector: nn.Module) -> int:
    """How many batches are under way at a time.

    On the CPU one for each thread, since one image leaves threads idle: much
    of it is NMS, masks and Python. On a GPU two, so that it computes one
    batch while the other one's masks are compared.
    """
    if not _on_cpu(detector):
        return 2
    return min(torch.get_num_threads(), _MOST_AT_ONCE)


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
    number of threads, so results do not depend on how many there are.

    Args:
        work: Called with the parts of a batch.
        batches: The batches.
        at_once: How many are under way at a time, each in its own thread.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(at_once, initializer=_start_thread) as pool:
            waiting = deque()
            for batch in batches:
                waiting.append(pool.submit(work, *batch))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        torch.set_num_threads(threads)


def _start_thread() -> None:
    """Say in a new thread what torch keeps for each.

    It would compute gradients, and take the number of threads that another
    one set last.
    """
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
