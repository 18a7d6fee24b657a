"""Functions behind the command-line tools.

Importing this package makes MMEngine read checkpoints safely, the weights of
bundles among them, and makes proposals and RoI features independent of memory
layout and dtype of the maps.
"""

import mmuldor.models  # noqa: F401
from mmuldor.apis.bundle.load import ModelBundle, checkpoint_of, load_bundle
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.mining import mine_hard_negatives
from mmuldor.apis.testing import evaluate_detector, tested_annotations
from mmuldor.apis.training import train_detector
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.upstream.checkpoint_loaders import guard_checkpoints
from mmuldor.upstream.safe_checkpoints import read_also

guard_checkpoints()
read_also(checkpoint_of)

__all__ = [
    'Lesion',
    'LesionDetector',
    'ModelBundle',
    'SliceDetection',
    'evaluate_detector',
    'load_bundle',
    'load_config',
    'mine_hard_negatives',
    'tested_annotations',
    'train_detector',
]
