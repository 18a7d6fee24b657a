"""One good JSON document or table of each kind, small."""

import csv
import io

import numpy as np

from data_prep.common.dl_info import COLUMNS
from tests.support.entries import image_entry, lesion_entry

SIDE, SLICES = 16, 4
AFFINE = np.diag([-0.8, -0.8, 2.5, 1.0])
GRID = {
    'shape': [SLICES, SIDE, SIDE],
    'spacing_mm': [0.8, 0.8, 2.5],
    'affine_lps': np.diag([0.8, 0.8, 2.5, 1.0]).tolist(),
}
RECIST_PX = [2.0, 6.0, 9.0, 6.0, 5.0, 3.0, 5.0, 8.0]
ANNOTATIONS = {
    'images': [image_entry(number, SIDE) for number in (1, 2)],
    'annotations': [
        lesion_entry(number, [2.0, 3.0, 8.0, 6.0], RECIST_PX)
        for number in (1, 2)
    ],
}
BANK = {
    'version': 1,
    'ann_file': 'train.json',
    'fingerprint': 'abcdef',
    'epoch': 0,
    'counts': {'images': 1, 'mined': 1},
    'images': {
        '1': [
            {
                'bbox': [2.0, 3.0, 8.0, 6.0],
                'score': 0.9,
                'mask_iou': 0.1,
                'ignored': False,
                'polygons': [[2, 3, 9, 3, 9, 8, 2, 8]],
            }
        ]
    },
}
VOLUMES = {
    'volumes': [
        {
            'name': 'case_01',
            'split': 'test',
            **GRID,
            'lesions': [{'box_mm': [1.0, 1.0, 1.0, 5.0, 5.0, 4.0]}],
        }
    ]
}
LESIONS = {
    'source': 'case_01.nii.gz',
    **GRID,
    'lesions': [{'box_mm': [1.0, 1.0, 1.0, 5.0, 5.0, 4.0], 'score': 0.9}],
}
DETECTIONS = [
    {
        'image_id': 1,
        'bbox': [2.0, 3.0, 8.0, 6.0],
        'score': 0.9,
        'category_id': 1,
    }
]
OWN_COCO = {
    'images': [{'id': 1, 'file_name': 'a/031.png'}],
    'annotations': [
        {
            'id': 1,
            'image_id': 1,
            'bbox': [2.0, 3.0, 8.0, 6.0],
            'recist_px': RECIST_PX,
            'segmentation': [[2, 3, 9, 3, 9, 8, 2, 8]],
        }
    ],
}
FUSION = {
    'format': 'mmuldor-fusion-1',
    'method': 'wbf-one',
    'iou_thr': 0.5,
    'scores': 'rank',
    'detectors': [
        {
            'name': name,
            'weight': 1.0,
            'score_map': {'scores': [0.1, 0.9], 'values': [0.2, 0.5]},
        }
        for name in ('a', 'b')
    ],
}
DOCUMENTS = {
    'annotations': ANNOTATIONS,
    'results': DETECTIONS,
    'bank': BANK,
    'exclude': {
        'fingerprint': 'abcdef',
        'images': {'1': [{'bbox': [2.0, 3.0, 8.0, 6.0]}]},
    },
    'volumes': VOLUMES,
    'lesions': LESIONS,
    'foreign': [{**DETECTIONS[0], 'file_name': '000001_01_01/005.png'}],
    'fusion': FUSION,
    'own coco': OWN_COCO,
    'truth': {
        'lesions': [
            {
                'row': lesion['id'],
                'file_name': f'{lesion["id"]:06d}_01_01/005.png',
                'segmentation': {'size': [4, 4], 'counts': [5, 2, 9]},
            }
            for lesion in ANNOTATIONS['annotations']
        ]
    },
}
ROW = {
    'File_name': '000001_01_01_005.png',
    'Patient_index': '1',
    'Study_index': '1',
    'Series_ID': '1',
    'Key_slice_index': '5',
    'Measurement_coordinates': '3, 7, 10, 7, 6, 4, 6, 9',
    'Bounding_boxes': '2, 3, 11, 10',
    'Lesion_diameters_Pixel_': '7, 5',
    'Normalized_lesion_location': '0.5, 0.5, 0.5',
    'Coarse_lesion_type': '-1',
    'Possibly_noisy': '0',
    'Slice_range': '4, 6',
    'Spacing_mm_px_': '0.8, 0.8, 5',
    'Image_size': '16, 16',
    'DICOM_windows': '-175, 275',
    'Patient_gender': 'F',
    'Patient_age': '62',
    'Train_Val_Test': '1',
}
TABLES = {
    'DL_info': (list(COLUMNS), [ROW]),
    'foreign csv': (
        ['image', 'x1', 'y1', 'x2', 'y2', 'score'],
        [
            {
                'image': '000001_01_01/005.png',
                **{'x1': '2', 'y1': '3', 'x2': '9', 'y2': '8'},
                'score': '0.9',
            }
        ],
    ),
    'patients': (
        ['file', 'patient', 'split'],
        [{'file': 'a', 'patient': 'p', 'split': 'test'}],
    ),
}


def to_csv(columns, rows):
    """Bytes of a table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(columns)
    writer.writerows([[row[c] for c in columns] for row in rows])
    return text.getvalue().encode()
