"""mmuldor: universal lesion detection in CT with MMDetection."""

from mmuldor.ops.finder import install_finder
from mmuldor.upstream.on_import.config_prefix import know_own_configs
from mmuldor.upstream.on_import.start_notices import hide_start_notices

__version__ = '0.1.0'

install_finder()
know_own_configs()
hide_start_notices()
