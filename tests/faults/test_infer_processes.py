"""Two processes share the scans of one command; one may be killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.support.small_configs import narrow_mask_rcnn, save_untrained

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    'OMP_NUM_THREADS': '1',
    'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
}
SCANS = 6

pytestmark = pytest.mark.slow


@pytest.fixture
def launch(tmp_path, free_port):
    """Starts two processes on the scans of a folder."""
    config = narrow_mask_rcnn()
    config.dump(tmp_path / 'config.py')
    save_untrained(config, tmp_path / 'w.pth')

    def start(*options):
        return subprocess.Popen(
            [
                *('torchrun', '--nproc-per-node', '2'),
                *('--master-port', str(free_port)),
                *(ROOT / 'tools/infer.py', '--scans-in', tmp_path / 'in'),
                *(tmp_path / 'config.py', tmp_path / 'w.pth'),
                *('--out', tmp_path / 'out', '--launcher', 'pytorch'),
                *('--score-thr', '0.05', *options),
            ],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


def write_scans(folder, slices):
    folder.mkdir()
    for number in range(SCANS):
        rng = np.random.default_rng(number)
        hu = rng.normal(0, 200, (40, 48, slices)).astype(np.int16)
        image = nibabel.Nifti1Image(hu, np.diag([0.9, 0.8, 3.0, 1.0]))
        nibabel.save(image, folder / f's{number}.nii.gz')


def rows_of(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def lesions_of(out):
    """Numbers of lesions by scan, as the results of each say it."""
    return {
        path.parent.name: len(json.loads(path.read_text())['lesions'])
        for path in out.glob('*/lesions.json')
    }


def test_each_scan_is_done_once_and_a_bad_one_listed(launch, tmp_path):
    write_scans(tmp_path / 'in', 2)
    (tmp_path / 'in' / 'bad.nii').write_text('bad')
    process = launch()
    output, _ = process.communicate(timeout=400)
    # Of the first process; torchrun's own is 1.
    assert 'exitcode  : 3' in output, output[-3000:]
    assert f'{SCANS} of {SCANS + 1} scans done, 1 failed\n' in output
    assert output.count('bad.nii: failed: ') == 2  # when it fails, at the end
    for number in range(SCANS):
        assert output.count(f's{number}.nii.gz: ') == 1
    out = tmp_path / 'out'
    scans = {row['folder']: row for row in rows_of(out / 'all_scans.csv')}
    assert scans.pop('bad')['status'] == 'failed'
    assert {row['status'] for row in scans.values()} == {'done'}
    counts = lesions_of(out)
    assert len(counts) == SCANS
    assert {k: int(row['lesions']) for k, row in scans.items()} == counts
    assert len(rows_of(out / 'all_lesions.csv')) == sum(counts.values()) > 0


def test_what_a_killed_process_leaves_is_done_the_next_time(launch, tmp_path):
    write_scans(tmp_path / 'in', 40)
    process, out = launch(), tmp_path / 'out'
    try:
        end = time.monotonic() + 300
        while not list(out.glob('*/lesions.json')):
            assert process.poll() is None, process.communicate()[0][-3000:]
            assert time.monotonic() < end
            time.sleep(0.05)
        pid = process.pid
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text()
        os.kill(int(children.split()[-1]), signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        assert process.returncode != 0
        assert 'Signal 9 (SIGKILL)' in output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    before = {path: path.read_bytes() for path in out.glob('*/lesions.json')}
    assert 1 <= len(before) < SCANS
    process = launch('--skip-done')
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output[-3000:]
    left = SCANS - len(before)
    assert f'{left} of {SCANS} scans done, {len(before)} done before' in output
    for path, content in before.items():
        assert path.read_bytes() == content
    assert sorted(path.name for path in out.iterdir()) == [
        *('all_lesions.csv', 'all_scans.csv'),
        *(f's{number}' for number in range(SCANS)),
    ]
    found = {row['scan'] for row in rows_of(out / 'all_lesions.csv')}
    assert len(found) == SCANS
