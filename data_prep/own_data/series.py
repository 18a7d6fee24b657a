"""Which folders of numbered slices are series of one scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from .coco_boxes import CocoImage
from .patient_names import SPLIT_WORDS

# Folders of such names say nothing about what is inside.
_PLAIN_WORDS = frozenset(
    ('images', 'image', 'imgs', 'img', 'png', 'pngs', 'slices', 'data')
)
# Measured on 116 pairs of adjacent slices of DeepLesion, 1 to 5 mm apart, and
# 325 pairs of different series: correlation at least 0.89, of unrelated ones
# at most 0.90; of detail at least 0.20, of unrelated ones 0.15 in 99 %.
_LEAST_WHOLE, _LEAST_DETAIL = 0.9, 0.15
_PAIRS = 3
_SIDE_PX = 128


def numbered_files(folder: Path) -> dict[int, Path]:
    """Slices of a folder by their numbers; .png in any case.

    Raises:
        ValueError: If two files have the same number; names both.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.glob('*')):
        if path.suffix.lower() == '.png' and path.stem.isdecimal():
            other = found.setdefault(int(path.stem), path)
            if other is not path:
                raise ValueError(
                    f"{folder}: '{other.name}' and '{path.name}' are both "
                    f'slice {int(path.stem)}. Rename or remove one.'
                )
    return found


def check_targets(listed: Sequence[CocoImage]) -> None:
    """Raise ValueError if two images, or two scans, would be written as one.

    `P1/2` and `P1_2` both become `P1_2`: neighbours of a slice would be those
    of another scan.
    """
    names: dict[str, str] = {}
    sources: dict[str, str] = {}
    for image in listed:
        # Of a slice on its own, the file.
        source = image.series[0] if image.series else image.file_name
        folder = str(PurePosixPath(image.target).parent)
        other = sources.setdefault(folder, source)
        if source != other:
            raise ValueError(
                f'{image.where}: every scan must have a name of its own, but '
                f'{other!r} and {source!r} both become {folder!r}. Rename one '
                'of them, in `file_name` too.'
            )
        if image.target in names:
            raise ValueError(
                f'{image.where}: every image must come once, but '
                f'{image.file_name!r} also is {names[image.target]}.'
            )
        names[image.target] = image.where


def unrelated_folders(
    listed: Sequence[CocoImage],
    patients: Mapping[str, str],
    root: Path,
    read: Callable[[Path], np.ndarray] | None,
) -> dict[str, str]:
    """Folders of numbered images that are no series, with the reason.

    Args:
        listed: All images.
        patients: Their patients, by `file_name`, of those that are known.
        root: Where the files are.
        read: Reads the HU of a file, (rows, columns); None: the pictures are
            not compared.
    """
    folders: dict[str, list[tuple[int, CocoImage]]] = {}
    for image in listed:
        if image.number is not None:
            parent, number = image.number
            folders.setdefault(parent, []).append((number, image))
    # In a list of several series numbers begin anew, so ids differ from them.
    like_coco = len(listed) > 1 and all(
        image.stem_number == image.entry.get('id') for image in listed
    )
    found = {}
    for folder, images in folders.items():
        stated = (patients.get(image.file_name) for _, image in images)
        known = set(filter(None, stated))
        reason = ''
        if folder == '.':
            reason = 'they have no folder of their own'
        elif len(known) > 1:
            reason = 'its images are of several patients'
        elif _is_named_like_a_split(folder):
            reason = 'it is named like a split'
        elif like_coco and len(images) > 1:
            reason = 'image ids are the numbers in names, as in COCO'
        elif len(folders) == 1 and _is_whole_list(images, root / folder):
            reason = (
                'there is no other folder, and all of its files are listed'
            )
        elif read is not None and _are_unlike(
            {number for number, _ in images},
            numbered_files(root / folder),
            read,
        ):
            reason = 'adjacent images do not resemble each other'
        if reason:
            found[folder] = reason
    return found


def _is_named_like_a_split(folder: str) -> bool:
    parts = [part.lower() for part in PurePosixPath(folder).parts]
    telling = [part for part in parts if part not in _PLAIN_WORDS]
    return bool(telling) and set(telling) <= SPLIT_WORDS


def _is_whole_list(
    images: Sequence[tuple[int, CocoImage]], folder: Path
) -> bool:
    """Whether no numbered file of a folder is unlisted, as context is."""
    files = numbered_files(folder)
    return len(images) > 1 and files.keys() <= {n for n, _ in images}


def _are_unlike(
    keys: set[int],
    files: Mapping[int, Path],
    read: Callable[[Path], np.ndarray],
) -> bool:
    """Whether images beside the listed ones show other bodies."""
    pairs = [
        (files[low], files[low + 1])
        for low in sorted(files)
        if low + 1 in files and {low, low + 1} & keys
    ]
    # Evenly many of the whole folder.
    chosen = np.unique(np.linspace(0, len(pairs) - 1, _PAIRS).astype(int))
    likeness = [
        _likeness(*map(read, pairs[k])) for k in chosen if 0 <= k < len(pairs)
    ]
    known = np.array([pair for pair in likeness if np.isfinite(pair).all()])
    if not len(known):
        return False
    whole, detail = np.median(known, axis=0)
    return bool(whole < _LEAST_WHOLE and detail < _LEAST_DETAIL)


def _likeness(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Correlation of two slices and of their detail; -1 of other sizes."""
    from scipy import ndimage

    if first.shape != second.shape:
        return -1.0, -1.0
    small = [_reduced(hu) for hu in (first, second)]
    # Soft tissue; detail is what is smaller than about 4 px of 128.
    tissue = [np.clip(hu, -300, 400) for hu in small]
    detail = [hu - ndimage.gaussian_filter(hu, 4) for hu in tissue]
    return _correlation(*small), _correlation(*detail)


def _reduced(hu: np.ndarray) -> np.ndarray:
    """Means of squares, so that the longer side has at most 128 px."""
    step = -(-max(hu.shape) // _SIDE_PX)
    rows, columns = (side // step for side in hu.shape)
    squares = hu[: rows * step, : columns * step].reshape(
        rows, step, columns, step
    )
    means: np.ndarray = squares.mean(axis=(1, 3))
    return means


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's; NaN where one of them is constant."""
    a, b = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else np.nan
