"""Detections in space, from the `lesions.json` of many scans."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.functional.arrays import Floats
from mmuldor.functional.boxes_3d import transformed_boxes, without_repeats
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import is_finite, shortened
from mmuldor.io.paths import LESIONS_NAME
from mmuldor.io.volume_annotations import TrueVolume, VolumeGrid, read_boxes

MAKE_COMMAND = command_line('infer', 'SCAN CONFIG CHECKPOINT --out DIR')
_SUFFIXES = ('.nii.gz', '.nii')
# Affines are stored in single precision, and rounded by other programs.
_SAME_VOXELS = 0.1


@dataclass(frozen=True, eq=False)
class VolumeDetections:
    """Detections of many volumes as a table.

    Attributes:
        volumes: Index of each one's volume in the list of volumes, (n,).
        boxes_mm: `x1 y1 z1 x2 y2 z2` along the axes of that volume, (n, 6).
        scores: (n,) float64.
        unused: Number of files that belong to no volume of the list.
        provenance: What each file says about its run, by its path; empty
            where it says nothing.
    """

    volumes: np.ndarray
    boxes_mm: np.ndarray
    scores: np.ndarray
    unused: int
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def without_overlaps(
    detections: VolumeDetections, iou_thr: float
) -> VolumeDetections:
    """Without those that overlap a higher-scoring one of their volume.

    Args:
        detections: Detections of many volumes.
        iou_thr: See `mmuldor.functional.boxes_3d.without_repeats`.
    """
    kept = np.zeros(len(detections.scores), dtype=bool)
    for volume in np.unique(detections.volumes):
        rows = np.flatnonzero(detections.volumes == volume)
        boxes, scores = detections.boxes_mm[rows], detections.scores[rows]
        kept[rows[without_repeats(boxes, scores, iou_thr)]] = True
    return replace(
        detections,
        volumes=detections.volumes[kept],
        boxes_mm=detections.boxes_mm[kept],
        scores=detections.scores[kept],
    )


def find_lesion_files(paths: Iterable[str | os.PathLike]) -> list[Path]:
    """Files as they are, and each `lesions.json` at any depth of folders.

    Raises:
        FileNotFoundError: If a path is not there or a folder has none.
    """
    found = []
    for path in map(Path, paths):
        inside = sorted(path.rglob(LESIONS_NAME)) if path.is_dir() else [path]
        if not inside or not path.exists():
            raise FileNotFoundError(
                f'the detections must be {LESIONS_NAME} files or folders '
                f'with some, but got {str(path)!r}. Create them with '
                f'`{MAKE_COMMAND}`.'
            )
        found += inside
    return found


def load_volume_detections(
    paths: Iterable[str | os.PathLike], volumes: Sequence[TrueVolume]
) -> VolumeDetections:
    """Read the detections of volumes, one file per volume.

    A file belongs to the volume of the name of its `source`, else of its own
    folder. Boxes of a scan on another grid than its volume's are moved there
    through the patient's coordinates.

    Args:
        paths: Files, or folders with `lesions.json` files at any depth.
        volumes: The volumes that are evaluated.

    Raises:
        FileNotFoundError: If a path is wrong, or a volume has no file.
        ValueError: Names the file that is wrong, that comes twice, or that
            lies elsewhere than its volume.
    """
    position = {volume.name: k for k, volume in enumerate(volumes)}
    taken: dict[int, Path] = {}
    provenance: dict[str, dict[str, Any]] = {}
    rows, unused = [], 0
    for path in find_lesion_files(paths):
        document = _document(path)
        name = _name(document, path, position)
        if name is None:
            unused += 1
            continue
        index = position[name]
        if index in taken:
            raise ValueError(
                f'{path}: volume {name!r} must come once, but also comes in '
                f'{taken[index]}.'
            )
        taken[index] = path
        stated = document.get('provenance')
        provenance[str(path)] = stated if isinstance(stated, dict) else {}
        boxes, scores = _detections(document, path, volumes[index])
        rows.append((np.full(len(scores), index), boxes, scores))
    lacking = [v.name for k, v in enumerate(volumes) if k not in taken]
    if lacking:
        raise FileNotFoundError(
            f'every volume must have its detections, but {len(lacking)} of '
            f'{len(volumes)} have none: {", ".join(lacking[:5])}. Run '
            f'`{MAKE_COMMAND}` on each; of a scan without detections it '
            'writes an empty list.'
        )
    columns = (np.concatenate(part) for part in zip(*rows, strict=True))
    indices, boxes, scores = columns
    return VolumeDetections(
        indices.astype(np.int64), boxes, scores, unused, provenance
    )


def true_boxes(
    source: str | os.PathLike,
    grid: VolumeGrid,
    volumes: Sequence[TrueVolume],
) -> np.ndarray | None:
    """Boxes of a scan's true lesions, along the axes of the scan.

    Args:
        source: File or folder of the scan.
        grid: Where its voxels lie.
        volumes: Volumes with true lesions; the scan's has its name.

    Returns:
        (m, 6) float64; None if no volume has that name.

    Raises:
        ValueError: If the volume lies elsewhere than the scan.
    """
    known = {volume.name: volume for volume in volumes}
    name = next((n for n in _scan_names(source) if n in known), None)
    if name is None:
        return None
    volume = known[name]
    if _is_on(grid, volume):
        return volume.boxes_mm
    matrix = np.linalg.inv(_scan_to_volume(grid, volume, str(source)))
    return transformed_boxes(volume.boxes_mm, matrix)


def _scan_names(source: str | os.PathLike) -> tuple[str, str]:
    """What the volume of a scan may be called."""
    name = PurePath(source).name
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name, name.removesuffix('_0000')


def _is_on(grid: VolumeGrid, volume: TrueVolume) -> bool:
    """Whether a grid has the voxels of a volume, at the same places.

    Where one of both does not say its place, shape and spacing decide.
    """
    own = volume.grid
    if grid.shape != own.shape or not np.allclose(
        grid.spacing_mm, own.spacing_mm, rtol=1e-3
    ):
        return False
    affines = _stated_affine(grid), _stated_affine(own)
    if affines[0] is None or affines[1] is None:
        return True
    ends = np.indices((2, 2, 2)).reshape(3, 8)
    ends = ends * (np.array(own.shape[::-1]) - 1)[:, None]
    corners = np.vstack([ends, np.ones(8)])
    apart = np.linalg.inv(affines[1]) @ (affines[0] - affines[1]) @ corners
    return bool(np.abs(apart).max() <= _SAME_VOXELS)


def _stated_affine(grid: VolumeGrid) -> Floats | None:
    """Where a grid lies; None where nothing says it, as of PNG slices.

    Their first slice, at the head, gets its first pixel at the patient's
    origin (`mmuldor.scans.png_series`).
    """
    assumed = np.diag([*grid.spacing_mm, 1.0])
    assumed[2, 3] = -(grid.shape[0] - 1) * grid.spacing_mm[2]
    if grid.affine is None or np.allclose(grid.affine, assumed, atol=1e-6):
        return None
    return grid.affine


def _document(path: Path) -> dict[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict) or 'lesions' not in document:
        raise ValueError(
            f'{path} must be a {LESIONS_NAME}, an object with `lesions`. '
            f'Create it with `{MAKE_COMMAND}`.'
        )
    return document


def _name(
    document: dict[str, Any], path: Path, known: dict[str, int]
) -> str | None:
    """The volume's name that a file belongs to, None for another one's."""
    names = (
        *_scan_names(str(document.get('source', ''))),
        Path(os.path.realpath(path)).parent.name,
    )
    return next((name for name in names if name in known), None)


def _detections(
    document: dict[str, Any], path: Path, volume: TrueVolume
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes along the volume's axes, (n, 6), and scores, (n,)."""
    where = str(path)
    boxes = read_boxes(document, where)
    scores = [lesion.get('score') for lesion in document['lesions']]
    for number, score in enumerate(scores):
        if not is_finite(score):
            raise ValueError(
                f'{where}: lesions[{number}]: `score` must be a finite '
                f'number, but got {shortened(score)}.'
            )
    grid = VolumeGrid.of(document, where)
    if not _is_on(grid, volume):
        boxes = transformed_boxes(boxes, _scan_to_volume(grid, volume, where))
    return boxes, np.array(scores, dtype=np.float64)


def _scan_to_volume(
    grid: VolumeGrid, volume: TrueVolume, where: str
) -> np.ndarray:
    """From mm along the axes of a scan to those of the volume, (4, 4)."""
    if grid.affine is None or volume.grid.affine is None:
        raise ValueError(
            f'{where} must be of the grid of volume {volume.name!r}, '
            f'{volume.grid.shape} voxels, or say `affine_lps`, but is of '
            f'{grid.shape} and does not. Run the detector on the same file.'
        )
    matrix = np.linalg.inv(volume.grid.to_patient()) @ grid.to_patient()
    (extent,) = transformed_boxes([_extent(grid)], matrix)
    own = _extent(volume.grid)
    if (extent[:3] >= own[3:]).any() or (extent[3:] <= own[:3]).any():
        raise ValueError(
            f'{where} must be of a scan that lies where volume '
            f'{volume.name!r} lies, but the two have no part in common. PNG '
            'slices do not say where they lie: run the detector on '
            f'{volume.file or "the volume"}.'
        )
    return matrix


def _extent(grid: VolumeGrid) -> np.ndarray:
    """The box of a grid along its own axes in mm, (6,)."""
    ends = np.array(grid.shape[::-1]) - 0.5
    return np.concatenate([[-0.5] * 3, ends]) * np.tile(grid.spacing_mm, 2)
