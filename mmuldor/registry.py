"""Registries of mmuldor, children of MMEngine's roots.

With the root as parent (and not mmdet's registries) ``type='mmuldor.X'``
resolves from every scope, also inside dicts inherited from ``mmdet::``.
"""

from mmengine.registry import DATA_SAMPLERS as ROOT_DATA_SAMPLERS
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import HOOKS as ROOT_HOOKS
from mmengine.registry import LOOPS as ROOT_LOOPS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import OPTIM_WRAPPERS as ROOT_OPTIM_WRAPPERS
from mmengine.registry import TASK_UTILS as ROOT_TASK_UTILS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT_INITIALIZERS
from mmengine.registry import Registry


def _child(root: Registry, *modules: str) -> Registry:
    """A child of ``root`` that imports ``modules`` at its first use."""
    locations = [f'mmuldor.{module}' for module in modules]
    return Registry(
        root.name, parent=root, scope='mmuldor', locations=locations
    )


DATASETS = _child(ROOT_DATASETS, 'datasets')
DATA_SAMPLERS = _child(ROOT_DATA_SAMPLERS, 'datasets.samplers')
TRANSFORMS = _child(ROOT_TRANSFORMS, 'datasets.transforms')
METRICS = _child(ROOT_METRICS, 'evaluation.metrics')
HOOKS = _child(ROOT_HOOKS, 'engine.hooks')
LOOPS = _child(ROOT_LOOPS, 'engine.runner')
MODELS = _child(ROOT_MODELS, 'models')
TASK_UTILS = _child(ROOT_TASK_UTILS, 'engine.mining_rules', 'models')
OPTIM_WRAPPERS = _child(ROOT_OPTIM_WRAPPERS, 'engine.optimizers')
WEIGHT_INITIALIZERS = _child(ROOT_INITIALIZERS, 'models')
