"""Detections that their authors published for DeepLesion's test split."""

import csv

import numpy as np

# At 0.5, 1, 2, 4, 6, 8 and 16 false positives per image, as they logged it.
SENSITIVITY = [
    '0.61135993',
    '0.71192997',
    '0.79458469',
    '0.84425896',
    '0.85627036',
    '0.87601792',
    '0.89617264',
]


def published_detections(real_data):
    """The image of each detection and x1, y1, x2, y2, score, (n, 5) float64.

    Images are named as in annotation files; boxes are in px, widths inclusive.
    """
    stored = np.load(
        real_data / 'froc' / '3dce_3slice_test_detections.npz',
        allow_pickle=False,
    )
    names = np.repeat(stored['names'], stored['counts']).tolist()
    return names, stored['dets'].astype(np.float64)


def lesions_of_test_split(real_data):
    """Image, box x1, y1, x2, y2 in px from 0, and whether it is noisy."""
    with open(real_data / 'deeplesion_sample' / 'DL_info.csv') as file:
        for row in csv.DictReader(file):
            if row['Train_Val_Test'] == '3':
                name = row['File_name']
                box = row['Bounding_boxes'].split(',')
                yield (
                    f'{name[:12]}/{name[13:]}',
                    [float(value) - 1 for value in box],
                    row['Possibly_noisy'] == '1',
                )
