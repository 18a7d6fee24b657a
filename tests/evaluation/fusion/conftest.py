import json

import pytest


@pytest.fixture
def write(tmp_path):
    """Writes a results file and gives its path."""

    def write(name, entries):
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps(entries))
        return str(path)

    return write
