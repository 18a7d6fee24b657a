"""Series of a server in the same process, once each."""

import errno
import json

import pytest

from mmuldor.pacs.patience import GaveUpError
from mmuldor.pacs.uids import result_uids
from tests.pacs.conftest import ConstantModel, put_series


def records_of(tmp_path):
    """By series UID."""
    found = (tmp_path / 'work').glob('*/records/*.json')
    return {path.stem: json.loads(path.read_text()) for path in found}


def test_each_series_gets_its_result_once(fake, site, model, tmp_path):
    for uid in ('1.1', '1.2', '1.3'):
        put_series(fake, uid)
    assert site.run() == {'done': 3}
    assert model.seen == [('1.1', 3), ('1.2', 3), ('1.3', 3)]
    wanted = result_uids('1.1', ConstantModel.key)
    assert fake.results()[wanted.segmentation_series] == [wanted.segmentation]
    assert len(fake.stored) == 3
    # Rested 10 s, looked at every 5 s.
    assert site.slept == [5, 5]
    # The same folder, or none at all: nothing is done again.
    assert site.run() == {'done': 3}
    for path in (tmp_path / 'work').rglob('*.json'):
        path.unlink()
    assert site.run() == {'done': 3}
    assert len(model.seen) == len(fake.stored) == 3
    assert list((tmp_path / 'work').rglob('*.dcm')) == []


def test_the_log_has_uids_and_counts_alone(fake, site, model, tmp_path):
    put_series(fake, '1.1')
    put_series(fake, '1.2')

    def fail(uid):
        if uid == '1.2':
            raise ValueError('PatientName is Smith^John')

    model.before = fail
    assert site.run() == {'bad': 1, 'done': 1}
    (line,) = [line for line in site.lines if '1.1:' in line]
    assert line.startswith(
        'series 1.1: done, 3 instances, 2 lesions, 1 objects, '
    )
    assert 'Smith' not in ''.join(site.lines)
    assert 'Smith^John' in records_of(tmp_path)['1.2']['reason']


def test_a_series_that_grows_is_waited_for(fake, site, model):
    put_series(fake, '1.1', 2)
    sizes = iter([4, 6, 6, 6, 6])

    def grow():
        put_series(fake, '1.1', next(sizes))

    site.between = grow
    assert site.run() == {'done': 1}
    assert model.seen == [('1.1', 6)]
    # 2, 4, 6, and 6 still after 10 s.
    assert site.slept == [5, 5, 5, 5]


def test_a_series_that_grows_while_it_is_fetched_is_left_for_later(
    fake, site, model
):
    put_series(fake, '1.1', 3)
    grown = []

    def grow(method, path):
        if path.endswith('instances/1.1.2') and not grown:
            grown.append(put_series(fake, '1.1', 5))

    fake.fail = grow
    assert site.run() == {'done': 1}
    assert model.seen == [('1.1', 5)]


def test_a_bad_series_is_left_alone_until_it_changes(fake, site, model):
    put_series(fake, '1.1')
    put_series(fake, '1.2')

    def fail(uid):
        if uid == '1.1':
            raise ValueError('no volume')

    model.before = fail
    assert site.run() == {'bad': 1, 'done': 1}
    assert site.run() == {'bad': 1, 'done': 1}
    assert [uid for uid, _ in model.seen] == ['1.1', '1.2']
    put_series(fake, '1.1', 4)
    model.before = lambda uid: None
    assert site.run() == {'done': 2}
    assert model.seen[2:] == [('1.1', 4)]


def test_a_done_series_that_grows_is_said(fake, site, model):
    put_series(fake, '1.1')
    # Never rests, so that the run goes on for a while.
    put_series(fake, '1.2', 1)

    def grow():
        if site.now() < 100:
            put_series(fake, '1.2', len(fake.files['1.2']) + 1)
        if site.now() == 50:
            put_series(fake, '1.1', 4)

    site.between = grow
    assert site.run() == {'done': 2}
    said = 'series 1.1: has 4 instances now, 3 before; its results stay'
    assert site.lines.count(said) == 1
    assert [uid for uid, _ in model.seen] == ['1.1', '1.2']
    # Also between two processes.
    put_series(fake, '1.1', 6)
    site.lines.clear()
    assert site.run() == {'done': 2}
    said = 'series 1.1: has 6 instances now, 3 before; its results stay'
    assert site.lines.count(said) == 0
    service = site.service()
    service._round()
    service._round()
    assert site.lines.count(said) == 1


def test_results_that_are_refused_are_kept_and_offered_again(
    fake, site, model, tmp_path, monkeypatch
):
    put_series(fake, '1.1')
    fake.fail = lambda method, path: 409 if method == 'POST' else None
    assert site.run() == {'refused': 1}
    (kept,) = (tmp_path / 'work').glob('*/outbox/1.1/lesions.dcm')
    record = records_of(tmp_path)['1.1']
    assert record['attempts'] == 1
    # Not before a minute has gone, and without the model.
    fake.fail = lambda method, path: None
    assert site.run() == {'refused': 1}
    later = record['next_try_s'] + 1
    assert 50 < later - record['changed_s'] < 70
    monkeypatch.setattr('time.time', lambda: later)
    assert site.run() == {'done': 1}
    assert not kept.exists()
    assert len(model.seen) == 1


def test_an_outage_is_waited_for_with_growing_pauses(fake, site, model):
    put_series(fake, '1.1')
    down = []

    def outage(method, path):
        # While an instance is fetched.
        if '/instances/1.1.1' in path and not down:
            down.append(site.now())
        if down and site.now() < down[0] + 1000:
            return 503
        return None

    fake.fail = outage
    assert site.run() == {'done': 1}
    assert model.seen == [('1.1', 3)]
    pauses = site.slept[2:]
    for number, pause in enumerate(pauses):
        nominal = min(2**number, 300)
        assert nominal <= pause <= 1.2 * nominal
    assert sum(pauses) >= 1000


def test_a_proxy_without_its_server_is_waited_for(fake, site, model):
    put_series(fake, '1.1')
    fake.fail = lambda method, path: (
        404 if path.endswith('/series') and 5 <= site.now() < 100 else None
    )
    assert site.run() == {'done': 1}
    assert site.now() >= 100


def test_an_outage_without_end_ends_the_run(fake, site):
    fake.fail = lambda method, path: 502
    with pytest.raises(GaveUpError, match='HTTP 502'):
        site.run(give_up_s=100.0)
    assert 100 <= site.now() < 200


def test_a_series_that_the_server_cannot_send_stops_no_other(
    fake, site, model
):
    put_series(fake, '1.1')
    put_series(fake, '1.2')
    fake.fail = lambda method, path: (
        500 if path.endswith('/instances/1.1.1') else None
    )
    assert site.run() == {'done': 1, 'failed': 1}
    assert model.seen == [('1.2', 3)]


def test_a_full_disk_is_waited_for(fake, site, model, tmp_path):
    put_series(fake, '1.1')

    def full(uid):
        if len(model.seen) < 3:
            raise OSError(errno.ENOSPC, 'No space left on device')

    model.before = full
    assert site.run() == {'done': 1}
    assert len(model.seen) == 3
    assert (
        sum('the disk of --work is full' in line for line in site.lines) == 2
    )
    # A disk is not to blame on the series.
    assert records_of(tmp_path)['1.1']['attempts'] == 0


def test_a_series_that_ends_the_process_is_left_alone_at_last(
    fake, site, model, tmp_path
):
    put_series(fake, '1.1')
    put_series(fake, '1.2')

    class Killed(BaseException):
        pass

    def kill(uid):
        if uid == '1.1':
            raise Killed

    model.before = kill
    for _ in range(5):
        with pytest.raises(Killed):
            site.run()
    assert site.run() == {'bad': 1, 'done': 1}
    assert 'the process ended' in records_of(tmp_path)['1.1']['reason']


def test_a_stop_is_not_to_blame_on_the_series(fake, site, model, tmp_path):
    put_series(fake, '1.1')

    def stop(uid):
        raise KeyboardInterrupt

    model.before = stop
    with pytest.raises(KeyboardInterrupt):
        site.run()
    assert records_of(tmp_path)['1.1']['attempts'] == 0
    assert list((tmp_path / 'work').glob('*/scratch/*')) == []


def test_pages_of_a_server_and_one_without_offsets(fake, site, model):
    for number in range(5):
        put_series(fake, f'1.{number}')
    fake.most = 2
    assert site.run() == {'done': 5}
    assert len(model.seen) == 5


def test_uids_that_are_paths_are_left_out(fake, site, model):
    put_series(fake, '1.1')
    for uid in ('..', '1.2/../1.1', '1.2 '):
        fake.files[uid] = fake.files['1.1']
        fake.studies[uid] = ('1.2', 'CT')
    assert site.run() == {'done': 1}


@pytest.mark.parametrize(
    ('status', 'match'),
    [
        (401, r'HTTP 401\. Are the credentials right'),
        (403, r'HTTP 403\. Are the credentials right'),
        (404, r'HTTP 404\. Does `--dicomweb` end with'),
        (302, r'redirect, which is not followed\. Does'),
    ],
)
def test_a_mistake_is_told_at_the_start(fake, site, status, match):
    fake.fail = lambda method, path: status
    with pytest.raises(ValueError, match=match):
        site.service().check()
    assert site.slept == []


def test_a_page_of_a_proxy_is_no_service(fake, site, monkeypatch):
    monkeypatch.setattr(json, 'dumps', lambda rows: '<html>')
    with pytest.raises(ValueError, match=r'JSONDecodeError\. Does'):
        site.service().check()


def test_a_server_that_starts_later_is_waited_for(fake, site):
    fake.fail = lambda method, path: 503 if site.now() < 100 else None
    site.service().check()
    assert site.now() >= 100
