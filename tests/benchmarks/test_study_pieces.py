"""Two pieces of the study, really trained, on a phantom of a few images."""

import json
import subprocess
import sys

import pytest

from benchmarks.study.outcomes import load_outcomes
from benchmarks.study.pieces import Places, run_piece
from benchmarks.study.plan import make_plan

PLAN = {piece.name: piece for piece in make_plan()}


@pytest.fixture(scope='module')
def places(tmp_path_factory):
    """A phantom of 6, 2 and 3 images where the study looks for its own."""
    from tests.conftest import ROOT

    folder = tmp_path_factory.mktemp('study')
    places = Places(ROOT, folder / 'work', folder / 'results')
    commands = (
        ('data_prep/make_phantom.py', places.data, '--splits', 6, 2, 3,
         '--size', 128, '--neighbours', 1),
        ('data_prep/deeplesion_to_coco.py', '--csv',
         places.data / 'DL_info.csv', '--images', places.data / 'Images_png',
         '--out', places.data),
    )  # fmt: skip
    for command in commands:
        subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    return places


@pytest.mark.slow
def test_a_piece_goes_on_from_another(places):
    mask = PLAN['mask_missing-0_seed-0']
    hnem = PLAN['hnem_missing-0_seed-0']
    # Its start was never trained here: so much of it as is needed is.
    record = run_piece(hnem, mask, places)
    assert not places.record(mask).exists()
    kept = [path.name for path in places.run(mask).glob('epoch_*.pth')]
    assert 'epoch_3.pth' in kept
    assert 'epoch_4.pth' not in kept
    assert json.loads(places.record(hnem).read_text()) == record
    assert set(record['mined']) == {'initial', 'epoch_000'}
    assert record['figures']['lesion']['counts']['images'] == 3
    assert record['training']['peak_gb'] > 0.3
    assert 'tools/train.py' in record['commands'][0]
    outcomes = load_outcomes(places.record(hnem).with_suffix('.npz'))
    assert set(outcomes) == {'lesion', 'with_fp', 'cut', 'cut_with_fp'}


def test_a_command_that_fails_names_its_log(places):
    piece = PLAN['mask_missing-25_seed-0']
    # Its thinned annotations were not made here.
    with pytest.raises(RuntimeError, match=r'ended with 1; see .*train\.log'):
        run_piece(piece, None, places)
    assert not places.record(piece).exists()
    log = (places.run(piece) / 'train.log').read_text()
    assert "train_25.json'" in log
