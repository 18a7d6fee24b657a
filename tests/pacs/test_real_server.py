"""Beside Debian's Orthanc; `make test-pacs` runs all of these."""

import os
import re
import signal
import subprocess
import sys
import time
from io import BytesIO

import highdicom as hd
import numpy as np
import pydicom
import pytest

from mmuldor.pacs.dicomweb.access import Access
from mmuldor.pacs.dicomweb.server import Server
from mmuldor.pacs.patience import Patience, Pauses
from mmuldor.pacs.series_work import SeriesWork
from mmuldor.pacs.service import Plan, Service
from tests.support.pacs.orthanc import PASSWORD, USER, Orthanc
from tests.support.pacs.phantom_series import (
    PATIENT,
    files_of,
    good_and_bad,
)

pytestmark = pytest.mark.pacs
GOOD = 20


@pytest.fixture
def orthanc(tmp_path, free_port, monkeypatch):
    monkeypatch.setenv('MMULDOR_PACS_USER', USER)
    monkeypatch.setenv('MMULDOR_PACS_PASSWORD', PASSWORD)
    server = Orthanc(tmp_path, free_port)
    try:
        yield server.start()
    finally:
        server.stop()


def put(orthanc, series):
    for files in series.values():
        for data in files:
            orthanc.put(data)


def test_series_go_in_and_results_come_back(orthanc, model, tmp_path):
    hu = np.random.default_rng(0).integers(-1000, 1000, (3, 8, 8))
    good = {uid: list(files_of(hu, uid)) for uid in ('1.2.3.1', '1.2.3.2')}
    put(orthanc, good)
    fetched = {}

    def compare(uid):
        folder = next((tmp_path / 'work').glob(f'*/scratch/{uid}/source'))
        fetched[uid] = {path.read_bytes() for path in folder.iterdir()}

    model.before = compare
    lines = []
    for _ in range(2):
        server = Server(Access(orthanc.url))
        patience = Patience(server.check, lines.append, Pauses())
        work = SeriesWork(server, model, tmp_path / 'work', patience, 0.0)
        service = Service(
            server, work, patience, Plan(0.1, True), lines.append
        )
        service.check()
        assert service.run() == {'done': 2}
    # Bit by bit what was stored.
    assert fetched == {uid: set(files) for uid, files in good.items()}
    assert orthanc.count('SEG') == orthanc.count('SR') == 2
    assert len(model.seen) == 2


def test_a_wrong_password_is_told_at_once(orthanc, monkeypatch):
    monkeypatch.setenv('MMULDOR_PACS_PASSWORD', 'wrong')
    server = Server(Access(orthanc.url))
    patience = Patience(server.check, print, Pauses())
    service = Service(server, None, patience, Plan(), print)
    with pytest.raises(ValueError, match=r'HTTP 401\. Are the credentials'):
        service.check()


class Processes:
    """Runs of the tool that share a folder."""

    def __init__(self, root, url, model, work):
        self._command = [
            *(sys.executable, root / 'tools/pacs.py', '--dicomweb', url),
            *('--work', work, '--rest-s', '1', '--every-s', '1', *model),
            *('--device', 'cpu', '--score-thr', '0.05', '--accept-values'),
        ]
        self._root, self._work = root, work
        self.started = []

    def start(self, *options):
        log = self._work.with_name(f'log{len(self.started)}.txt')
        with open(log, 'wb') as file:
            process = subprocess.Popen(
                [*map(str, self._command), *options],
                cwd=self._root,
                stdout=file,
                stderr=file,
                env={**os.environ, 'OMP_NUM_THREADS': '1'},
            )
        self.started.append((process, log))
        return process

    def logs(self):
        return ''.join(log.read_text() for _, log in self.started)

    def end(self):
        for process, _ in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def bundle(narrow_config, tmp_path):
    """An untrained detector, published."""
    import torch

    from mmuldor.apis.bundle.publish import publish_bundle
    from tests.support.small_configs import untrained

    # An untrained detector finds hundreds.
    narrow_config.model.test_cfg.rcnn.max_per_img = 3
    meta = {
        'epoch': 1,
        'cfg': narrow_config.pretty_text,
        'experiment_name': 'narrow_20261129_101112',
        'dataset_meta': {'classes': ('lesion',)},
    }
    weights = untrained(narrow_config).state_dict()
    torch.save({'meta': meta, 'state_dict': weights}, tmp_path / 'w.pth')
    return publish_bundle(tmp_path / 'w.pth', tmp_path / 'bundle')


@pytest.fixture
def processes(root, orthanc, bundle, tmp_path):
    model = ('--model', bundle)
    running = Processes(root, orthanc.url, model, tmp_path / 'work')
    try:
        yield running
    finally:
        running.end()


def wait_for(orthanc, count, processes, seconds=180):
    deadline = time.monotonic() + seconds
    while (found := orthanc.count('SR')) < count:
        assert time.monotonic() < deadline, (found, processes.logs()[-3000:])
        time.sleep(0.05)


@pytest.mark.slow
def test_kills_and_an_outage_lose_no_series_and_do_none_twice(
    orthanc, processes, tmp_path, capsys
):
    good, bad = good_and_bad(tmp_path / 'phantom', GOOD)
    # The last one comes in later, in two halves.
    *_, late = good
    put(orthanc, {uid: good[uid] for uid in good if uid != late} | bad)
    start = time.monotonic()
    first = processes.start()
    wait_for(orthanc, 3, processes)
    first.kill()
    first.wait()
    second, third = processes.start(), processes.start()
    wait_for(orthanc, 8, processes)
    orthanc.stop()
    time.sleep(5)
    orthanc.start()
    put(orthanc, {late: good[late][:3]})
    wait_for(orthanc, 13, processes)
    third.kill()
    third.wait()
    put(orthanc, {late: good[late][3:]})
    wait_for(orthanc, GOOD, processes)
    seconds = time.monotonic() - start
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=30) == 0
    # Nothing is left to do: two are bad, and one has scout views.
    assert processes.start('--once').wait(timeout=120) == 3
    said = processes.logs()
    assert re.search(r'ended: 2 bad, 20 done, 1 other\n', said)
    check_results(orthanc, good)
    for secret in (PATIENT, PASSWORD, orthanc.url, 'Traceback'):
        assert secret not in said
    work = [float(s) for s in re.findall(r'objects, ([\d.]+) s\n', said)]
    with capsys.disabled():
        print(
            f'\n{GOOD} series in {seconds:.0f} s with two kills and an outage'
            f'; {3600 * len(work) / sum(work):.0f} series an hour and process'
        )


def check_results(orthanc, good):
    """Each good series has one Segmentation and one report, no other any."""
    sources, segmentations = [], set()
    for data in objects(orthanc, 'SEG'):
        segmentation = hd.seg.segread(data)
        assert segmentation.number_of_segments > 0
        (source,) = segmentation.ReferencedSeriesSequence
        sources.append(source.SeriesInstanceUID)
        referenced = {
            item.ReferencedSOPInstanceUID
            for item in source.ReferencedInstanceSequence
        }
        files = map(BytesIO, good[source.SeriesInstanceUID])
        whole = {pydicom.dcmread(file).SOPInstanceUID for file in files}
        assert referenced == whole
        assert segmentation.PatientName == PATIENT
        segmentations.add(segmentation.SOPInstanceUID)
    assert sorted(sources) == sorted(good)
    told = set()
    for data in objects(orthanc, 'SR'):
        report = hd.sr.srread(data)
        assert report.content.get_volumetric_roi_measurement_groups()
        told |= {
            item.ReferencedSOPInstanceUID
            for study in report.CurrentRequestedProcedureEvidenceSequence
            for series in study.ReferencedSeriesSequence
            for item in series.ReferencedSOPSequence
        }
    assert segmentations < told


def objects(orthanc, modality):
    """The one instance of each series."""
    for names in orthanc.instances(modality).values():
        (name,) = names
        yield BytesIO(orthanc.file(name))
