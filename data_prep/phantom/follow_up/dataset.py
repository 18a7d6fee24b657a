"""Follow-up pairs as files: scans, true results folders, and the truth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmuldor.io.json_files import write_json
from mmuldor.scans.lesion_files import write_lesions_json
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.nifti import write_nifti
from mmuldor.scans.volume import Volume

from ...common.output_folder import atomic_folder
from ...common.progress import Progress, no_progress
from .pair import ScanPair, make_pair
from .settings import PairSettings

SCANS = ('baseline', 'follow_up')


def make_pairs(
    out: str | os.PathLike,
    count: int,
    seed: int,
    settings: PairSettings | None = None,
    progress: Progress = no_progress,
) -> int:
    """Write so many pairs to a new folder.

    A pair is a folder ``pair_001`` with the scans ``baseline.nii.gz`` and
    ``follow_up.nii.gz``, ``truth.json`` (how the patient moved, and which
    lesions belong together), and a results folder of the true lesions for
    each scan, ``baseline/lesions.json`` and ``follow_up/lesions.json``, on
    which ``mmuldor follow`` runs.

    Args:
        out: New or empty folder.
        count: Number of pairs.
        seed: Pair k is :func:`make_pair` of ``seed + k``, from k = 0.
        settings: See :func:`make_pair`.
        progress: Wraps the pairs.

    Returns:
        The number of lesions that are visible in both scans.

    Raises:
        FileExistsError: If `out` holds something.
    """
    both = 0
    with atomic_folder(out) as folder:
        numbers = range(1, count + 1)
        for number in progress('making pairs', count, numbers):
            pair = make_pair(seed + number - 1, settings)
            name = f'pair_{number:03d}'
            write_pair(folder / name, Path(out) / name, pair)
            both += sum(
                None not in found
                for found in zip(
                    pair.in_baseline, pair.in_follow_up, strict=True
                )
            )
    return both


def write_pair(folder: Path, final: Path, pair: ScanPair) -> dict[str, Any]:
    """Write a pair.

    Args:
        folder: Where to write.
        final: Where the folder will lie: results name their scan by a path.
        pair: The pair.

    Returns:
        The truth, as written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    volumes = (pair.baseline, pair.follow_up)
    for name, volume, found in zip(SCANS, volumes, pair.found(), strict=True):
        write_nifti(folder / f'{name}.nii.gz', volume)
        source = os.path.realpath(final / f'{name}.nii.gz')
        _write_results(folder / name, volume, source, found)
    truth = pair.facts()
    write_json(folder / 'truth.json', truth, indent=1)
    return truth


def _write_results(
    folder: Path, volume: Volume, source: str, lesions: Sequence[Lesion]
) -> None:
    folder.mkdir(exist_ok=True)
    named = Volume(volume.hu, volume.affine, source)
    write_lesions_json(
        folder / 'lesions.json', lesions, named, ['true lesions of a phantom']
    )
