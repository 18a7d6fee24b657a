"""Claims, records, results that wait, and what belongs to whom."""

import os
from datetime import date

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from mmuldor.pacs.arguments import search_filters
from mmuldor.pacs.claims import Claims
from mmuldor.pacs.kinds import OtherSeriesError, check_kind
from mmuldor.pacs.records import BAD, DONE, Record, Records
from mmuldor.pacs.results import Outbox, set_uids
from mmuldor.pacs.running import where
from mmuldor.pacs.uids import is_uid, result_uids
from tests.support.ct_slices import ct_slice


def in_another_process(work):
    """Whether `work` is true there."""
    process = os.fork()
    if process == 0:
        os._exit(int(bool(work())))
    _, status = os.waitpid(process, 0)
    return bool(os.WEXITSTATUS(status))


def test_a_claim_keeps_other_processes_from_one_series(tmp_path):
    path = tmp_path / 'claims'
    claims = Claims(path)

    def other(uid):
        def take():
            with Claims(path).take(uid) as ours:
                return ours

        return in_another_process(take)

    with claims.take('1.1') as ours:
        assert ours
        assert not other('1.1')
        assert other('1.2')
    assert other('1.1')


def test_a_claim_ends_with_its_process(tmp_path):
    claims = Claims(tmp_path / 'claims')

    def die():
        Claims(tmp_path / 'claims').take('1.1').__enter__()
        os._exit(1)

    assert in_another_process(die)
    with claims.take('1.1') as ours:
        assert ours


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{"series_uid": "1.1"',
        '[]',
        '{"series_uid": "1.2", "status": "done", "instances": 1}',
        '{"series_uid": "1.1", "status": "odd", "instances": 1}',
        '{"series_uid": "1.1", "status": "done", "instances": "1"}',
        '{"series_uid": "1.1", "status": "done", "instances": 1, "x": 1}',
    ],
)
def test_what_a_crash_left_of_a_record_is_no_record(tmp_path, text):
    records = Records(tmp_path)
    records.write(Record('1.1', DONE, 5, lesions=2))
    assert records.read('1.1').lesions == 2
    assert records.path('1.1').stat().st_mode & 0o777 == 0o600
    records.path('1.1').write_text(text)
    assert records.read('1.1') is None


def test_a_bad_series_is_open_again_with_more_instances():
    bad = Record('1.1', BAD, 5)
    opened = [bad.open_for(count, '') for count in (4, 5, 6)]
    assert opened == [True, False, True]
    # And for a version that may read it.
    assert bad.open_for(5, '1.1')
    assert not Record('1.1', DONE, 5).open_for(6, '1.1')


def test_result_uids_are_those_of_series_and_model():
    uids = result_uids('1.2.3', 'a')
    assert uids == result_uids('1.2.3', 'a')
    others = [*result_uids('1.2.4', 'a'), *result_uids('1.2.3', 'b')]
    assert len({*uids, *others}) == 12
    assert all(map(is_uid, uids))


@pytest.mark.parametrize(
    ('value', 'right'),
    [
        ('1.2.840.0045', True),
        ('1' * 64, True),
        ('1' * 65, False),
        ('..', False),
        ('1.2.', False),
        ('1.2\n', False),
        ('\uff11.\uff12', False),
        (12, False),
    ],
)
def test_uids(value, right):
    assert is_uid(value) is right


def test_results_get_their_uids_and_references_follow(tmp_path):
    names = ('lesions.dcm', 'lesions_sr.dcm')
    for number, name in enumerate(names):
        data = ct_slice(
            np.zeros((2, 2)),
            SOPInstanceUID=f'1.5.{number}',
            SeriesInstanceUID=f'1.6.{number}',
        )
        inner, item = Dataset(), Dataset()
        inner.ReferencedSOPInstanceUID = '1.5.0'
        item.SeriesInstanceUID = '1.6.0'
        item.ReferencedSOPSequence = Sequence([inner])
        data.ReferencedSeriesSequence = Sequence([item])
        data.save_as(tmp_path / name, enforce_file_format=True)
    uids = result_uids('1.2.3', 'a')
    set_uids(tmp_path, uids)
    found = [pydicom.dcmread(tmp_path / name) for name in names]
    assert [data.SOPInstanceUID for data in found] == [uids[1], uids[3]]
    assert [data.SeriesInstanceUID for data in found] == [uids[0], uids[2]]
    for data in found:
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        (item,) = data.ReferencedSeriesSequence
        assert item.SeriesInstanceUID == uids.segmentation_series
        (inner,) = item.ReferencedSOPSequence
        assert inner.ReferencedSOPInstanceUID == uids.segmentation
        # That of the source stays.
        assert data.StudyInstanceUID == '1.2'


def test_the_outbox_has_whole_results_in_the_order_of_storing(tmp_path):
    box = Outbox(tmp_path / 'outbox')
    assert box.files('1.1') is None
    results = tmp_path / 'results'
    results.mkdir()
    for name in ('lesions_sr.dcm', 'lesions.dcm', 'other.txt'):
        (results / name).touch()
    box.take(results, '1.1')
    assert [path.name for path in box.files('1.1')] == [
        *('lesions.dcm', 'lesions_sr.dcm'),
    ]
    box.remove('1.1')
    box.remove('1.1')
    assert box.files('1.1') is None


@pytest.mark.parametrize(
    ('normal', 'orientation'),
    [
        ('axial', [1, 0, 0, 0, 1, 0]),
        # 30 degrees: cosine 0.866, sine 0.5.
        ('tilted', [1, 0, 0, 0, 0.8660254, -0.5]),
        ('feet first', [-1, 0, 0, 0, 1, 0]),
        ('coronal', [1, 0, 0, 0, 0, -1]),
        ('sagittal', [0, 1, 0, 0, 0, -1]),
    ],
)
def test_axial_series_alone_are_for_the_detector(normal, orientation):
    header = ct_slice(np.zeros((2, 2)), ImageOrientationPatient=orientation)
    if normal in ('coronal', 'sagittal'):
        with pytest.raises(OtherSeriesError, match='must be axial'):
            check_kind([None, header], '1.2.3')
    else:
        check_kind([None, header], '1.2.3')
    with pytest.raises(ValueError, match=r'series 1\.2\.9, but say 1\.2\.3'):
        check_kind([header], '1.2.9')


def test_filters_move_with_the_days():
    days = iter([date(2026, 1, 1), date(2026, 1, 2)])
    filters = search_filters(3, ['BodyPartExamined=CHEST'], lambda: next(days))
    both = {'BodyPartExamined': 'CHEST', 'StudyDate': '20251230-'}
    assert filters() == both
    assert filters()['StudyDate'] == '20251231-'
    with pytest.raises(ValueError, match='Modality'):
        search_filters(None, ['Modality=MR'])
    with pytest.raises(ValueError, match='--days must be used without'):
        search_filters(1, ['StudyDate=20260101'])


def test_a_bug_is_named_without_its_message():
    try:
        raise KeyError('Smith^John')
    except KeyError as error:
        text = where(error)
    assert text.startswith('KeyError in ')
    assert 'Smith' not in text
