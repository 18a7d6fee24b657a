"""mmuldor: universal lesion detection in CT with MMDetection."""

from mmuldor.ops.finder import install_finder
from mmuldor.upstream.onedl_notice import hide_onedl_notice

__version__ = '0.1.0'

install_finder()
hide_onedl_notice()
