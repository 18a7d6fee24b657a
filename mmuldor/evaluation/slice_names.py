"""Names of DeepLesion's slices, as tools write them, and what they say."""

from __future__ import annotations

import re

# `000001_01_01_109.png` in DL_info.csv, `000001_01_01/109.png` in Images_png;
# other tools put folders in front and write other kinds of images.
_NAME = re.compile(
    r'(?:.*[/\\])?((\d{6})_\d{2}_\d{2})[_/\\](\d{3,9})\.[a-z.]{2,7}',
    re.ASCII | re.IGNORECASE | re.DOTALL,
)


def slice_name(file_name: str) -> str | None:
    """`000001_01_01/109.png` of any spelling; None where it is no slice."""
    match = _NAME.fullmatch(file_name)
    return f'{match[1]}/{match[3]}.png' if match else None


def patient_number(file_name: str) -> int | None:
    """DeepLesion's patient, the first six digits; None if it is no slice."""
    match = _NAME.fullmatch(file_name)
    return int(match[2]) if match else None
