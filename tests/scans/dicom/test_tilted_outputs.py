"""A lesion of a tilted series lies at one place in every output file.

A ball of 8 mm lies at a known point of the patient. It is drawn on slices of
a tilted gantry, found by its HU, and written to all files. SimpleITK, nibabel
and highdicom read them.
"""

import json

import highdicom as hd
import nibabel
import numpy as np
import pytest
import SimpleITK

from mmuldor.functional.masks import crop_mask
from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.outputs import write_outputs
from mmuldor.scans.reading import read_scan
from tests.support.dicom_series import write_slice

SIDE, PIXEL_MM, STEP_MM, SLICES, DEGREES = 48, 0.8, 2.0, 25, 18.5
CENTRE, RADIUS = np.array([3.0, -12.0, 74.0]), 8.0
COSINE, SINE = np.cos(np.radians(DEGREES)), np.sin(np.radians(DEGREES))
SLANTED = (
    'lesions.dcm lies on the slices of a tilted gantry, which dcmqi and 3D '
    'Slicer take as straight: use labels.nii.gz there'
)
LPS_TO_RAS = np.diag([-1, -1, 1])
# Directions of columns and rows, and the step from slice to slice.
TILTED = {
    'axial': ([1, 0, 0], [0, COSINE, SINE], [0, 0, STEP_MM]),
    'feet last': ([1, 0, 0], [0, COSINE, SINE], [0, 0, -STEP_MM]),
    'both ways': ([COSINE, 0, SINE], [0, COSINE, -SINE], [0, 0, STEP_MM]),
    'coronal': ([1, 0, 0], [0, SINE, -COSINE], [0, STEP_MM, 0]),
}


def write_tilted(folder, columns, rows, step):
    """Slices around CENTRE; returns their distance along the normal."""
    columns, rows = np.array(columns, float), np.array(rows, float)
    rows = rows - columns * (rows @ columns) / (columns @ columns)
    rows /= np.linalg.norm(rows)
    # Not the middle of a pixel or of the volume.
    middle = np.array([SIDE / 2 + 1, SIDE / 2 - 3, SLICES / 2 + 1])
    pixel = np.arange(SIDE) * PIXEL_MM
    corner = CENTRE - middle @ [columns * PIXEL_MM, rows * PIXEL_MM, step]
    for number in range(SLICES):
        position = (corner + number * np.array(step)).round(5)
        x = position + pixel[None, :, None] * columns
        away = np.linalg.norm(x + pixel[:, None, None] * rows - CENTRE, axis=2)
        # The HU of a pixel rise over one pixel at the border of the ball.
        inside = np.clip((RADIUS - away) / PIXEL_MM + 0.5, 0, 1)
        write_slice(
            folder,
            number,
            name=f'{number:02d}',
            hu=np.rint(1100 * inside - 1000).astype(np.int16),
            orientation=[*columns, *rows],
            position=position.tolist(),
            PixelSpacing=[PIXEL_MM, PIXEL_MM],
            SliceThickness=STEP_MM,
            FrameOfReferenceUID='1.9',
        )
    normal = np.cross(columns, rows)
    return abs(normal @ step)


def found_in(volume):
    detections = []
    for k, hu in enumerate(volume.hu):
        # Half of the way from air to the ball.
        mask = hu > -450
        if mask.any():
            y, x = np.nonzero(mask)
            low, high = (x.min(), y.min()), (x.max() + 1, y.max() + 1)
            box = np.array([*low, *high]) - 0.5
            detections.append(SliceDetection(k, box, 0.9, crop_mask(mask)))
    return [measure_lesion(detections, volume.affine)]


@pytest.mark.parametrize('name', TILTED)
def test_one_place_in_all_files(tmp_path, name):
    interval_mm = write_tilted(tmp_path / 'ct', *TILTED[name])
    volume, notes = read_scan(tmp_path / 'ct')
    assert sum('gantry tilt' in note for note in notes) == 1
    out = tmp_path / 'out'
    assert write_outputs(out, found_in(volume), volume) == [SLANTED]
    (lesion,) = json.loads((out / 'lesions.json').read_text())['lesions']
    # Its box ends at whole pixels and slices, so a half of them may be off.
    off = np.array(lesion['center_lps_mm']) - CENTRE
    axes = volume.affine[:3, :3] / volume.spacing_mm
    assert (np.abs(off @ axes) < np.array(volume.spacing_mm) / 2).all()
    ball_ml = 4 / 3 * np.pi * RADIUS**3 / 1000
    assert lesion['volume_ml'] == pytest.approx(ball_ml, rel=0.02)

    by_nibabel = nibabel.load(out / 'labels.nii.gz')
    header = by_nibabel.header
    assert header.get_qform() == pytest.approx(header.get_sform(), abs=1e-4)
    assert int(header['qform_code']) == int(header['sform_code']) == 1
    indices = np.argwhere(np.asarray(by_nibabel.dataobj) == 1)
    places = nibabel.affines.apply_affine(by_nibabel.affine, indices)
    places = places @ LPS_TO_RAS
    assert places.mean(axis=0) == pytest.approx(CENTRE, abs=PIXEL_MM / 2)

    by_itk = SimpleITK.ReadImage(str(out / 'labels.nii.gz'))
    same = [
        by_itk.TransformIndexToPhysicalPoint(index)
        for index in indices[::97].tolist()
    ]
    assert np.array(same) == pytest.approx(places[::97], abs=1e-3)
    voxels = int((SimpleITK.GetArrayFromImage(by_itk) == 1).sum())
    assert voxels == len(indices)
    # Written with three and four digits.
    assert voxels * np.prod(by_itk.GetSpacing()) / 1000 == pytest.approx(
        lesion['volume_ml'], abs=1e-4
    )

    seg = hd.seg.segread(out / 'lesions.dcm')
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SpacingBetweenSlices == pytest.approx(interval_mm)
    marked = np.concatenate(list(_frame_places(seg)))
    assert marked.mean(axis=0) == pytest.approx(CENTRE, abs=PIXEL_MM / 2)
    # Masks are moved by parts of a pixel; nothing is torn or lost.
    assert len(marked) == voxels

    ends = np.reshape(lesion['recist_px'], (4, 2))
    indices = np.column_stack([ends, np.full(4, lesion['key_slice'])])
    reported = np.concatenate(list(_diameters(out, volume)))
    assert reported == pytest.approx(volume.to_patient(indices), abs=5e-3)


def _diameters(out, volume):
    """Patient coordinates of the ends of diameters in the report."""
    sources = {h.SOPInstanceUID: h for h in volume.dicom_headers}
    report = hd.sr.srread(out / 'lesions_sr.dcm')
    (group,) = report.content.get_volumetric_roi_measurement_groups()
    for measurement in group.get_measurements()[:2]:
        (line,) = measurement.referenced_coordinates
        if line.ValueType == 'SCOORD3D':
            yield line.value
            continue
        (image,) = line.ContentSequence
        source = sources[image.referenced_sop_instance_uid]
        cosines = np.array(source.ImageOrientationPatient, float)
        place = np.array(source.ImagePositionPatient, float)
        steps = (line.value - 0.5) * PIXEL_MM
        yield place + steps @ cosines.reshape(2, 3)


def _frame_places(seg):
    """Patient coordinates of the pixels of each frame, by its own header."""
    shared = seg.SharedFunctionalGroupsSequence[0]
    cosines = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    columns, rows = np.array(cosines, float).reshape(2, 3) * PIXEL_MM
    for frame, groups in zip(
        seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True
    ):
        plane = groups.PlanePositionSequence[0]
        y, x = np.nonzero(frame)
        yield (
            np.array(plane.ImagePositionPatient, float)
            + x[:, None] * columns
            + y[:, None] * rows
        )


def test_what_lies_beside_the_source_images_has_no_frame(tmp_path):
    write_tilted(tmp_path / 'ct', *TILTED['axial'])
    volume, _ = read_scan(tmp_path / 'ct')
    # All of the lowest slice; its images end where the grid goes on.
    mask = np.ones(volume.shape[1:], dtype=bool)
    box = np.array([0.0, 0, 1, 1])
    found = SliceDetection(0, box, 0.9, crop_mask(mask))
    lesion = measure_lesion([found], volume.affine)
    # In the plane: the grid grows by rows of the image's width, in the air.
    beside = mask.size - SIDE * SIDE
    assert beside >= SIDE
    assert write_outputs(tmp_path / 'out', [lesion], volume) == [
        f'lesions.dcm leaves out {beside} pixels of masks in the air that was '
        'added',
        SLANTED,
    ]
    path = tmp_path / 'out' / 'lesions.dcm'
    seg = hd.seg.segread(path)
    assert seg.pixel_array.shape == (SIDE, SIDE)
    assert seg.pixel_array.all()
    assert volume.shape[1] > SIDE
    # Of the same slice, the rows behind the image alone.
    mask[:SIDE] = False
    found = SliceDetection(0, box, 0.9, crop_mask(mask))
    lesion = measure_lesion([found], volume.affine)
    assert write_segmentation(path, [lesion], volume) == [
        'lesions.dcm was not written: all masks lie in the air that was added'
    ]
