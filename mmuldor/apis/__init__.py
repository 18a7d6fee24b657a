"""What the tools call."""

from mmuldor.apis.detector import LesionDetector
from mmuldor.apis.mining import mine_hard_negatives
from mmuldor.apis.runs import (
    evaluate_detector,
    load_config,
    tested_annotations,
    train_detector,
)
from mmuldor.functional.lesions import Lesion, SliceDetection

__all__ = [
    'Lesion',
    'LesionDetector',
    'SliceDetection',
    'evaluate_detector',
    'load_config',
    'mine_hard_negatives',
    'tested_annotations',
    'train_detector',
]
