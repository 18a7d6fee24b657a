"""mmcv's own operators, compiled where that is possible."""

import shutil

import pytest


@pytest.fixture(scope='session')
def compiled():
    """The module of mmcv's own NMS and RoIAlign for the CPU.

    Built once for each version of mmcv and torch, which takes a minute.
    """
    from benchmarks.build_ops import build
    from mmuldor.ops.info import compiled_operators

    for tool in ('c++', 'ninja'):
        if shutil.which(tool) is None:
            pytest.skip(f'mmcv cannot be compiled: there is no {tool}')
    try:
        return compiled_operators(build())
    except RuntimeError as error:
        pytest.skip(f'mmcv cannot be compiled: {error}')
