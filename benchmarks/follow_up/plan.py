"""Which pairs are measured, and what a detector is simulated to do."""

from __future__ import annotations

from dataclasses import dataclass

from data_prep.phantom.follow_up.settings import PairSettings

# The thresholds of the matching were chosen on seeds below 1000.
FIRST_SEED = 1000
PAIRS = 100
SETTINGS = PairSettings(size=192)
# With a trained detector: pairs of the first seeds, slices as the demo's model
# knows them, and the score from which on `make demo` shows lesions.
TRAINED_PAIRS, TRAINED_SIZE, TRAINED_SCORE = 20, 384, 0.8
# What is wanted of true boxes.
MATCHED, WRONG, SECONDS = 0.95, 0.02, 120.0


@dataclass(frozen=True)
class Detector:
    """A simulated detector; no detector was run.

    Attributes:
        name: Row of the tables.
        sensitivity: Share of the lesions of a scan that it finds, each
            independently.
        false_positives: Mean number a scan, anywhere in the body (Poisson).
        center_mm: Standard deviation of its centres along each axis.
        size: Standard deviation of the logarithm of its diameters.
    """

    name: str
    sensitivity: float
    false_positives: float
    center_mm: float
    size: float


TRUE_BOXES = Detector('true boxes', 1.0, 0.0, 0.0, 0.0)
DETECTORS = (
    TRUE_BOXES,
    Detector('simulated, 0.9 at 1 FP', 0.9, 1.0, 1.5, 0.1),
    Detector('simulated, 0.8 at 4 FPs', 0.8, 4.0, 2.0, 0.15),
)
