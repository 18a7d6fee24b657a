"""`follow_up.dcm`, read back by highdicom."""

import shutil
import subprocess

import highdicom as hd
import numpy as np
import pytest
from pydicom.sr.codedict import codes

from mmuldor.functional.follow_up.matching import LesionPair
from mmuldor.scans.dicom.report.follow_up import write_follow_up_report
from mmuldor.scans.follow_up.recist import assess
from mmuldor.scans.follow_up.result import FollowUp, SliceMap
from mmuldor.scans.follow_up.results_folder import read_results
from mmuldor.scans.outputs import write_outputs
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import write_series
from tests.scans.dicom.report.reports import lesion
from tests.support.follow_up.in_memory import GOOD, small_follow_up


def time_point(folder, lesions_of, **uids):
    """Results of a series of its own."""
    volume, _ = read_scan(write_series(folder / 'ct', **uids))
    write_outputs(folder / 'found', lesions_of(volume), volume)
    return read_results(folder / 'found')


@pytest.fixture
def found(tmp_path):
    """Lesion 1 grows from 5 to 8 mm; lesion 2 is gone, one is new."""
    (tmp_path / 'a').mkdir()
    (tmp_path / 'b').mkdir()
    first = time_point(
        tmp_path / 'a',
        lambda volume: [
            lesion(volume, (2,), long_mm=5.0, short_mm=4.0),
            lesion(volume, (4,)),
        ],
    )
    second = time_point(
        tmp_path / 'b',
        lambda volume: [
            lesion(volume, (0,)),
            lesion(volume, (2, 3), long_mm=8.0, short_mm=4.0),
        ],
        StudyInstanceUID='1.4',
        SeriesInstanceUID='1.4.3',
    )
    pairs = [
        LesionPair('matched', 0, 1),
        LesionPair('gone', 1, None),
        LesionPair('new', None, 0),
    ]
    empty = SliceMap(np.zeros(6), np.zeros(6))
    return FollowUp(
        *(first, second, np.eye(4), GOOD, '', 3.0, pairs),
        *([None] * 2, [None] * 2, empty, [0]),
        assess(first, second, pairs, [0]),
    )


def numbers_of(group):
    return {
        measurement.name.meaning: (measurement.value, measurement.unit.value)
        for measurement in group.get_measurements()
    }


def test_the_same_tracking_uids(found, tmp_path):
    path = tmp_path / 'follow_up.dcm'
    assert write_follow_up_report(path, found) == []
    report = hd.sr.srread(path)
    new, matched = report.content.get_volumetric_roi_measurement_groups()
    (gone,) = report.content.get_image_measurement_groups()
    before = [record['tracking_uid'] for record in found.baseline.records]
    after = [record['tracking_uid'] for record in found.follow_up.records]
    assert matched.tracking_uid == before[0]
    assert gone.tracking_uid == before[1]
    assert new.tracking_uid == after[0] not in before
    assert [group.tracking_identifier for group in (new, matched, gone)] == [
        'Lesion 1 of the follow-up',
        'Lesion 1',
        'Lesion 2',
    ]
    for group, word in ((new, 'new'), (matched, 'matched'), (gone, 'gone')):
        (status,) = group.get_qualitative_evaluations()
        assert status.value.meaning == word
    # Its own numbers and 3 mm or 60 % more; the volume of a second slice.
    numbers = numbers_of(matched)
    assert numbers['Long Axis'] == (8.0, 'mm')
    assert numbers['Change of long axis'] == (3.0, 'mm')
    assert numbers['Relative change of long axis'] == (60.0, '%')
    assert numbers['Change of short axis'] == (0.0, 'mm')
    assert numbers['Change of volume'] == (0.0168, 'ml')
    assert numbers['Relative change of volume'] == (100.0, '%')
    assert not any('hange' in name for name in numbers_of(new))
    assert numbers_of(gone) == {}
    (axis,) = matched.get_measurements(codes.SCT.LongAxis)
    (line,) = axis.referenced_coordinates
    assert line.value.tolist() == [[10.5, 5.5], [13.5, 7.5]]


def test_it_lies_in_the_second_study_and_knows_the_first(found, tmp_path):
    path = tmp_path / 'follow_up.dcm'
    write_follow_up_report(path, found)
    report = hd.sr.srread(path)
    assert report.StudyInstanceUID == '1.4'
    here = report.get_evidence_series(current_procedure_only=True)
    assert ('1.4', '1.4.3') in here
    (prior,) = report.PertinentOtherEvidenceSequence
    assert prior.StudyInstanceUID == '1.2'
    named = {
        item.ReferencedSOPInstanceUID
        for series in prior.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert named == {
        hd.sr.srread(
            tmp_path / 'a' / 'found' / 'lesions_sr.dcm'
        ).SOPInstanceUID,
        hd.seg.segread(
            tmp_path / 'a' / 'found' / 'lesions.dcm'
        ).SOPInstanceUID,
    }


@pytest.mark.parametrize(
    ('program', 'package'), [('dciodvfy', 'dicom3tools'), ('dsrdump', 'dcmtk')]
)
def test_programs_accept_it(found, tmp_path, program, package):
    if shutil.which(program) is None:
        pytest.skip(f'no {program}: install the package {package}')
    path = tmp_path / 'follow_up.dcm'
    write_follow_up_report(path, found)
    done = subprocess.run([program, str(path)], capture_output=True, text=True)
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 0, said
    assert not [s for s in said if s.startswith(('Error', 'E: ', 'F: '))]


def test_other_scans_have_none(tmp_path):
    path = tmp_path / 'follow_up.dcm'
    assert write_follow_up_report(path, small_follow_up()) == []
    assert not path.exists()
