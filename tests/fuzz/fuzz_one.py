"""Fuzz one target with atheris; see run.py.

python tests/fuzz/fuzz_one.py TARGET CORPUS [options of libFuzzer]
"""

import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import atheris

with atheris.instrument_imports(include=['mmuldor', 'data_prep', 'nibabel']):
    from tests.fuzz.targets import TARGETS, read_bytes


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    target = sys.argv.pop(1)
    if target not in TARGETS:
        sys.exit(f'error: TARGET must be one of {", ".join(TARGETS)}.')
    warnings.simplefilter('ignore')
    folder = Path(tempfile.mkdtemp(prefix=f'fuzz_{target}_'))
    atheris.Setup(sys.argv, lambda data: read_bytes(target, data, folder))
    atheris.Fuzz()


if __name__ == '__main__':
    main()
