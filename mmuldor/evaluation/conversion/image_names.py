"""Which image of an annotation file a foreign name means."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ENDINGS = re.compile(r'\.(png|jpe?g|tiff?|bmp|txt|nii|nii\.gz)$', re.I)


class ImageNames:
    """Finds images by names from other tools.

    Folders may be joined by `_` instead of `/`, as DeepLesion's CSV has them,
    suffixes may be missing or others, and there may be more or fewer folders
    in front. `Images_png/000001_01_01/109.png`, `000001_01_01_109.jpg` and,
    where it is the only one, `109` all are `000001_01_01/109.png`.

    Args:
        images: Id by `file_name`, of the annotation file.
    """

    def __init__(self, images: Mapping[str, int]) -> None:
        self._whole: dict[str, int] = {}
        self._ends: dict[str, set[str]] = {}
        for name, number in images.items():
            key, *shorter = _keys(name)
            if self._whole.setdefault(key, number) != number:
                raise ValueError(
                    'file names of the annotation file must differ without '
                    f'suffix and with _ for /, but {name!r} comes twice.'
                )
            for end in shorter:
                self._ends.setdefault(end, set()).add(key)

    def find(self, name: str) -> int:
        """The id of the image.

        Raises:
            ValueError: If there is none, or more than one.
        """
        keys = _keys(name)
        # Longest first: folders in front of ours do not matter.
        for key in keys:
            if key in self._whole:
                return self._whole[key]
        found = self._ends.get(keys[0], set())
        if len(found) == 1:
            return self._whole[next(iter(found))]
        if found:
            some = ', '.join(sorted(found)[:3])
            raise ValueError(
                f'must name one image of the annotation file, but {name!r} '
                f'may be any of {len(found)}: {some}, ... Give the folder '
                'too.'
            )
        some = next(iter(self._whole), 'nothing')
        raise ValueError(
            f'must name an image of the annotation file, such as {some!r}, '
            f'but got {name!r}.'
        )


def _keys(name: str) -> list[str]:
    """A name without suffix, whole and without its first folders.

    Folders are joined by `_`; the longest comes first.
    """
    name = _ENDINGS.sub('', name.strip().replace('\\', '/'))
    parts = [part for part in name.split('/') if part not in ('', '.')]
    return ['_'.join(parts[k:]) for k in range(len(parts))] or ['']
