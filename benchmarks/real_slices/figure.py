"""The curves of the arms."""

from __future__ import annotations

from pathlib import Path

from benchmarks.real_slices.evaluation import evaluate_arms
from benchmarks.real_slices.training import Places
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.visualization.panels import save_figure


def draw_curves(document: dict, places: Places, out: Path) -> None:
    """FROC of all folds of each arm as one evaluation.

    Args:
        document: From `key_slices`.
        places: Where the detections of the folds are.
        out: The PNG file.
    """
    truth = GroundTruth.of(document, Path('the key slices'))
    found = evaluate_arms(truth, places)
    curves = {name: one.curve for name, one in found.items()}
    save_figure(froc_figure(curves), out)
