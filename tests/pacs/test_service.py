"""Series of a server in the same process, once each."""

from mmuldor.pacs.uids import result_uids
from tests.pacs.conftest import ConstantModel, put_series, records_of


def test_each_series_gets_its_result_once(fake, site, model, tmp_path):
    for uid in ('1.1', '1.2', '1.3'):
        put_series(fake, uid)
    assert site.run() == {'done': 3}
    assert model.seen == [('1.1', 3), ('1.2', 3), ('1.3', 3)]
    wanted = result_uids('1.1', ConstantModel.key)
    assert fake.results()[wanted.segmentation_series] == [wanted.segmentation]
    assert fake.results('SR')[wanted.report_series] == [wanted.report]
    assert len(fake.stored) == 6
    # Rested 10 s, looked at every 5 s.
    assert site.slept == [5, 5]
    # The same folder, or none at all: nothing is done again.
    assert site.run() == {'done': 3}
    for path in (tmp_path / 'work').rglob('*.json'):
        path.unlink()
    assert site.run() == {'done': 3}
    assert len(model.seen) == 3
    assert len(fake.stored) == 6
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
        'series 1.1: done, 3 instances, 2 lesions, 2 objects, '
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
