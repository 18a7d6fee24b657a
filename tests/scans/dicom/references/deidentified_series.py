"""CT series with headers that a de-identification or a scanner left."""

import numpy as np
import pydicom
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import Tag

from tests.scans.dicom.oblique_series import OPTIONAL, write_series
from tests.support.enhanced_ct import enhanced_ct, frame

JAPANESE = 'Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060'
TEXT = {
    'PatientBirthDate': 'unknown',
    'PatientSex': 'W',
    'StudyDate': '2020.01.01',
    'StudyTime': '10:11:12',
    'PatientID': 'x' * 80,
    'PatientName': 'a=b=c=d',
    'AccessionNumber': 'removed by the trial office',
    'StudyID': ['1', '2'],
    'PatientAge': 'adult',
    'SeriesNumber': -1,
    'SliceThickness': -2,
    'Manufacturer': 'm' * 70,
}
# Other elements that are copied or referred to.
MORE = (
    *('StudyInstanceUID', 'FrameOfReferenceUID', 'SOPClassUID'),
    *('SpecificCharacterSet', 'StudyDescription', 'PatientIdentityRemoved'),
    *('DeidentificationMethod', 'ClinicalTrialSponsorName'),
    *('ClinicalTrialProtocolID', 'ClinicalTrialSubjectID'),
    *('LossyImageCompression', 'LossyImageCompressionMethod'),
    *('PositionReferenceIndicator', 'ReferringPhysicianName'),
)
SOURCES = {
    'plain': {},
    'without optional elements': dict.fromkeys(OPTIONAL),
    'text of a de-identification': TEXT,
    'no frame of reference': {'FrameOfReferenceUID': None},
    'no valid UIDs': {
        'FrameOfReferenceUID': 'unknown',
        'StudyInstanceUID': '',
        'SOPClassUID': 'text',
    },
    'MONOCHROME1': {'PhotometricInterpretation': 'MONOCHROME1'},
    'Japanese': {
        'SpecificCharacterSet': ['', 'ISO 2022 IR 87'],
        'PatientName': JAPANESE,
        'StudyDescription': '\u80f8\u90e8' * 12,
    },
    'Korean': {
        'SpecificCharacterSet': ['', 'ISO 2022 IR 149'],
        'PatientName': 'Hong^Gildong=\u6d2a^\u5409\u6d1e=\ud64d^\uae38\ub3d9',
    },
    'Chinese': {
        'SpecificCharacterSet': 'GB18030',
        'PatientName': 'Wang^XiaoDong=\u738b^\u5c0f\u4e1c',
    },
    'Latin': {
        'SpecificCharacterSet': 'ISO_IR 100',
        'PatientName': 'M\u00fcller^Zo\u00eb',
        'StudyDescription': '\u00fc' * 40,
    },
    'unknown characters': {
        'SpecificCharacterSet': 'TEXT',
        'PatientName': 'M\u00fcller^Zo\u00eb',
    },
    'identity removed': {
        'PatientIdentityRemoved': 'YES',
        'ClinicalTrialSponsorName': 'S',
        'ClinicalTrialProtocolID': 'P',
        'ClinicalTrialSubjectID': '3',
    },
    'lossy': {
        'LossyImageCompression': '01',
        'LossyImageCompressionRatio': 9.5,
        'LossyImageCompressionMethod': 'ISO_10918_1',
    },
    'sagittal': {'axes': 'PIR'},
    'cosines of few decimals': {
        'ImageOrientationPatient': ['0.7', '0.7', '0', '-0.7', '0.7', '0'],
    },
    'missing slice': {'numbers': (0, 1, 3, 4, 5)},
}


ANY_TEXT = (
    *('', 'unknown', 'W', 'YES', '045Y', '2020.01.01', '20200230', '10:11'),
    *('235960', 'x' * 70, 'a\\b', 'A^B', 'A=B=C=D', '=', 'a\tb', '\x1b$B'),
    *('\u00e9' * 40, '\u5c71' * 20, '-1', '1e400', 'nan', '3.5', '9' * 20),
    *('1.2', '1.2.3', '1.2.03', '0.1', '3.14', '2.999.1', '\0', '"<&>%'),
    *('\u200b', '\U0001f600', '\xa0', 'a\u2028b', '01', 'ISO_10918_1'),
)


def raw_element(keyword, vr, text):
    """An element as in a file: not decoded. Without VR it is implicit."""
    value = text.encode()
    return RawDataElement(
        Tag(keyword), vr, len(value), value, 0, vr is None, True
    )


def with_any_text(headers, rng):
    """Headers with half of the optional elements replaced by any text.

    Returns:
        What was chosen, by keyword, and the headers.
    """
    keywords = [*OPTIONAL, *TEXT, *MORE]
    chosen = {
        keyword: (rng.choice(('LO', 'UN', None)), rng.choice(ANY_TEXT))
        for keyword in rng.sample(keywords, len(keywords) // 2)
    }
    copies = [header[:] for header in headers]
    for header in copies:
        for keyword, (vr, text) in chosen.items():
            element = raw_element(keyword, vr, text)
            header[element.tag] = element
    return chosen, copies


def tilt(folder):
    """Move each slice in its plane against the one before."""
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y + 0.2 * (z - 100), z]
        data.save_as(path)


def round_positions(folder):
    """2.5 mm become 2.53, written with one decimal: 100, 102.5, 105.1, ..."""
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        x, y, z = data.ImagePositionPatient
        exact = 100 + (float(z) - 100) * 2.53 / 2.5
        data.ImagePositionPatient = [x, y, f'{exact:.1f}']
        data.save_as(path)


def mistype(folder):
    """Store elements with a VR that is not theirs."""
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        for keyword, vr, value in (
            ('PatientSex', 'LO', 'female'),
            ('StudyDate', 'DT', '20200101101112'),
            ('StudyTime', 'LO', 'noon'),
            ('SeriesNumber', 'LO', 'three'),
            ('PatientID', 'UN', b'a\x00\x01b'),
            ('StudyID', 'OB', b'\x01\x02'),
            ('StudyInstanceUID', 'LO', '1.2.3.4'),
        ):
            data.add(DataElement(keyword, vr, value))
        data.save_as(path)


def enhanced(folder):
    folder.mkdir()
    pixels = np.arange(21 * 33, dtype=np.uint16).reshape(21, 33)
    frames = [frame(k, stored=pixels) for k in range(6)]
    image = enhanced_ct(frames, FrameOfReferenceUID='1.9')
    image.save_as(folder / 'ct.dcm', enforce_file_format=True)


def write_source(folder, kind):
    if kind == 'enhanced':
        return enhanced(folder)
    write_series(folder, **SOURCES.get(kind, {}))
    changes = {
        'tilted': tilt,
        'rounded positions': round_positions,
        'wrong representations': mistype,
    }
    return changes.get(kind, lambda folder: None)(folder)


KINDS = (
    *SOURCES,
    *('tilted', 'rounded positions', 'wrong representations', 'enhanced'),
)
