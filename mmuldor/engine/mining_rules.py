"""The mining rules that a config may name.

They are registered here, since `mining` does not import MMEngine.
"""

from mmuldor.mining.rule import MiningRule
from mmuldor.registry import TASK_UTILS

__all__ = ['MiningRule']

TASK_UTILS.register_module(module=MiningRule)
