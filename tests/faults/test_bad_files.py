"""Bad files end in one line that names the file and the field."""

import pytest

from mmuldor.cli.errors import user_errors
from tests.faults.spoiling import good
from tests.faults.spoiling.faults import all_faults
from tests.support.memory import at_most

FAULTS = all_faults()
MAX_BYTES = 300e6
# Kinds of which a whole folder may be wrong.
FOLDERS = ('dicom', 'yolo')


def test_there_are_enough():
    assert len(FAULTS) >= 200
    assert len({str(fault) for fault in FAULTS}) >= len(FAULTS) - 5


@pytest.mark.parametrize('kind', good.SUFFIXES)
def test_a_good_file_is_read(kind, tmp_path):
    path = tmp_path / f'file{good.SUFFIXES[kind]}'
    path.write_bytes(good.good_bytes(kind, tmp_path))
    (tmp_path / f'made{good.SUFFIXES[kind]}').unlink(missing_ok=True)
    assert good.read(kind, path) is not None


@pytest.mark.parametrize('fault', FAULTS, ids=str)
def test_a_bad_file_ends_with_one_line(fault, tmp_path, capsys):
    folder = tmp_path / 'folder'
    folder.mkdir()
    path = folder / f'bad{good.SUFFIXES[fault.kind]}'
    path.write_bytes(fault.spoil(good.good_bytes(fault.kind, tmp_path)))
    with (
        at_most(MAX_BYTES),
        pytest.raises(SystemExit) as ended,
        user_errors(debug=False),
    ):
        good.read(fault.kind, path)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count('\n') == 1
    whole = str(path.parent) if fault.kind in FOLDERS else path.name
    assert path.name in said or whole in said
    assert fault.field in said
    assert len(said) < 1200


@pytest.mark.parametrize(
    'kind',
    [*good.DOCUMENTS, *good.TABLES, 'review', 'dicom', 'enhanced dicom'],
)
def test_an_absurdly_large_file_is_not_read(kind, tmp_path):
    folder = tmp_path / 'folder'
    folder.mkdir()
    path = folder / f'large{good.SUFFIXES[kind]}'
    path.write_bytes(good.good_bytes(kind, tmp_path))
    # Takes no room on the disk.
    with path.open('r+b') as file:
        file.truncate(10**11)
    with (
        at_most(50e6),
        pytest.raises(
            ValueError, match=r'large.*(must have at most|more than)'
        ),
    ):
        good.read(kind, path)
