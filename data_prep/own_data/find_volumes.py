"""Find the volumes of a folder, and the mask of each."""

from __future__ import annotations

import os
from pathlib import Path

from mmuldor.io.json_values import is_inside_name
from mmuldor.io.paths import existing_folder

from .patients import plain_name

_SUFFIXES = ('.nii', '.nii.gz')
# nnU-Net's images carry the number of their channel, its labels do not.
_CHANNEL = '_0000'


def find_volumes_with_masks(
    images: str | os.PathLike, masks: str | os.PathLike
) -> dict[str, tuple[Path, Path]]:
    """Volume and mask by name, in the order of names.

    A mask has the name of its volume; a volume may end in `_0000` more, as
    nnU-Net has it.

    Raises:
        FileNotFoundError: If a folder or a mask is missing.
        ValueError: If a name comes twice, or a mask has no volume.
    """
    volumes = _by_name(Path(images), '--images')
    labels = _by_name(Path(masks), '--masks')
    pairs = {}
    for name, path in volumes.items():
        short = name.removesuffix(_CHANNEL)
        name = name if name in labels else short
        if name in pairs:
            raise ValueError(f'{path}: there are two volumes of {name!r}.')
        if name in labels:
            pairs[name] = (path, labels.pop(name))
        else:
            raise FileNotFoundError(
                f'{path} must have a mask of the same name in {masks}, but '
                f'there is neither {name}.nii nor {name}.nii.gz. Of a scan '
                'without lesions, give a mask of zeros.'
            )
    if labels:
        raise ValueError(
            f'every mask must have its volume, but {len(labels)} have none, '
            f'for example {next(iter(labels.values()))}.'
        )
    return dict(sorted(pairs.items()))


def _by_name(folder: Path, option: str) -> dict[str, Path]:
    existing_folder(folder, f'`{option}`')
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith('.') or not path.name.lower().endswith(
            _SUFFIXES
        ):
            continue
        name = plain_name(path.name)
        # Slices get it as the name of their folder, in JSON.
        if not is_inside_name(name):
            raise ValueError(
                f'{path}: the name must be UTF-8, without a drive or \\ in '
                'front. Rename the file, and its mask.'
            )
        if name in found:
            raise ValueError(
                f'{path}: names must differ without their suffix too, but '
                f'there is also {found[name].name}.'
            )
        found[name] = path
    if not found:
        raise FileNotFoundError(
            f'`{option}` must be a folder with .nii or .nii.gz files, but '
            f'{str(folder)!r} has none.'
        )
    return found
