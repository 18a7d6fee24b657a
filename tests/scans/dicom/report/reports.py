"""Lesions whose numbers a person knows, their report, and what it says."""

from dataclasses import replace

import highdicom as hd
import numpy as np
from pydicom.sr.codedict import codes

from mmuldor.functional.masks import CroppedMask
from mmuldor.scans.dicom.report.report import write_report
from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.lesion_files import lesion_records
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion

# Columns 10 to 13, rows 5 to 7; the box ends with their outer edges.
BOX = (9.5, 4.5, 13.5, 7.5)
# Ends of the long, then of the short diameter; pixel centres at integers.
RECIST = [10.0, 5.0, 13.0, 7.0, 11.0, 7.0, 12.0, 5.0]
NUMBERS = {
    'long_mm': (codes.SCT.LongAxis, 'mm'),
    'short_mm': (codes.SCT.ShortAxis, 'mm'),
    'volume_ml': (codes.SCT.Volume, 'ml'),
    'score': (codes.SCT.Score, '1'),
    'probability': (codes.DCM.Probability, '1'),
}


def lesion(volume, slices=(2, 3), masks=True, score=0.87, left=0, **changes):
    """A lesion of 4 x 3 px on slices, the first of which is its key slice.

    It lies `left` px to the left of `BOX`.
    """
    mask = CroppedMask(5, 10 - left, np.ones((3, 4), dtype=bool))
    box = np.array(BOX) - [left, 0, left, 0]
    found = [
        SliceDetection(k, box, score, mask if masks else None) for k in slices
    ]
    made = measure_lesion(found, volume.affine)
    if masks:
        ends = np.reshape(RECIST, (4, 2)) - [left, 0]
        changes = {'recist_px': ends, **changes}
    return replace(made, **changes)


def report_of(folder, lesions, volume, **options):
    """Segmentation and report; the latter's content, records and notes."""
    records = lesion_records(lesions, volume)
    segmentation = folder / 'lesions.dcm'
    write_segmentation(segmentation, lesions, volume)
    path = folder / 'lesions_sr.dcm'
    notes = write_report(path, records, volume, segmentation, **options)
    return hd.sr.srread(path), records, notes


def groups_of(report):
    """Groups with a region or a segment, in the order of the report."""
    return report.content.get_volumetric_roi_measurement_groups()


def numbers_of(group):
    """Value and unit of each number by its key in ``lesions.json``."""
    found = {}
    for key, (code, _) in NUMBERS.items():
        for measurement in group.get_measurements(code):
            assert key not in found
            found[key] = (measurement.value, measurement.unit.value)
    return found


def line_of(group, key):
    """The only coordinates of a diameter."""
    (measurement,) = group.get_measurements(NUMBERS[key][0])
    (line,) = measurement.referenced_coordinates
    return line
