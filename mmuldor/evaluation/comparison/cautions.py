"""What a reader of a comparison must be warned of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Below these, normal approximations and the bootstrap are too optimistic.
LEAST_PATIENTS = 50
LEAST_MISSED = 10


def cautions(
    rows: Sequence[Mapping], patients: int, lesions: int, unit: str
) -> list[str]:
    """Warnings, a sentence each.

    Args:
        rows: Of the comparison.
        patients: Number of patients that are resampled.
        lesions: Number of lesions.
        unit: What is resampled, after its number in a sentence.
    """
    found = []
    if patients < LEAST_PATIENTS:
        found.append(
            f'Only {patients:,} {unit}: with fewer than {LEAST_PATIENTS} '
            'intervals are too narrow and p-values too small.'
        )
    for row in rows:
        share = row['mean']
        share = row['max_sensitivity'] if share is None else share
        missed = lesions * (1 - share)
        if missed < LEAST_MISSED:
            found.append(
                f'{row["name"]} misses about {missed:.0f} lesions: with '
                f'fewer than {LEAST_MISSED} its intervals are not reliable.'
            )
    return found
