"""Which folders a wheel holds; everything else is in pyproject.toml.

A clone keeps `tools` and `data_prep` beside `mmuldor`. A wheel has them inside
it, as `mmuldor.tools` and `mmuldor.data_prep`, so that they take no common
names in site-packages: `python -m mmuldor.tools.froc --help`.
"""

from setuptools import find_packages, setup

commands = find_packages(include=['tools*', 'data_prep*'])
setup(
    packages=[
        *find_packages(include=['mmuldor*']),
        *(f'mmuldor.{name}' for name in commands),
    ],
    package_dir={'mmuldor.tools': 'tools', 'mmuldor.data_prep': 'data_prep'},
)
