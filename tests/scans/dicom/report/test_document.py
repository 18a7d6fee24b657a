"""What `lesions_sr.dcm` says of itself, and when it is not written."""

import highdicom as hd
import pytest
from pydicom.sr.codedict import codes

from mmuldor import __version__
from mmuldor.scans.dicom.report.report import write_report
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import write_series
from tests.scans.dicom.report.reports import groups_of, lesion, report_of


@pytest.fixture
def volume(tmp_path):
    return read_scan(write_series(tmp_path / 'ct'))[0]


def test_what_it_says_of_itself(volume, tmp_path):
    report, _, _ = report_of(
        *(tmp_path, [lesion(volume)], volume),
        found=12,
        parameters=['score_thr 0.3'],
    )
    assert isinstance(report, hd.sr.Comprehensive3DSR)
    assert (report.PatientID, report.StudyInstanceUID) == ('P1', '1.2')
    assert report.SeriesNumber == 2004
    flags = report.CompletionFlag, report.VerificationFlag
    assert flags == ('COMPLETE', 'UNVERIFIED')
    assert report.PreliminaryFlag == 'PRELIMINARY'
    assert report.ContentQualification == 'RESEARCH'
    (observer,) = report.content.get_observer_contexts()
    device = observer.observer_identifying_attributes
    assert (device.name, device.serial_number) == ('mmuldor', __version__)
    texts = {
        item.name.meaning: item.value
        for item in hd.sr.utils.find_content_items(
            report, value_type='TEXT', recursive=True
        )
    }
    assert texts['Algorithm Name'] == 'mmuldor'
    assert texts['Algorithm Version'] == __version__
    assert texts['Algorithm Parameters'] == 'score_thr 0.3'
    assert texts['Comment'].startswith('The 1 highest-scoring of 12 lesions')
    assert summary_of(report) == '111242'


def summary_of(report):
    (item,) = hd.sr.utils.find_content_items(
        report, name=codes.DCM.CADProcessingAndFindingsSummary, recursive=True
    )
    return item.value.value


def test_no_lesion_is_a_report(volume, tmp_path):
    report, _, notes = report_of(tmp_path, [], volume)
    assert notes == []
    assert groups_of(report) == []
    # "All algorithms succeeded; without findings".
    assert summary_of(report) == '111241'
    assert len(report.get_evidence()) == 6


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'SeriesInstanceUID': 'text'}, 'common SeriesInstanceUID'),
        ({'SOPInstanceUID': '1.5'}, 'must have its own SOPInstanceUID'),
    ],
)
def test_slices_that_cannot_be_referred_to(tmp_path, changes, match):
    volume, _ = read_scan(write_series(tmp_path / 'ct', **changes))
    path = tmp_path / 'lesions_sr.dcm'
    path.write_text('of another scan')
    (note,) = write_report(path, [], volume, tmp_path / 'none')
    assert note.startswith('lesions_sr.dcm was not written: ')
    assert match in note
    assert not path.exists()


def test_headers_are_noted_once(tmp_path):
    volume, _ = read_scan(write_series(tmp_path / 'ct', PatientSex='W'))
    _, _, notes = report_of(tmp_path, [lesion(volume)], volume)
    # The Segmentation says so.
    assert notes == []
    (tmp_path / 'lesions.dcm').unlink()
    _, _, notes = report_of(tmp_path, [], volume)
    assert notes == [
        'lesions_sr.dcm leaves out PatientSex, which are not valid in DICOM '
        'or too long'
    ]
