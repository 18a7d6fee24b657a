"""Whether a series still grows."""

from __future__ import annotations


class Resting:
    """Observes how many instances series have.

    Args:
        rest_s: A series whose number does not change for so long is whole.
    """

    def __init__(self, rest_s: float) -> None:
        self._rest_s = rest_s
        self._seen: dict[str, tuple[int, float]] = {}

    def rests(self, uid: str, count: int, now_s: float) -> bool:
        """Whether a series is whole, by all observations.

        Args:
            uid: SeriesInstanceUID.
            count: Number of instances now.
            now_s: Of a clock that never goes back.
        """
        before = self._seen.get(uid)
        if before is None or before[0] != count:
            self._seen[uid] = (count, now_s)
            return count > 0 and self._rest_s == 0
        return count > 0 and now_s - before[1] >= self._rest_s

    def forget(self, uid: str) -> None:
        """End the observation of a series."""
        self._seen.pop(uid, None)
