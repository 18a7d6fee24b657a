"""How a detector ran on volumes: what the scores of its lesions depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mmuldor.commands import command_line
from mmuldor.io.json_values import is_finite, shortened

# In messages.
_NAMES = {
    'score_thr': 'score threshold of slices',
    'step_mm': '--step-mm',
    'views': 'views of --tta',
    'config_sha256': 'config (SHA-256)',
    'checkpoint_sha256': 'checkpoint (SHA-256)',
}


@dataclass(frozen=True)
class RunSettings:
    """How a detector ran; None is unknown, or not used.

    Attributes:
        score_thr: Detections of slices below it were discarded before they
            were joined to lesions.
        step_mm: Distance of the slices it ran on; None: every slice.
        views: Views that were averaged (``--tta``); None: one.
        config_sha256: Of its config.
        checkpoint_sha256: Of its weights.
    """

    score_thr: float | None = None
    step_mm: float | None = None
    views: Mapping[str, Any] | None = None
    config_sha256: str | None = None
    checkpoint_sha256: str | None = None

    @classmethod
    def of_provenance(cls, provenance: Mapping[str, Any]) -> RunSettings:
        """From `provenance` of a `lesions.json`; what is malformed is None."""
        # Thresholds differ where a calibration chose that of the lesions.
        score_thr = provenance.get(
            'slice_score_thr', provenance.get('score_thr')
        )
        return cls.of(
            {
                'score_thr': score_thr,
                'step_mm': provenance.get('step_mm'),
                'views': provenance.get('views'),
                'config_sha256': _sha256(provenance, 'config'),
                'checkpoint_sha256': _sha256(provenance, 'checkpoint'),
            }
        )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> RunSettings:
        """From a group of a JSON file; what is malformed is None."""
        views = values.get('views')
        return cls(
            _number(values.get('score_thr')),
            _number(values.get('step_mm')),
            views if isinstance(views, dict) else None,
            _text(values.get('config_sha256')),
            _text(values.get('checkpoint_sha256')),
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def differences(self, other: RunSettings) -> list[str]:
        """What differs, one text each; hashes only where both are known."""
        found = []
        for key, name in _NAMES.items():
            mine, theirs = getattr(self, key), getattr(other, key)
            unknown = key.endswith('sha256') and None in (mine, theirs)
            if mine != theirs and not unknown:
                values = [
                    'none' if value is None else shortened(value)
                    for value in (mine, theirs)
                ]
                found.append(f'{name} {values[0]}, here {values[1]}')
        return found


def common_settings(
    runs: Mapping[str, Mapping[str, Any]],
) -> RunSettings | None:
    """The settings of all runs of a detector.

    Args:
        runs: `provenance` of each run by its file; empty where a file does
            not state it.

    Returns:
        None where none states it.

    Raises:
        ValueError: If two runs differ.
    """
    known = {
        file: RunSettings.of_provenance(run)
        for file, run in runs.items()
        if 'score_thr' in run
    }
    if not known:
        return None
    first, settings = next(iter(known.items()))
    for file, other in known.items():
        differences = settings.differences(other)
        if differences:
            raise ValueError(
                f'{file} must be of the same settings as {first}, but they '
                f'differ: {"; ".join(differences)}. Run '
                f'`{command_line("infer")}` on all volumes with the same '
                'arguments.'
            )
    if len(known) < len(runs):
        file = next(file for file in runs if file not in known)
        raise ValueError(
            f'{file} must state its settings in `provenance`, as {first} '
            f'does. Run `{command_line("infer")}` on it again.'
        )
    return settings


def _number(value: Any) -> float | None:
    return float(value) if is_finite(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _sha256(provenance: Mapping[str, Any], key: str) -> Any:
    file = provenance.get(key)
    return file.get('sha256') if isinstance(file, dict) else None
