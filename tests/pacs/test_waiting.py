"""Results that wait for a server, what a kill left, and other second looks."""

import errno
import json
import time

import pytest

from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.patience import Patience, Pauses
from tests.pacs.conftest import put_series, records_of


def no_post(method, path):
    return 409 if method == 'POST' else None


@pytest.fixture
def much_later(monkeypatch):
    """Lets an hour and more go by for records."""

    def go(hours):
        now = time.time() + 3601 * hours
        monkeypatch.setattr('time.time', lambda: now)

    return go


def test_results_are_offered_when_the_search_finds_their_series_no_more(
    fake, site, model, much_later
):
    put_series(fake, '1.1')
    fake.fail = no_post
    assert site.run() == {'refused': 1}
    # As with `--days`, when they have gone by.
    fake.studies['1.1'] = ('1.2', 'of last year')
    fake.fail = lambda method, path: None
    assert site.run() == {}
    much_later(1)
    assert site.run() == {'done': 1}
    assert len(model.seen) == 1
    assert len(fake.stored) == 2


def test_results_of_a_deleted_series_bring_its_study_not_back(
    fake, site, tmp_path, much_later
):
    put_series(fake, '1.1')
    fake.fail = no_post
    assert site.run() == {'refused': 1}
    del fake.files['1.1'], fake.studies['1.1']
    fake.fail = lambda method, path: None
    much_later(1)
    assert site.run() == {'refused': 1}
    assert 'not on the server' in records_of(tmp_path)['1.1']['reason']
    assert fake.stored == []


def test_results_that_are_taken_make_room_on_a_full_disk(
    fake, site, model, tmp_path, much_later
):
    put_series(fake, '1.1')
    fake.fail = no_post
    assert site.run() == {'refused': 1}
    put_series(fake, '1.2')
    fake.fail = lambda method, path: None

    def full(uid):
        if list((tmp_path / 'work').glob('*/outbox/1.1')):
            much_later(1)
            raise OSError(errno.ENOSPC, 'No space left on device')

    model.before = full
    assert site.run() == {'done': 2}
    assert [uid for uid, _ in model.seen] == ['1.1', '1.2', '1.2']


def test_results_without_a_report_are_made_again(fake, site, model, tmp_path):
    put_series(fake, '1.1')
    fake.fail = no_post
    assert site.run() == {'refused': 1}
    # As a crash of the machine may leave them.
    (kept,) = (tmp_path / 'work').glob('*/outbox/1.1/lesions_sr.dcm')
    kept.unlink()
    path = next((tmp_path / 'work').glob('*/records/1.1.json'))
    path.unlink()
    fake.fail = lambda method, path: None
    assert site.run() == {'done': 1}
    assert len(model.seen) == 2
    assert sorted(map(len, (fake.results('SEG'), fake.results('SR')))) == [
        *(1, 1),
    ]


@pytest.mark.parametrize('kind', ['application/dicom+xml', 'text/html'])
def test_an_answer_that_is_none_does_not_end_the_process(
    fake, site, model, monkeypatch, kind
):
    put_series(fake, '1.1')
    take = fake.take
    monkeypatch.setattr(fake, 'answer_kind', kind)

    def store(body, sent):
        take(body, sent)
        return '<html>Smith^John'

    monkeypatch.setattr(fake, 'take', store)
    # They are there, whatever was answered.
    assert site.run() == {'done': 1}
    monkeypatch.setattr(fake, 'take', lambda *_: '<html>Smith^John')
    put_series(fake, '1.2')
    assert site.run() == {'done': 1, 'refused': 1}
    assert 'Smith' not in ''.join(site.lines)


def test_pictures_of_a_killed_process_are_removed(site, tmp_path):
    site.service()
    (place,) = (tmp_path / 'work').iterdir()
    other = place.with_name('of another model')
    for folder in (place, other):
        (folder / 'scratch/1.1/source').mkdir(parents=True)
        (folder / 'scratch/1.1/source/0.dcm').touch()
        (folder / 'claims').touch()
    site.service()
    assert list((tmp_path / 'work').glob('*/scratch/*')) == []


def test_a_store_that_is_away_for_an_hour_makes_no_series_bad(
    fake, site, model, monkeypatch
):
    put_series(fake, '1.1')
    now = [1e9]
    monkeypatch.setattr('time.time', lambda: now[0])
    # It lists series, but cannot send any.
    fake.fail = lambda method, path: 500 if '/instances/' in path else None
    while now[0] < 1e9 + 3600:
        assert site.run() == {'failed': 1}
        now[0] += 60
    fake.fail = lambda method, path: None
    now[0] += 3600
    assert site.run() == {'done': 1}
    assert len(model.seen) == 1


def test_a_machine_is_not_to_blame_on_the_series(fake, site, model):
    for number, error in enumerate((MemoryError(), OSError(errno.EIO, 'x'))):
        put_series(fake, f'1.{number}')

        def fail(uid, error=error):
            raise error

        model.before = fail
        assert site.run()['failed'] == number + 1


def test_what_reads_more_tries_a_bad_series_again(fake, site, model):
    put_series(fake, '1.1')

    def fail(uid):
        if model.reading == '1.0':
            raise ValueError('an oddity')

    model.before = fail
    assert site.run() == {'bad': 1}
    assert site.run() == {'bad': 1}
    assert len(model.seen) == 1
    model.reading = '1.1'
    assert site.run() == {'done': 1}


def test_a_reason_names_instances(fake, site, model, tmp_path):
    put_series(fake, '1.1')

    def fail(uid):
        (source,) = (tmp_path / 'work').glob(f'*/scratch/{uid}/source')
        (first, *_) = sorted(source.iterdir())
        raise ValueError(f'{source} and {first} are odd')

    model.before = fail
    assert site.run() == {'bad': 1}
    reason = records_of(tmp_path)['1.1']['reason']
    assert reason == 'the series and 1.1.0.dcm are odd'


def test_notes_are_kept_beside_the_log(fake, site, model, tmp_path):
    put_series(fake, '1.1')
    model.notes = ['Smith^John: one slice was filled in']
    assert site.run() == {'done': 1}
    assert records_of(tmp_path)['1.1']['notes'] == model.notes
    (line,) = [line for line in site.lines if 'done,' in line]
    assert '2 objects, 1 notes: ' in line
    assert 'Smith' not in line


def test_a_server_that_counts_no_instances_is_asked_once(fake, site, model):
    put_series(fake, '1.1')
    fake.counts = False
    assert site.run(rest_s=0.0) == {'done': 1}
    asked = [
        path
        for method, path, _ in fake.requests
        if path.partition('?')[0].endswith('/series/1.1/instances')
    ]
    # Before it is fetched, after that, and before results are stored; each
    # time until a page is empty.
    assert len(asked) == 3 * 2


def test_instances_without_uids_are_not_left_out(fake, site, tmp_path):
    put_series(fake, '1.1')
    fake.files['1.1']['1.1.x'] = fake.files['1.1']['1.1.1']
    assert site.run() == {'failed': 1}
    reason = records_of(tmp_path)['1.1']['reason']
    assert reason == 'an instance without a valid UID'


def test_a_series_of_two_studies_is_told(fake, site, monkeypatch):
    put_series(fake, '1.1')
    rows = fake.rows

    def twice(parts, query):
        found = rows(parts, query)
        if 'instances' in parts:
            return found
        other = {'0020000D': {'vr': 'UI', 'Value': ['1.3']}}
        return [*found, *({**row, **other} for row in found)]

    monkeypatch.setattr(fake, 'rows', twice)
    assert site.run() == {'done': 1}
    assert sum('1 series are left out' in line for line in site.lines) == 1


def test_a_search_that_is_refused_is_told_at_the_start(fake, site):
    service = site.service()
    service._plan.filters = lambda: {'StudyDate': '20260101-'}
    fake.fail_query = 'StudyDate'
    with pytest.raises(ValueError, match=r'HTTP 400\. Can it search for'):
        service.check()


def test_patience_counts_from_the_first_failure():
    clock, left = [0.0], [2]

    def work():
        # An hour of work before each.
        clock[0] += 3600
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, 'No space left on device')
        return 'done'

    lines = []
    patience = Patience(
        *(lambda: None, lines.append, Pauses(give_up_s=7200.0)),
        sleep=lambda seconds: None,
        clock=lambda: clock[0],
    )
    assert patience.with_room(work) == 'done'
    assert lines[-1] == 'goes on after 7200 s'


def test_a_nested_answer_is_no_answer(fake, monkeypatch, site):
    monkeypatch.setattr(json, 'dumps', lambda rows: '[' * 100_000)
    with pytest.raises(PacsError, match=r'not an answer|Error'):
        site.service()._server.check()
