"""Stand-in for mmcv's compiled operators where they are missing.

``import mmuldor`` registers it; mmcv then finds it under the name
``mmcv._ext``, after every real extension. Importing this package loads neither
torch nor any mm* package.
"""

from mmuldor.ops.info import backend, log_backend

__all__ = ['backend', 'log_backend']
