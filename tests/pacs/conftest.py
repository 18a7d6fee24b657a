"""A server, a model that finds the same in every series, and their work."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from mmuldor.pacs.dicomweb.access import Access
from mmuldor.pacs.dicomweb.server import Server
from mmuldor.pacs.model import Found
from mmuldor.pacs.patience import Patience, Pauses
from mmuldor.pacs.series_work import SeriesWork
from mmuldor.pacs.service import Plan, Service
from tests.support.ct_slices import ct_slice
from tests.support.pacs.fake_server import fake_server


@pytest.fixture
def fake():
    with fake_server() as running:
        yield running


def put_series(fake, uid, slices=3, study='1.2'):
    """A small series; its pixels are no matter."""
    for number in range(slices):
        fake.add(
            ct_slice(
                np.full((4, 4), 1000),
                SOPInstanceUID=f'{uid}.{number}',
                SeriesInstanceUID=uid,
                StudyInstanceUID=study,
                PatientName='Smith^John',
            )
        )


def records_of(tmp_path):
    """By series UID."""
    found = (tmp_path / 'work').glob('*/records/*.json')
    return {path.stem: json.loads(path.read_text()) for path in found}


class ConstantModel:
    """Writes two objects for each series, without a look at it.

    Attributes:
        key, reading: As of any model.
        seen: Series and number of files, in order.
        before: Called with the series' UID first.
        notes: Of each series.
    """

    key, reading = 'f' * 64, '1.0'

    def __init__(self):
        self.seen = []
        self.before = lambda uid: None
        self.notes = []

    def __call__(self, folder, series_uid, out):
        files = sorted(Path(folder).iterdir())
        self.seen.append((series_uid, len(files)))
        self.before(series_uid)
        for name, kind, uid in (
            ('lesions', 'SEG', '1.98'),
            ('lesions_sr', 'SR', '1.99'),
        ):
            result = ct_slice(
                np.zeros((2, 2)), Modality=kind, SeriesInstanceUID=uid
            )
            result.save_as(out / f'{name}.dcm', enforce_file_format=True)
        return Found(2, self.notes)


@pytest.fixture
def model():
    return ConstantModel()


@pytest.fixture
def site(fake, model, tmp_path):
    """Builds the service of a new process; time is what it sleeps."""

    class Site:
        """Its lines, and how long it has slept."""

        def __init__(self):
            self.lines, self.slept = [], []
            self.ticks = itertools.count()
            self.between = lambda: None

        def sleep(self, seconds):
            self.slept.append(seconds)
            self.between()

        def now(self):
            return sum(self.slept)

        def service(self, rest_s=10.0, give_up_s=3600.0, every_s=5.0):
            server = Server(Access(fake.url, timeout_s=5))
            patience = Patience(
                server.check,
                self.lines.append,
                Pauses(give_up_s=give_up_s),
                self.sleep,
                self.now,
            )
            work = SeriesWork(
                *(server, model, tmp_path / 'work', patience, rest_s),
                clock=self.now,
            )
            plan = Plan(every_s, once=True)
            return Service(
                *(server, work, patience, plan, self.lines.append),
                sleep=self.sleep,
            )

        def run(self, **settings):
            return dict(self.service(**settings).run())

    return Site()
