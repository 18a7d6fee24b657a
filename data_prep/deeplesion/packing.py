"""Key slices and their neighbours, from PNG into a store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from mmuldor.commands import command_line
from mmuldor.functional.hounsfield import stored_to_hu16
from mmuldor.functional.slices import (
    slice_name,
    slice_positions,
    stored_numbers,
    toward_key,
)
from mmuldor.io.annotations import load_annotations
from mmuldor.io.paths import out_folder
from mmuldor.io.png import read_png16
from mmuldor.io.store.reader import STORE_FILE, SliceStore
from mmuldor.io.store.slice_format import Record, encode_slice
from mmuldor.io.store.writer import SHARD_BYTES, StoreWriter

from ..common.progress import Progress, no_progress
from .conversion.image_checks import find_root

_SHOWN = 3
# Slices in memory at a time, for each thread.
_AHEAD = 8
Shape = tuple[int, int]


@dataclass(frozen=True)
class PackOptions:
    """What to pack and how.

    Attributes:
        num_slices: as `LoadCTSlices`.
        slice_interval_mm: as `LoadCTSlices`; None packs the stored slices
            beside the key slice.
        workers: threads that decode and compress.
        shard_bytes: a file of the store ends when it is at least as large.
        check: compare what is packed with the PNG files, to the bit.
    """

    num_slices: int = 3
    slice_interval_mm: float | None = None
    workers: int = os.cpu_count() or 1
    shard_bytes: int = SHARD_BYTES
    check: bool = False


@dataclass(frozen=True)
class Packed:
    """Counts: `absent` neighbours have no file, `compared` are checked."""

    wanted: int
    new: int
    absent: int
    compared: int
    store_bytes: int


def pack(
    ann_files: Sequence[str | os.PathLike],
    images: str | os.PathLike,
    out: str | os.PathLike,
    options: PackOptions | None = None,
    progress: Progress = no_progress,
) -> Packed:
    """Pack what `LoadCTSlices` reads for these images.

    What the store already holds is left alone, even where its PNG is gone,
    so a killed run continues, and a dataset can be packed part by part.

    Args:
        ann_files: annotation JSON files.
        images: Images_png or its parent.
        out: the store's folder.
        options: see `PackOptions`.
        progress: wraps the loops.

    Raises:
        FileNotFoundError: a file, the folder or a key slice is missing.
        ValueError: a damaged annotation file, PNG or store.
    """
    options = options or PackOptions()
    writer = StoreWriter(out_folder(out), options.shard_bytes)
    entries = [e for path in ann_files for e in _entries(Path(path))]
    root = find_root(images, {_series(e['file_name']) for e in entries})
    with writer.locked():
        packed = writer.names()
        wanted, absent = _wanted(entries, root, packed, options, progress)
        new = {n: s for n, s in wanted.items() if n not in packed}
        writer.add(_encoded(new, root, options.workers, progress))
        absent = (absent | _absent_before(writer.folder)) - packed - set(new)
        store = writer.finish(absent)
    compared = _compare(store, wanted, root, progress) if options.check else 0
    size = sum(path.stat().st_size for path in writer.folder.glob('shard-*'))
    return Packed(len(wanted), len(new), len(absent), compared, size)


def _entries(path: Path) -> Iterator[dict]:
    for image in load_annotations(path)['images']:
        name = PurePosixPath(image['file_name'])
        if name.is_absolute() or '..' in name.parts:
            raise ValueError(
                f'{path}: images id {image["id"]}: `file_name` must lie in '
                f'the folder of the images, but got {image["file_name"]!r}.'
            )
        yield image


def _series(file_name: str) -> str:
    return file_name.partition('/')[0]


def _wanted(
    entries: list[dict],
    root: Path,
    packed: set[str],
    options: PackOptions,
    progress: Progress,
) -> tuple[dict[str, Shape], set[str]]:
    """Slices that exist, with their (H, W), and those that do not."""
    wanted, absent, keys = {}, set(), []
    for entry in progress('looking for slices', len(entries), entries):
        names = _names(entry, root, packed, options)
        shape = (entry['height'], entry['width'])
        for name, exists in names.items():
            if exists:
                wanted[name] = shape
            else:
                absent.add(name)
        if not names[entry['file_name']]:
            keys.append(entry['file_name'])
    if keys:
        some = ', '.join(keys[:_SHOWN])
        again = command_line('data deeplesion', '... --missing-images skip')
        raise FileNotFoundError(
            f'{len(keys)} of {len(entries)} key slices are missing in {root}: '
            f'{some}{", ..." if len(keys) > _SHOWN else ""}. Unpack them, or '
            f'make the annotation files again with `{again}`.'
        )
    return wanted, absent


def _names(
    entry: dict, root: Path, packed: set[str], options: PackOptions
) -> dict[str, bool]:
    """All slices that the loader tries, and whether they exist."""
    step = 1.0
    if options.slice_interval_mm is not None:
        step = options.slice_interval_mm / entry['slice_interval_mm']
    key = entry['key_slice']
    found = {}

    def exists(number: int) -> bool:
        name = slice_name(entry['file_name'], key, number)
        if name not in found:
            found[name] = name in packed or (root / name).is_file()
        return found[name]

    exists(key)
    positions = slice_positions(
        key, entry['slice_range'], options.num_slices, step
    )
    for number in stored_numbers(positions):
        toward_key(number, key, exists)
    return found


def _encoded(
    slices: dict[str, Shape], root: Path, workers: int, progress: Progress
) -> Iterator[tuple[str, bytes, Record]]:
    """Encode by name, so that neighbours lie side by side."""

    def encode(name: str) -> tuple[str, bytes, Record]:
        stored = read_png16(root / name, slices[name])
        return (name, *encode_slice(stored_to_hu16(stored)))

    names = sorted(slices)
    with ThreadPoolExecutor(workers) as pool:
        yield from progress(
            'packing', len(names), _in_batches(pool, encode, names, workers)
        )


def _in_batches(pool, work, items: list, workers: int) -> Iterator:
    """Like `pool.map`, with a bounded number of results in memory."""
    size = _AHEAD * workers
    for start in range(0, len(items), size):
        yield from pool.map(work, items[start : start + size])


def _absent_before(folder: Path) -> set[str]:
    """What earlier runs, of other annotation files, did not find."""
    if not (folder / STORE_FILE).is_file():
        return set()
    return SliceStore(folder).absent()


def _compare(
    store: SliceStore,
    wanted: dict[str, Shape],
    root: Path,
    progress: Progress,
) -> int:
    """Reads every slice; returns how many were compared with their PNG."""
    compared = 0
    for name in progress('checking', len(wanted), sorted(wanted)):
        hu = store.read(name, wanted[name])
        if (root / name).is_file():
            png = stored_to_hu16(read_png16(root / name, wanted[name]))
            if not np.array_equal(hu, png):
                raise ValueError(
                    f'{root / name} must be what was packed, but has changed '
                    f'since. Remove {store.folder} and pack again.'
                )
            compared += 1
    return compared
