"""Run a function on every image of a dataset, several batches at a time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.dist import get_rank, get_world_size, is_main_process
from torch import nn
from torch.utils.data import DataLoader, Subset

from mmuldor.io.progress import progress_bar
from mmuldor.upstream.dataset_view import with_pipeline

Result = TypeVar('Result')
# More threads would wait for Python's global interpreter lock.
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
    """Run a function on all images of this process.

    Process r of w takes the images r, r + w, r + 2w and so on, so no image is
    processed twice.

    Args:
        work: Called with the indices of some images and their collated batch;
            returns a result for each image. It runs in a thread without
            gradients.
        detector: The detector that ``work`` runs, on its device.
        dataset: The images; its own pipeline is not used.
        pipeline: Test pipeline for the detector's input.
        num_workers: Worker processes that load images.
        batch_size: Maximum number of images in a batch; by default 1 on a CPU
            and 8 on a GPU. A batch has only images of the same padded size.
        description: Text of the progress bar.

    Yields:
        The results of all images, in any order.
    """
    indices = range(get_rank(), len(dataset), get_world_size())
    singles = progress_bar(
        zip(
            indices,
            single_images(dataset, pipeline, indices, num_workers),
            strict=True,
        ),
        description,
        total=len(indices),
        shown=is_main_process(),
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
    """1 on a CPU, whose cache holds the maps of one image; 8 on a GPU."""
    return 1 if _on_cpu(detector) else 8


def concurrent_batches(detector: nn.Module) -> int:
    """How many batches are processed at a time.

    On a CPU one for each thread: NMS, masks and Python code use a single
    thread, so one image would leave the others idle. On a GPU two, so that it
    computes one batch while the masks of the other are compared on the host.
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
    """A loader of collated batches of one image each."""
    return DataLoader(
        Subset(with_pipeline(dataset, pipeline), indices),
        batch_size=1,
        num_workers=num_workers,
        collate_fn=pseudo_collate,
        # Its own generator, so that mining does not change the training's.
        generator=torch.Generator().manual_seed(0),
    )


def images_in_batches(
    singles: Iterable[tuple[int, dict]], batch_size: int, divisor: int = 1
) -> Iterator[tuple[list[int], dict]]:
    """Group images of the same padded size into batches, in any order.

    Args:
        singles: Pairs of an index and a collated batch of one image.
        batch_size: Maximum number of images in a batch.
        divisor: Sides are padded to multiples of this.

    Yields:
        Indices and their collated batch.
    """
    waiting: dict[tuple[int, ...], list] = defaultdict(list)
    for index, inputs in singles:
        shape = _padded(inputs['inputs'][0].shape, divisor)
        waiting[shape].append((index, inputs))
        if len(waiting[shape]) == batch_size:
            yield _collated(waiting.pop(shape))
    for incomplete in waiting.values():
        yield _collated(incomplete)


def _padded(shape: Sequence[int], divisor: int) -> tuple[int, ...]:
    channels, *sides = shape
    return channels, *(-(-side // divisor) for side in sides)


def _collated(singles: list[tuple[int, dict]]) -> tuple[list[int], dict]:
    return [index for index, _ in singles], {
        key: [value for _, inputs in singles for value in inputs[key]]
        for key in singles[0][1]
    }


def in_order(
    work: Callable[..., Result],
    batches: Iterable[tuple],
    at_once: int,
    threads_each: int = 1,
) -> Iterator[Result]:
    """Run a function on batches in threads; results in the batches' order.

    Only ``at_once + 1`` batches are loaded at a time. torch uses one thread
    for each batch, since convolutions round differently with other numbers of
    threads; so results do not depend on ``at_once``.

    Args:
        work: Called with the elements of a batch.
        batches: The batches.
        at_once: Number of batches that are processed at a time.
        threads_each: Number of torch's threads for each batch.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(
            at_once,
            initializer=_start_thread,
            initargs=(threads_each, _cuda_device()),
        ) as pool:
            waiting: deque[Future[Result]] = deque()
            for batch in batches:
                waiting.append(pool.submit(work, *batch))
                if len(waiting) > at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        torch.set_num_threads(threads)


def _cuda_device() -> int | None:
    """The calling thread's GPU, if it has used one."""
    used = torch.cuda.is_available() and torch.cuda.is_initialized()
    return torch.cuda.current_device() if used else None


def _start_thread(threads: int, cuda_device: int | None) -> None:
    """Set up torch in a new thread.

    Gradients are a setting of each thread, on by default. A new thread takes
    the number of threads that any other thread set last, and has the first
    GPU: 'cuda' without a number, the device of MMEngine's preprocessors, would
    be another one than that of the model in all processes but the first.
    """
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    if cuda_device is not None:
        torch.cuda.set_device(cuda_device)
