"""PNG slices with COCO boxes, and conversions of them."""

import json

import numpy as np

from data_prep.slices_to_coco import main
from mmuldor.io.annotations import load_annotations
from mmuldor.io.png import write_png16

SIZE = (40, 60)


def lesion_and_hu():
    """HU of a slice with air, tissue and a lesion, and the lesion's mask."""
    rng = np.random.default_rng(0)
    mask = np.zeros(SIZE, dtype=bool)
    mask[10:21, 20:36] = True
    mask[10, 20] = False
    hu = rng.integers(-1000, 200, SIZE)
    return np.where(mask, 100, hu), mask


class Place:
    """PNG files, their COCO entries and runs of the converter."""

    def __init__(self, folder, hu):
        self.folder, self.hu = folder, hu
        self.images, self.annotations = [], []
        self.count = 0

    def image(self, name, listed=True, **extra):
        write_png16(
            self.folder / 'png' / name, (self.hu + 1024).astype(np.uint16)
        )
        if listed:
            number = 100 + len(self.images)
            self.images.append({'id': number, 'file_name': name, **extra})

    def lesion(self, image=-1, **entry):
        self.annotations.append(
            {
                'id': 500 + len(self.annotations),
                'image_id': self.images[image]['id'],
                'bbox': [20, 10, 16, 11],
                'category_id': 3,
                **entry,
            }
        )

    def convert(self, *flags, hu_offset=-1024, split=(1, 0, 0), **more):
        coco = self.folder / 'boxes.json'
        content = {'images': self.images, 'annotations': self.annotations}
        content |= more
        coco.write_text(json.dumps(content))
        words = (
            *('--images', self.folder / 'png', '--coco', coco),
            *('--out', self.folder / 'out', '--spacing', 0.5, 0.8, 3),
            *('--hu-offset', hu_offset, '--split', *split, *flags),
        )
        main([str(word) for word in words])
        return load_annotations(self.folder / 'out' / 'train.json')

    def convert_files(self, images, files, *flags):
        """The documents of all splits of files that are there."""
        self.count += 1
        out = self.folder / f'out{self.count}'
        words = (
            *('--images', images, '--coco', *files, '--out', out),
            *('--spacing', 0.8, 0.8, 5, *flags),
        )
        main([str(word) for word in words])
        return {
            split: load_annotations(out / f'{split}.json')
            for split in ('train', 'val', 'test')
        }
