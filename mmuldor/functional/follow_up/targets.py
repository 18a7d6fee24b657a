"""Target lesions by RECIST 1.1 (Eisenhauer et al., Eur. J. Cancer 2009).

A target is measurable at baseline: a long axis of at least 10 mm, or, for
lymph nodes, a short axis of at least 15 mm. In slices thicker than 5 mm the
long axis is at least two slices. Bone is left out: whether it has soft tissue
that can be measured, a detector does not say. Up to five, two an organ. RECIST
chooses them by size and by how well they can be measured again; here size
alone decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TARGETS, MAX_PER_ORGAN = 5, 2
MIN_LONG_MM, MIN_NODE_SHORT_MM = 10.0, 15.0
# Above this, the minimum is twice the distance of slices.
THIN_MM = 5.0


@dataclass(frozen=True)
class Diameters:
    """What RECIST asks of a lesion.

    Attributes:
        long_mm: Long axis; None if it was not measured.
        short_mm: Short axis; None if it was not measured.
        organ: Organ or lesion type; None if unknown.
    """

    long_mm: float | None
    short_mm: float | None
    organ: str | None = None

    @property
    def is_node(self) -> bool:
        """Whether its organ says that it is a lymph node."""
        name = (self.organ or '').lower()
        return 'lymph' in name or 'node' in name.split()

    @property
    def axis(self) -> str:
        """The axis that counts: 'short' for nodes, else 'long'."""
        return 'short' if self.is_node else 'long'

    def along(self, axis: str) -> float | None:
        """The diameter along 'long' or 'short'."""
        return self.short_mm if axis == 'short' else self.long_mm

    def is_measurable(self, slice_mm: float) -> bool:
        """Whether it can be a target, in slices at this distance."""
        size = self.along(self.axis)
        if size is None or (self.organ or '').lower() == 'bone':
            return False
        least = MIN_NODE_SHORT_MM
        if not self.is_node:
            least = MIN_LONG_MM if slice_mm <= THIN_MM else 2 * slice_mm
        return size >= least


def choose_targets(lesions: Sequence[Diameters], slice_mm: float) -> list[int]:
    """Indices of the target lesions at baseline, the largest first.

    Args:
        lesions: All lesions of the baseline; of equal ones the first wins.
        slice_mm: Distance of slices.
    """
    sizes = {
        k: lesion.along(lesion.axis) or 0.0
        for k, lesion in enumerate(lesions)
        if lesion.is_measurable(slice_mm)
    }
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    for k in sorted(sizes, key=lambda k: (-sizes[k], k)):
        organ = lesions[k].organ
        if len(chosen) == MAX_TARGETS:
            break
        if organ is not None and taken[organ] == MAX_PER_ORGAN:
            continue
        if organ is not None:
            taken[organ] += 1
        chosen.append(k)
    return chosen
