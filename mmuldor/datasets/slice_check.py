"""Check the slice files of a dataset before a long run."""

from __future__ import annotations

import os.path as osp
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from mmengine.dataset import BaseDataset
from mmengine.dist import all_gather_object, get_rank
from mmengine.logging import MMLogger

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.io.png import check_png16
from mmuldor.io.progress import progress_bar

# More than cores: each waits for a disk more than it computes.
_THREADS = 8


def check_slice_files(
    dataset: BaseDataset, transforms: Sequence[CTTransform]
) -> None:
    """Check all slice files that a dataset's transforms may load.

    Those at a random offset, too: no run may end where it is drawn.

    The processes of a machine share the work. Each machine checks all files,
    since it may have its own disks. All processes raise the error of the
    first damaged image.

    Raises:
        FileNotFoundError: If a key slice is missing.
        ValueError: If a slice is damaged or of another size.
    """
    results = all_gather_object(_check_share(dataset, transforms))
    errors = [error for error, _ in results if error is not None]
    if errors:
        raise _with_remedy(dataset, min(errors, key=lambda pair: pair[0])[1])
    lacking = set().union(*(images for _, images in results))
    if lacking:
        MMLogger.get_current_instance().warning(
            f'{osp.basename(dataset.ann_file)}: {len(lacking)} of '
            f'{len(dataset)} images lack a neighbouring slice file inside '
            'their slice range; the nearest existing slice replaces it'
        )


def _with_remedy(dataset: BaseDataset, error: Exception) -> Exception:
    """An error, with the setting that says where a missing PNG should be."""
    folder = osp.normpath(dataset.data_prefix.get('img') or '.')
    # The error of a packed slice names no folder, but the store.
    if not isinstance(error, FileNotFoundError) or folder not in str(error):
        return error
    return FileNotFoundError(
        f'{error} {dataset.ann_file} lists it, and `data_prefix.img` of the '
        f'dataset is {folder!r}. Is that the folder of the slices?'
    )


def _share() -> tuple[int, int]:
    """Number of this process on its machine, and their number.

    By the machines' names, since torchrun alone sets LOCAL_WORLD_SIZE.
    """
    hosts = all_gather_object(socket.gethostname())
    own = get_rank()
    here = [rank for rank, host in enumerate(hosts) if host == hosts[own]]
    return here.index(own), len(here)


def _check_share(
    dataset: BaseDataset, transforms: Sequence[CTTransform]
) -> tuple[tuple[int, Exception] | None, list[int]]:
    """The first error of this process's images, and images lacking slices.

    The error is returned instead of raised, since the other processes wait
    for the result.
    """
    number, count = _share()
    indices = range(number, len(dataset), count)
    lacking: list[int] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        results = pool.map(
            lambda index: _check_image(dataset, transforms, index), indices
        )
        for index, result in progress_bar(
            zip(indices, results, strict=True),
            f'checking slices of {osp.basename(dataset.ann_file)}',
            total=len(indices),
            shown=number == 0,
        ):
            if isinstance(result, Exception):
                pool.shutdown(wait=False, cancel_futures=True)
                return (index, result), lacking
            if result:
                lacking.append(index)
    return None, lacking


def _check_image(
    dataset: BaseDataset, transforms: Sequence[CTTransform], index: int
) -> Exception | bool:
    """Whether an image lacks a neighbouring slice, or its error."""
    loaders = [t for t in transforms if t.num_slices is not None]
    try:
        info = dataset.get_data_info(index)
        if not loaders:
            check_png16(info['img_path'], (info['height'], info['width']))
        items = _at_offsets(info, transforms)
        pairs = list(product(loaders, items))
        for loader, item in pairs:
            loader.check_slices(item)
        return any(loader.lacks_neighbours(item) for loader, item in pairs)
    except (ValueError, OSError) as error:
        return error


def _at_offsets(info: dict, transforms: Sequence[CTTransform]) -> list[dict]:
    """The item of an image at each slice offset that a transform may set."""
    offsets = {o for t in transforms for o in t.slice_offsets(info)}
    return [{**info, 'slice_offset': o} for o in sorted(offsets)] or [info]
