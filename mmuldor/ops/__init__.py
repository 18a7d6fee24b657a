"""Stand-in for mmcv's compiled operators where mmcv has none.

``import mmuldor`` registers it under the name ``mmcv._ext``, with a lower
priority than a real extension. Importing this package loads neither torch nor
any OpenMMLab package.
"""

from mmuldor.ops.info import backend, log_backend

__all__ = ['backend', 'log_backend']
