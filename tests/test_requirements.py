"""Pins and the ranges of the package's metadata say the same."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

tomllib = pytest.importorskip('tomllib', reason='Python 3.10 has no tomllib')
ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
EXTRAS = PROJECT['optional-dependencies']


def pins(name):
    """Requirements of a file by name."""
    lines = (ROOT / name).read_text().splitlines()
    found = [Requirement(t) for t in lines if t and not t.startswith('#')]
    return {r.name.lower(): r for r in found}


@pytest.mark.parametrize(
    ('file', 'ranges'),
    [
        ('requirements.txt', PROJECT['dependencies']),
        ('requirements-dev.txt', EXTRAS['test']),
        ('requirements-docs.txt', EXTRAS['docs']),
    ],
)
def test_every_pin_is_in_the_range_of_the_package(file, ranges):
    allowed = {r.name.lower(): r for r in map(Requirement, ranges)}
    pinned = pins(file)
    assert set(pinned) == set(allowed)
    for name, pin in pinned.items():
        (version,) = (s.version for s in pin.specifier)
        assert allowed[name].specifier.contains(version), name
