"""Which folders a wheel holds; everything else is in pyproject.toml.

A clone keeps `tools`, `data_prep` and `configs` beside `mmuldor`. A wheel has
them inside it, as `mmuldor.tools`, `mmuldor.data_prep` and `mmuldor/.mim`
(OpenMMLab's place for configs), so that they take no common names in
site-packages: `python -m mmuldor.tools.froc --help`, `mmuldor froc --help`.
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

commands = find_packages(include=['tools*', 'data_prep*'])


class BuildWithConfigs(build_py):
    """Copies the configs and their index, too."""

    def run(self) -> None:
        """Build; an editable install reads the clone's configs."""
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib, 'mmuldor', '.mim')
        ignore = shutil.ignore_patterns('__pycache__')
        shutil.copytree(
            'configs', place / 'configs', ignore=ignore, dirs_exist_ok=True
        )
        shutil.copy('model-index.yml', place)


setup(
    packages=[
        *find_packages(include=['mmuldor*']),
        *(f'mmuldor.{name}' for name in commands),
    ],
    package_dir={'mmuldor.tools': 'tools', 'mmuldor.data_prep': 'data_prep'},
    cmdclass={'build_py': BuildWithConfigs},
)
