"""A server that refuses, is away or half there; disks, kills and mistakes."""

import errno
import json
import shutil

import pytest

from mmuldor.pacs.model import Found
from mmuldor.pacs.patience import GaveUpError
from mmuldor.pacs.uids import result_uids
from tests.pacs.conftest import ConstantModel, put_series, records_of


def test_results_that_are_refused_are_kept_and_offered_again(
    fake, site, model, tmp_path, monkeypatch
):
    put_series(fake, '1.1')
    fake.fail = lambda method, path: 409 if method == 'POST' else None
    assert site.run() == {'refused': 1}
    kept, _ = (tmp_path / 'work').glob('*/outbox/1.1/*.dcm')
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
    fake, site, model, tmp_path, monkeypatch
):
    put_series(fake, '1.1')
    put_series(fake, '1.2')

    class Killed(BaseException):
        pass

    def kill(uid):
        if uid == '1.1':
            raise Killed

    model.before = kill
    # Whoever kills at random may meet one series often.
    for _ in range(5):
        with pytest.raises(Killed):
            site.run()
    assert site.run() == {'begun': 1, 'done': 1}
    waits = []
    for _ in range(25):
        record = records_of(tmp_path)['1.1']
        waits.append(round(record['next_try_s'] - record['changed_s']))
        later = record['next_try_s'] + 1
        monkeypatch.setattr('time.time', lambda now=later: now)
        with pytest.raises(Killed):
            site.run()
    assert waits[:8] == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    monkeypatch.undo()
    path = next((tmp_path / 'work').glob('*/records/1.1.json'))
    # A clock that was years ahead keeps nothing waiting.
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, 'next_try_s': 4e9}))
    assert site.run() == {'bad': 1, 'done': 1}
    assert (
        '30 times: the process ended' in records_of(tmp_path)['1.1']['reason']
    )


def test_a_stop_is_not_to_blame_on_the_series(fake, site, model, tmp_path):
    put_series(fake, '1.1')

    def stop(uid):
        raise KeyboardInterrupt

    model.before = stop
    with pytest.raises(KeyboardInterrupt):
        site.run()
    assert records_of(tmp_path)['1.1']['attempts'] == 0
    assert list((tmp_path / 'work').glob('*/scratch/*')) == []


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


def test_results_that_cannot_be_written_are_told(
    fake, site, tmp_path, monkeypatch
):
    put_series(fake, '1.1')
    monkeypatch.setattr(
        ConstantModel, '__call__', lambda *_: Found(1, ['no mask', 'no UID'])
    )
    assert site.run() == {'bad': 1}
    assert records_of(tmp_path)['1.1']['reason'] == 'no mask; no UID'


def test_a_report_that_is_missing_is_made(fake, site, model, tmp_path):
    put_series(fake, '1.1')
    # The folder is lost after the first of the two.
    fake.fail = lambda method, path: (
        409 if method == 'POST' and fake.stored else None
    )
    assert site.run() == {'refused': 1}
    assert list(fake.results('SR')) == []
    shutil.rmtree(tmp_path / 'work')
    fake.fail = lambda method, path: None
    assert site.run() == {'done': 1}
    wanted = result_uids('1.1', ConstantModel.key)
    assert fake.results('SR') == {wanted.report_series: [wanted.report]}
    assert fake.results('SEG') == {
        wanted.segmentation_series: [wanted.segmentation]
    }
