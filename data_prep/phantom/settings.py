"""Every number that decides how the phantom looks and how hard it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Difficulty:
    """Contrast, noise, texture and number of the lesions and confusers.

    Lengths in mm, densities in HU; a pair is the range of a uniform draw.
    Lesions and confusers share sizes and densities on purpose. What tells a
    lesion apart is `lesion_texture_hu`, `lesion_rim_hu`, `irregularity`,
    `edge_softness_mm` and that it shrinks in place in the next slices.
    """

    # Lesions: size. The smallest fifth of the real ones is left out: at
    # 1.2 mm a pixel they are too few pixels for a detector this small.
    min_long_mm: float = 11.0
    max_long_mm: float = 70.0
    lesions_per_image: float = 1.02
    # Lesions: density. In the lung and in fat the absolute density, in an
    # organ the difference to it.
    lung_lesion_hu: tuple[float, float] = (-60.0, 70.0)
    fat_lesion_hu: tuple[float, float] = (25.0, 95.0)
    liver_contrast_hu: tuple[float, float] = (-85.0, -45.0)
    kidney_contrast_hu: tuple[float, float] = (-120.0, -70.0)
    muscle_contrast_hu: tuple[float, float] = (35.0, 70.0)
    bone_contrast_hu: tuple[float, float] = (-190.0, -110.0)
    # Lesions: look.
    lesion_texture_hu: float = 60.0
    lesion_texture_mm: float = 3.0
    lesion_rim_hu: tuple[float, float] = (60.0, 110.0)
    lesion_core_hu: tuple[float, float] = (-110.0, -50.0)
    irregularity: tuple[float, float] = (0.10, 0.20)
    spiculation: tuple[float, float] = (0.10, 0.30)
    edge_softness_mm: tuple[float, float] = (0.5, 1.3)
    # Confusers: smooth, homogeneous, sharp.
    confusers_per_image: tuple[int, int] = (3, 6)
    confuser_max_mm: float = 30.0
    vessel_tilt_deg: tuple[float, float] = (12.0, 55.0)
    # The scanner.
    noise_hu: tuple[float, float] = (7.0, 17.0)
    noise_grain_mm: float = 0.62
    blur_mm: float = 0.5
    organ_texture: float = 1.0


def change_difficulty(base: Difficulty, changes: Iterable[str]) -> Difficulty:
    """Change knobs by text, `lesion_texture_hu=60` or `noise_hu=5,9`.

    Raises:
        ValueError: If a name is unknown or a value has another form.
    """
    known = {field.name: getattr(base, field.name) for field in fields(base)}
    new = {}
    for change in changes:
        name, equals, text = change.partition('=')
        if not equals or name not in known:
            raise ValueError(
                'a change of difficulty must be NAME=VALUE with one of the '
                f'names {", ".join(known)}, but got {change!r}.'
            )
        new[name] = _parse_like(name, known[name], text)
    return replace(base, **new)


def _parse_like(name: str, old: float | tuple, text: str) -> float | tuple:
    """A number, or a rising pair of them, of the kind of `old`."""
    size = len(old) if isinstance(old, tuple) else 1
    kind = type(old[0] if isinstance(old, tuple) else old)
    try:
        values = tuple(kind(part) for part in text.split(','))
    except ValueError:
        values = ()
    if len(values) != size or list(values) != sorted(values):
        form = 'one number' if size == 1 else 'two rising numbers, LOW,HIGH'
        raise ValueError(f'{name} must be {form}, but got {text!r}.')
    return values if isinstance(old, tuple) else values[0]


@dataclass(frozen=True)
class Settings:
    """One dataset: numbers of images and lesions, and how it is written."""

    size: int = 512
    neighbours: int = 3
    unannotated: float = 0.0
    clipped_range_share: float = 0.008  # key slices at their range's end
    difficulty: Difficulty = Difficulty()


# Long diameter in mm and short / long at these quantiles, and the angle that
# the diameters lack to 90 degrees: 5,983 rows of DeepLesion's CSV.
QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
LONG_MM = (2.5, 3.2, 5.4, 7.8, 12.3, 19.1, 30.7, 48.7, 63.9, 107.2, 150.0)
SHORT_RATIO = (
    0.2, 0.28, 0.42, 0.49, 0.61, 0.75, 0.86, 0.94, 0.97, 1.0, 1.0,
)  # fmt: skip
SKEW_DEG_QUANTILES = (0.0, 0.45, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
SKEW_DEG = (0.0, 0.0, 0.26, 2.9, 6.0, 8.6, 13.8, 16.0)
