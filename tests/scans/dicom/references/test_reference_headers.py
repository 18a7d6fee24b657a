import numpy as np
import pytest
from pydicom import config

from mmuldor.scans.dicom.references.reference_headers import reference_headers
from tests.support.ct_slices import ct_slice


@pytest.fixture(autouse=True)
def any_value(monkeypatch):
    for mode in ('reading_validation_mode', 'writing_validation_mode'):
        monkeypatch.setattr(config.settings, mode, config.IGNORE)


def slices(*changes, **common):
    """A header for each dict of changes."""
    usual = {
        'FrameOfReferenceUID': '1.9',
        'PixelSpacing': [0.8, 0.7],
        'ImagePositionPatient': [1, 2, 3],
    }
    return [
        ct_slice(np.zeros((4, 5)), **{**usual, **common, **change})
        for change in changes
    ]


def test_valid_headers_stay_as_they_are():
    given = slices({}, {}, PatientName='A^B', StudyDate='20200102')
    made, notes = reference_headers(given)
    assert notes == []
    for old, new in zip(given, made, strict=True):
        assert new.PatientName == 'A^B'
        assert new.StudyDate == '20200102'
        assert not new.PatientID
        assert not new.AccessionNumber
        for keyword in (
            *('StudyInstanceUID', 'SeriesInstanceUID', 'FrameOfReferenceUID'),
            *('SOPInstanceUID', 'SOPClassUID', 'Rows', 'Columns'),
            *('ImagePositionPatient', 'ImageOrientationPatient'),
            'PixelSpacing',
        ):
            assert new[keyword].value == old[keyword].value, keyword
        assert 'SpecificCharacterSet' not in new


def test_notes_name_elements_and_no_values():
    _, notes = reference_headers(
        slices(
            {
                'PatientBirthDate': 'unknown',
                'PatientSex': 'W',
                'StudyDate': '2020.01.01',
            }
        )
    )
    assert notes == [
        'leaves out PatientBirthDate, PatientSex, which are not valid in '
        'DICOM or too long',
        'repairs StudyDate',
    ]


@pytest.mark.parametrize('wrong', [None, '', 'unknown', '1.02', '3.1'])
@pytest.mark.parametrize(
    ('keyword', 'note'),
    [
        ('StudyInstanceUID', 'is in a study of its own, since the slices'),
        ('FrameOfReferenceUID', 'has a FrameOfReferenceUID of its own'),
    ],
)
def test_new_uids_are_the_same_in_each_run(keyword, note, wrong):
    given = slices({}, {}, **{keyword: wrong})
    first, notes = reference_headers(given)
    second, _ = reference_headers(given)
    (found,) = {str(header[keyword].value) for header in first + second}
    assert found.startswith('1.2.826.0.1.3680043.8.498.')
    assert len(notes) == 1
    assert notes[0].startswith(note)
    other, _ = reference_headers(
        slices({}, **{keyword: wrong}, SeriesInstanceUID='1.2.4')
    )
    assert other[0][keyword].value != found


def test_a_frame_of_reference_is_not_the_study():
    (made,), notes = reference_headers(slices({'FrameOfReferenceUID': '1.2'}))
    assert made.StudyInstanceUID == '1.2'
    assert made.FrameOfReferenceUID != '1.2'
    assert notes[0].startswith('has a FrameOfReferenceUID of its own')


def test_one_slice_without_a_frame_of_reference_has_that_of_the_others():
    made, notes = reference_headers(slices({}, {'FrameOfReferenceUID': None}))
    assert [header.FrameOfReferenceUID for header in made] == ['1.9', '1.9']
    assert notes == []


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'SOPInstanceUID': ''}, 'a valid SOPInstanceUID'),
        ({'SOPInstanceUID': 'text'}, 'a valid SOPInstanceUID'),
        ({'SOPInstanceUID': '1.5'}, 'its own SOPInstanceUID'),
        ({'SeriesInstanceUID': 'text'}, 'SeriesInstanceUID, .* no valid one'),
    ],
)
def test_what_cannot_be_referred_to(changes, match):
    with pytest.raises(ValueError, match=match):
        reference_headers(slices({}, {}, **changes))


@pytest.mark.parametrize(
    'keyword', ['StudyInstanceUID', 'FrameOfReferenceUID', 'SOPClassUID']
)
def test_mixed_slices(keyword):
    given = slices({}, {keyword: '1.77'})
    with pytest.raises(ValueError, match=rf'one common {keyword}.*1\.77'):
        reference_headers(given)


def test_a_slice_without_a_class_is_a_ct_image():
    (made,), _ = reference_headers(slices({'SOPClassUID': None}))
    assert made.SOPClassUID == '1.2.840.10008.5.1.4.1.1.2'


@pytest.mark.parametrize(
    ('thickness', 'expected'),
    [(2.5, 2.5), (None, None), (0, None), (-1, None)],
)
def test_thickness(thickness, expected):
    (made,), _ = reference_headers(slices({'SliceThickness': thickness}))
    assert made.SliceThickness == expected


def test_other_characters_than_those_of_ascii():
    (made,), notes = reference_headers(
        slices(
            {
                'SpecificCharacterSet': ['', 'ISO 2022 IR 87'],
                'PatientName': 'Yamada^Tarou=\u5c71\u7530^\u592a\u90ce',
            }
        )
    )
    assert notes == []
    assert made.SpecificCharacterSet == 'ISO_IR 192'
    assert str(made.PatientName) == 'Yamada^Tarou=\u5c71\u7530^\u592a\u90ce'


def test_a_removed_identity_has_a_method():
    (made,), _ = reference_headers(slices({'PatientIdentityRemoved': 'YES'}))
    assert made.PatientIdentityRemoved == 'YES'
    assert made.DeidentificationMethod == 'As stated in the source images'


def test_a_clinical_trial_is_whole_or_left_out():
    trial = {
        'ClinicalTrialSponsorName': 'S',
        'ClinicalTrialProtocolID': 'P',
        'ClinicalTrialSubjectID': '3',
    }
    (made,), _ = reference_headers(slices(trial))
    assert made.ClinicalTrialSubjectID == '3'
    assert not made.ClinicalTrialSiteID
    trial['ClinicalTrialProtocolID'] = 'x' * 65
    (made,), _ = reference_headers(slices(trial))
    assert 'ClinicalTrialSponsorName' not in made


def test_numbers_of_too_many_characters():
    long = f'{1 / 3:.20f}'
    given = slices({'ImagePositionPatient': [long, '2', '3']})
    (made,), _ = reference_headers(given)
    texts = [str(value) for value in made.ImagePositionPatient]
    assert max(map(len, texts)) <= 16
    assert float(texts[0]) == pytest.approx(1 / 3, abs=1e-12)
