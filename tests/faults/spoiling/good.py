"""One good file of each kind, small, and how the project reads it."""

import io
import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pydicom

from data_prep.deeplesion.conversion.convert import Options, convert
from data_prep.own_data.coco_boxes import box_facts, read_coco_boxes
from data_prep.own_data.patients import read_patients
from mmuldor.evaluation.conversion.convert import Convention, convert_results
from mmuldor.evaluation.fusion.settings import load_settings
from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.results import load_detections
from mmuldor.evaluation.volume_detections import load_volume_detections
from mmuldor.io.annotations import load_annotations
from mmuldor.io.png import check_png16, read_png16, write_png16
from mmuldor.io.volume_annotations import load_volumes
from mmuldor.mining.bank import load_bank
from mmuldor.mining.exclude_list import load_exclude_list
from mmuldor.mining.review.verdicts import read_verdicts, write_review
from mmuldor.report.phantom_truth import load_outlines
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.nifti import read_label_nifti, read_nifti
from tests.apis.bundle.harmless import good_bundle, read_harmlessly
from tests.faults.spoiling.documents import (
    AFFINE,
    ANNOTATIONS,
    BANK,
    DOCUMENTS,
    SIDE,
    SLICES,
    TABLES,
    VOLUMES,
    to_csv,
)
from tests.support.ct_slices import ct_slice
from tests.support.enhanced_ct import enhanced_ct, frame

SUFFIXES = {
    **dict.fromkeys(DOCUMENTS, '.json'),
    **dict.fromkeys(TABLES, '.csv'),
    'review': '.csv',
    'npz': '.npz',
    'yolo': '.txt',
    'png': '.png',
    'nifti': '.nii',
    'gzipped nifti': '.nii.gz',
    'labels': '.nii.gz',
    'dicom': '.dcm',
    'enhanced dicom': '.dcm',
    'bundle': '.mmuldor',
}


def pixels(number=0):
    """HU of a slice, (SIDE, SIDE) int16."""
    return (np.arange(SIDE * SIDE).reshape(SIDE, SIDE) - 900 + number).astype(
        np.int16
    )


def nifti_image(labels=False):
    """A volume, or a mask on its grid, in memory."""
    data = np.array([pixels(number) for number in range(SLICES)]).T
    data = (data > -800).astype(np.uint8) if labels else data
    image = nibabel.Nifti1Image(data, AFFINE)
    image.set_qform(AFFINE, code=1)
    return image


def dicom_slice(number=0, **changes):
    """A CT slice; ``changes`` replace elements, None removes them."""
    elements = {
        'SOPInstanceUID': f'1.2.3.{number + 1}',
        'SliceThickness': 2.5,
        'PixelSpacing': [0.8, 0.8],
        'ImagePositionPatient': [0, 0, 2.5 * number],
    }
    return ct_slice(pixels(number) + 1024, **{**elements, **changes})


def dicom_bytes(data):
    """A file's bytes, whatever the values are."""
    file = io.BytesIO()
    with pydicom.config.disable_value_validation():
        pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file.getvalue()


def npz_bytes(**changes):
    """A file of one detection on one image; ``changes`` replace arrays."""
    file = io.BytesIO()
    arrays = {
        'names': np.array(['000001_01_01/005.png']),
        'counts': np.array([1]),
        'dets': np.array([[2.0, 3, 9, 8, 0.9]]),
    }
    np.savez(file, **{**arrays, **changes})
    return file.getvalue()


def good_bytes(kind, folder):
    """The content of a good file of a kind."""
    path = Path(folder) / f'made{SUFFIXES[kind]}'
    if kind in DOCUMENTS:
        return json.dumps(DOCUMENTS[kind]).encode()
    if kind in TABLES:
        return to_csv(*TABLES[kind])
    if kind == 'review':
        write_review(path, examples())
    elif kind == 'npz':
        return npz_bytes()
    elif kind == 'yolo':
        return b'0 0.5 0.5 0.2 0.2 0.9\n'
    elif kind == 'png':
        write_png16(path, (pixels().astype(np.int32) + 32768).astype('u2'))
    elif kind == 'dicom':
        return dicom_bytes(dicom_slice())
    elif kind == 'enhanced dicom':
        made = [frame(n, stored=pixels(n) + 1024) for n in range(SLICES)]
        return dicom_bytes(enhanced_ct(made))
    elif kind == 'bundle':
        return good_bundle()
    else:
        nibabel.save(nifti_image(kind == 'labels'), path)
    return path.read_bytes()


def examples():
    """The examples of the bank, as `examples_of` gives them."""
    return [
        {
            **BANK['images']['1'][0],
            'number': 1,
            'image_id': 1,
            'file_name': '000001_01_01/005.png',
        }
    ]


def read(kind, path):
    """Read a file of a kind as the project does."""
    return _READERS[kind](path)


def _csv(path):
    out = path.parent / 'converted'
    try:
        report = convert(path, None, out, Options(missing_images='keep'))
    except BaseException:
        assert not out.exists()
        raise
    shutil.rmtree(out)
    return report


def _both(path):
    load_ground_truth(path)
    return load_annotations(path)


def _own_coco(path):
    return [
        box_facts(entry, image.where, (SIDE, SIDE), (0.8, 0.8), 0.5)
        for image in read_coco_boxes(path)
        for entry in image.annotations
    ]


def _foreign(kind):
    def convert(path):
        ann = path.parent / 'ann' / 'test.json'
        ann.parent.mkdir(exist_ok=True)
        ann.write_text(json.dumps(ANNOTATIONS))
        boxes = 'xyxy' if kind in ('csv', 'npz') else 'xywh'
        source = path
        if kind == 'yolo':
            source = path.parent / 'labels'
            source.mkdir(exist_ok=True)
            path.rename(source / '000001_01_01_005.txt')
        return convert_results(source, ann, kind, Convention(boxes))

    return convert


def _labels(path):
    whole = path.with_name('whole.nii')
    if not whole.exists():
        nibabel.save(nifti_image(), whole)
    return read_label_nifti(path, read_nifti(whole)[0])


def _series(path):
    """The slice among sound ones."""
    for number in range(1, SLICES):
        name = path.with_name(f'sound_{number}.dcm')
        if not name.exists():
            name.write_bytes(dicom_bytes(dicom_slice(number)))
    return read_dicom(path.parent)


def _png(path):
    check_png16(path)
    return read_png16(path, (SIDE, SIDE))


_READERS = {
    'DL_info': _csv,
    'annotations': _both,
    'results': lambda path: load_detections(path, [1, 2]),
    'bank': load_bank,
    'exclude': load_exclude_list,
    'review': lambda path: read_verdicts(path, examples()),
    'volumes': load_volumes,
    'lesions': lambda path: load_volume_detections(
        [path], load_volumes(_volumes_beside(path))
    ),
    'foreign': _foreign('coco'),
    'foreign csv': _foreign('csv'),
    'npz': _foreign('npz'),
    'fusion': load_settings,
    'yolo': _foreign('yolo'),
    'own coco': _own_coco,
    'truth': lambda path: load_outlines(path, ANNOTATIONS),
    'patients': lambda path: read_patients(path, ['a']),
    'png': _png,
    'nifti': read_nifti,
    'gzipped nifti': read_nifti,
    'labels': _labels,
    'dicom': _series,
    'enhanced dicom': read_dicom,
    'bundle': read_harmlessly,
}


def _volumes_beside(path):
    whole = path.with_name('whole.json')
    whole.write_text(json.dumps(VOLUMES))
    return whole
