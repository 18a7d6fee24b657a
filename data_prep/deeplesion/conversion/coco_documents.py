"""The annotation JSON of each split: facts only, pixels from 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.functional.masks import mask_runs
from mmuldor.functional.recist import (
    moved_endpoints,
    pseudo_mask_polygons,
)
from mmuldor.io.run_length import encode_runs

from ...common.dl_info import SPLITS, LesionRow
from .conversion_report import DeepLesionReport


def make_documents(
    rows: list[LesionRow], image_ids: dict[str, int], report: DeepLesionReport
) -> dict[str, dict[str, Any]]:
    """Sorts rows into splits, in the CSV's order.

    An image appears where one of its lesions is kept; its id counts the
    images of the whole CSV, so that it is the same for any subset.
    """
    folds = {'folds': report.folds.as_info()} if report.folds else {}
    documents = {
        split: {
            'info': {
                'dataset': 'DeepLesion',
                'split': split,
                'source': report.csv_name,
                'source_git_hash': report.digest,
                'frame': 'pixel centres at integers',
                **folds,
            },
            'categories': [{'id': LESION_CATEGORY, 'name': 'lesion'}],
            'images': [],
            'annotations': [],
        }
        for split in SPLITS.values()
    }
    seen = set()
    for row in rows:
        document = documents[row.split]
        image_id = image_ids[row.file_name]
        if image_id not in seen:
            seen.add(image_id)
            document['images'].append(_image(row, image_id))
        document['annotations'].append(_annotation(row, image_id))
    return documents


def add_masks(
    document: dict[str, Any],
    grow_px: float = 0.0,
    offset_px: Sequence[float] = (0.0, 0.0),
) -> None:
    """Give every annotation its pseudo mask, for programs that draw none.

    Args:
        document: Of one split; annotations get ``segmentation``, COCO's
            run-length encoding, and ``area`` becomes the mask's, px.
        grow_px: as of `mmuldor.functional.recist.moved_endpoints`.
        offset_px: as of the same.
    """
    sizes = {i['id']: (i['height'], i['width']) for i in document['images']}
    by_size = defaultdict(list)
    for annotation in document['annotations']:
        by_size[sizes[annotation['image_id']]].append(annotation)
    for size, lesions in by_size.items():
        ends = np.array([lesion['recist_px'] for lesion in lesions])
        ends = moved_endpoints(ends.reshape(-1, 4, 2), grow_px, offset_px)
        outlines = pseudo_mask_polygons(ends)
        runs = mask_runs(outlines, *size)
        rles = encode_runs(runs, *size)
        for lesion, lengths, rle in zip(lesions, runs, rles, strict=True):
            lesion['segmentation'] = rle
            lesion['area'] = int(lengths[1::2].sum())


def _image(row: LesionRow, image_id: int) -> dict[str, Any]:
    return {
        'id': image_id,
        'file_name': row.file_name,
        'height': row.height,
        'width': row.width,
        'spacing_mm': list(row.spacing_mm),
        'slice_interval_mm': row.slice_interval_mm,
        'key_slice': row.key_slice,
        'slice_range': list(row.slice_range),
        'patient': row.patient,
        'window_hu': list(row.window_hu),
    }


def _annotation(row: LesionRow, image_id: int) -> dict[str, Any]:
    x1, y1, x2, y2 = row.box_px
    # The file's coordinates have six digits; this hides the binary tail.
    width, height = round(x2 - x1, 6), round(y2 - y1, 6)
    return {
        'id': row.raw.row,
        'image_id': image_id,
        'category_id': LESION_CATEGORY,
        'bbox': [x1, y1, width, height],
        'area': round(width * height, 6),
        'iscrowd': 0,
        'recist_px': list(row.recist_px),
        'lesion_type': row.lesion_type,
        'noisy': row.noisy,
    }
