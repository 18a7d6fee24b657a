"""Tracking UIDs: what a lesion is called in all reports about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike


def tracking_uids(
    series_uid: str | None, centers_mm: Iterable[ArrayLike]
) -> list[str | None]:
    """The tracking UID of each lesion of a series.

    A lesion is known by its series and by its place in whole mm, not by its
    number: the same scan gives the same UIDs once more, also with another
    threshold, and two detectors that find other lesions give other UIDs.

    Args:
        series_uid: SeriesInstanceUID; None if the scan is no DICOM series.
        centers_mm: Centre of each lesion in patient coordinates, (3,) each.

    Returns:
        A UID each; None each without a series.
    """
    places = [
        ','.join(str(int(value)) for value in np.rint(center))
        for center in centers_mm
    ]
    if series_uid is None:
        return [None] * len(places)
    from pydicom.uid import generate_uid

    # Of several at one place, the second has another UID than the first.
    seen: Counter[str] = Counter()
    uids: list[str | None] = []
    for place in places:
        seen[place] += 1
        words = ['lesion', series_uid, place, str(seen[place])]
        uids.append(str(generate_uid(entropy_srcs=words)))
    return uids
