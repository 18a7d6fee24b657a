"""What a volume of a name leaves when it is converted anew."""

from pathlib import Path

import numpy as np
import pytest

from data_prep.convert_volumes import main
from data_prep.deeplesion.volumes import convert, series_notes
from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.png import read_png16, write_png16
from mmuldor.scans.nifti import write_nifti
from mmuldor.scans.volume import Volume


class Conversion:
    """A folder of volumes, and one of their series."""

    def __init__(self, folder):
        self.volumes, self.out = folder / 'in', folder / 'out'

    def volume(self, name, count, hu=-100):
        """A volume of slices of one value."""
        values = np.full((count, 4, 4), hu, np.int16)
        write_nifti(self.volumes / f'{name}.nii', Volume(values, np.eye(4)))

    def run(self, *flags):
        return main(['to-png', str(self.volumes), '--out', str(self.out),
                     *flags])  # fmt: skip

    def slices(self, hu=-100):
        """Names of the slices there are, all of one value."""
        files = sorted(self.out.rglob('*.png'))
        for file in files:
            assert (read_png16(file) == hu_to_stored(np.int16(hu))).all()
        return [str(file.relative_to(self.out)) for file in files]

    def note(self, name):
        return read_json(self.out / f'{name}.json')


@pytest.fixture
def place(tmp_path):
    return Conversion(tmp_path)


def names(series, first, last):
    return [f'{series}/{number:03d}.png' for number in range(first, last + 1)]


def test_a_shorter_volume_leaves_no_slices_of_the_longer(place):
    place.volume('v', 6)
    assert place.run() == 0
    place.volume('v', 4, hu=-50)
    assert place.run('--overwrite') == 0
    assert place.slices(hu=-50) == names('v', 1, 4)
    assert place.note('v')['last'] == 4


def test_a_shorter_volume_after_a_stopped_one(place, monkeypatch):
    place.volume('v', 6)

    def stopped(folder, volume, first):
        for number in range(first, first + 5):
            pixels = hu_to_stored(volume.hu[0])
            write_png16(folder / f'{number:03d}.png', pixels)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(convert, 'write_png_series', stopped)
        with pytest.raises(KeyboardInterrupt):
            place.run()
    assert place.slices() == names('v', 1, 5)
    place.volume('v', 3, hu=-50)
    assert place.run() == 0
    assert place.slices(hu=-50) == names('v', 1, 3)


def test_a_name_that_fits_no_more_is_another_series(place):
    place.volume('p_008-012', 5)
    assert place.run() == 0
    assert place.slices() == names('p', 8, 12)
    place.volume('p_008-012', 4)
    assert place.run('--overwrite') == 0
    assert place.slices() == names('p_008-012', 1, 4)
    place.volume('p_008-012', 5)
    assert place.run('--overwrite') == 0
    assert place.slices() == names('p', 8, 12)


def test_a_stop_while_slices_are_removed_is_made_good(place, monkeypatch):
    place.volume('v', 6)
    place.run()
    place.volume('v', 3, hu=-50)
    removed, unlink = [], Path.unlink

    def stopped(path, **options):
        if path.suffix == '.png' and path.stem.isdecimal():
            if removed:
                raise KeyboardInterrupt
            removed.append(path)
        unlink(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'unlink', stopped)
        with pytest.raises(KeyboardInterrupt):
            place.run('--overwrite')
    assert len(place.slices()) == 5
    assert not place.note('v')['complete']
    # Without the flag, too.
    assert place.run() == 0
    assert place.slices(hu=-50) == names('v', 1, 3)


def test_slices_of_other_volumes_stay(place, capsys):
    place.volume('p_001-004', 4)
    place.volume('p_005-006', 2)
    place.volume('q', 5)
    write_png16(place.out / 'q/009.png', np.full((4, 4), 32668, np.uint16))
    assert place.run() == 0
    place.volume('q', 2)
    place.volume('p_001-004', 3)
    assert place.run('--overwrite') == 0
    assert place.slices() == [
        *names('p', 5, 6), *names('p_001-004', 1, 3),
        *names('q', 1, 2), 'q/009.png',
    ]  # fmt: skip
    # Of two volumes that claim the same slices.
    place.volume('p', 6)
    place.run('--overwrite', '--workers', '1')
    place.volume('p', 2)
    assert place.run('--overwrite', '--workers', '1') == 0
    assert place.slices()[:4] == [*names('p', 1, 2), *names('p', 5, 6)]
    # A longer one than that whose note is there, unfinished.
    write_json(place.out / 'q.json', {**place.note('q'), 'complete': False})
    place.volume('q', 9)
    assert place.run() == 1
    assert '009.png is there already' in capsys.readouterr().err


@pytest.mark.parametrize(
    'note',
    [
        [],
        {'series': '../v', 'first': 1, 'last': 9},
        {'series': ['v'], 'first': 1, 'last': 9},
        {'series': 'w', 'first': 1, 'last': 9},
        {'series': 'v', 'first': 1.5, 'last': 9},
        {'series': 'v', 'last': 9},
    ],
)
def test_a_note_of_something_else_removes_nothing(tmp_path, note):
    pixels = np.zeros((4, 4), np.uint16)
    kept = [tmp_path / f'{name}/003.png' for name in ('v', 'w', 'out/v')]
    for file in kept:
        write_png16(file, pixels)
    path = tmp_path / 'out/v.json'
    write_json(path, note)
    new = {'series': 'v', 'first': 1, 'last': 2}
    series_notes.make_room(path, new)
    assert all(file.is_file() for file in kept)
