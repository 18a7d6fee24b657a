"""mmuldor: universal lesion detection in CT with MMDetection."""

from mmuldor.ops.finder import install_finder

__version__ = '0.1.0'

install_finder()
