"""The curves of the arms."""

from __future__ import annotations

from pathlib import Path

from benchmarks.real_slices.evaluation import load_detections
from benchmarks.real_slices.plan import ARMS
from benchmarks.real_slices.training import Places
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.slice_froc import evaluate_slices
from mmuldor.visualization.panels import save_figure


def draw_curves(document: dict, places: Places, out: Path) -> None:
    """FROC of all folds of each arm as one evaluation.

    Args:
        document: From `key_slices`.
        places: Where the detections of the folds are.
        out: The PNG file.
    """
    truth = GroundTruth.of(document, Path('the key slices'))
    curves = {
        arm.name: evaluate_slices(truth, load_detections(arm, places)).curve
        for arm in ARMS
    }
    save_figure(froc_figure(curves), out)
