"""What the tools call.

Importing it makes MMEngine read checkpoints safely, and RoI features
independent of the layout and type of the maps, whatever the config imports.
"""

import mmuldor.models  # noqa: F401
from mmuldor.apis.checkpoints import guard_checkpoints
from mmuldor.apis.configs import load_config
from mmuldor.apis.detector import LesionDetector
from mmuldor.apis.mining import mine_hard_negatives
from mmuldor.apis.runs import (
    evaluate_detector,
    tested_annotations,
    train_detector,
)
from mmuldor.functional.lesions import Lesion, SliceDetection

guard_checkpoints()

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
