"""Command lines of the tools, and folders of good files for them."""

import nibabel

from tests.faults.spoiling import good

# Tool, kind of the bad file, its place, arguments; {x} is x in the folder.
TOOLS = [
    (
        'tools.froc',
        'results',
        'results.json',
        '--ann {ann.json} --dets {results.json} --out {out/f.json}',
    ),
    (
        'tools.convert_results',
        'foreign',
        'foreign.json',
        '{foreign.json} --ann {ann.json} --out {out/r.json}',
    ),
    (
        'tools.convert_results',
        'foreign csv',
        'foreign.csv',
        '{foreign.csv} --ann {ann.json} --out {out/r.json}',
    ),
    (
        'tools.convert_results',
        'yolo',
        'labels/000001_01_01_005.txt',
        '{labels} --ann {ann.json} --out {out/r.json}',
    ),
    (
        'tools.compare',
        'results',
        'results.json',
        'A={results.json} --ann {ann.json} --out {out}',
    ),
    (
        'tools.fuse',
        'results',
        'results.json',
        '{results.json} {foreign.json} --out {out/r.json}',
    ),
    (
        'tools.fuse',
        'fusion',
        'fusion.json',
        'a={results.json} b={foreign.json} --settings {fusion.json} '
        '--out {out/r.json}',
    ),
    (
        'tools.convert_results',
        'npz',
        'foreign.npz',
        '{foreign.npz} --ann {ann.json} --out {out/r.json}',
    ),
    (
        'tools.report',
        'annotations',
        'ann.json',
        '--ann {ann.json} --images {images} --run A={results.json} '
        '--out {out}',
    ),
    (
        'tools.report',
        'bank',
        'banks/epoch_000.json',
        '--ann {ann.json} --images {images} --run A={results.json} '
        '--train-ann {ann.json} --bank-dir {banks} --out {out}',
    ),
    (
        'tools.report',
        'png',
        'images/000001_01_01/005.png',
        '--ann {ann.json} --images {images} --run A={results.json} '
        '--out {out}',
    ),
    (
        'tools.review',
        'bank',
        'banks/epoch_000.json',
        'export --bank {banks/epoch_000.json} --ann {ann.json} '
        '--images {images} --out {out}',
    ),
    (
        'tools.review',
        'review',
        'review.csv',
        'import --csv {review.csv} --bank {banks/epoch_000.json} '
        '--ann {ann.json} --exclude {out/e.json} --annotations {out/a.json}',
    ),
    (
        'tools.froc_volumes',
        'volumes',
        'volumes.json',
        '--volumes {volumes.json} --dets {lesions.json} --out {out/f.json}',
    ),
    (
        'tools.froc_volumes',
        'lesions',
        'lesions.json',
        '--volumes {volumes.json} --dets {lesions.json} --out {out/f.json}',
    ),
    (
        'tools.calibrate',
        'volumes',
        'volumes.json',
        '--volumes {volumes.json} --dets {lesions.json} --split all '
        '--out {out/c.json}',
    ),
    (
        'tools.calibrate',
        'lesions',
        'lesions.json',
        '--volumes {volumes.json} --dets {lesions.json} --split all '
        '--out {out/c.json}',
    ),
    (
        'data_prep.deeplesion_to_coco',
        'DL_info',
        'DL_info.csv',
        '--csv {DL_info.csv} --images {images} --out {out}',
    ),
    (
        'data_prep.slices_to_coco',
        'own coco',
        'own.json',
        '--images {own} --coco {own.json} --spacing 0.8 0.8 5 --out {out} '
        '--split 1 0 0',
    ),
    (
        'data_prep.slices_to_coco',
        'png',
        'own/a/031.png',
        '--images {own} --coco {own.json} --spacing 0.8 0.8 5 --out {out} '
        '--split 1 0 0',
    ),
    (
        'data_prep.volumes_to_coco',
        'gzipped nifti',
        'volumes/case_01.nii.gz',
        '--images {volumes} --masks {masks} --out {out} --split 1 0 0',
    ),
    (
        'data_prep.volumes_to_coco',
        'labels',
        'masks/case_01.nii.gz',
        '--images {volumes} --masks {masks} --out {out} --split 1 0 0',
    ),
    (
        'tools.infer',
        'nifti',
        'scan.nii',
        '{scan.nii} {config.py} {w.pth} --out {out}',
    ),
    (
        'tools.infer',
        'dicom',
        'series/0.dcm',
        '{series} {config.py} {w.pth} --out {out}',
    ),
    (
        'tools.infer',
        'png',
        'images/000001_01_01/005.png',
        '{images/000001_01_01} {config.py} {w.pth} --spacing 0.8 0.8 5 '
        '--out {out}',
    ),
]


def good_contents(folder, root):
    """Bytes of good files by place.

    Args:
        folder: Where they may be written on the way.
        root: The project's.
    """

    def of(kind):
        return good.good_bytes(kind, folder)

    whole = folder / 'whole.nii'
    nibabel.save(good.nifti_image(), whole)
    base = root / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
    return {
        'ann.json': of('annotations'),
        'results.json': of('results'),
        'foreign.json': of('foreign'),
        'foreign.csv': of('foreign csv'),
        'foreign.npz': of('npz'),
        'fusion.json': of('fusion'),
        'labels/000001_01_01_005.txt': of('yolo'),
        'banks/epoch_000.json': of('bank'),
        'review.csv': of('review'),
        'volumes.json': of('volumes'),
        'lesions.json': of('lesions'),
        'DL_info.csv': of('DL_info'),
        'own.json': of('own coco'),
        'images/000001_01_01/004.png': of('png'),
        'images/000001_01_01/005.png': of('png'),
        'images/000001_01_01/006.png': of('png'),
        'images/000002_01_01/005.png': of('png'),
        'own/a/031.png': of('png'),
        'volumes/case_01.nii.gz': of('gzipped nifti'),
        'masks/case_01.nii.gz': of('labels'),
        'scan.nii': whole.read_bytes(),
        **{
            f'series/{n}.dcm': good.dicom_bytes(good.dicom_slice(n))
            for n in range(good.SLICES)
        },
        'config.py': f'_base_ = {str(base)!r}\n'.encode(),
    }


def lay_out(contents, folder):
    for place, data in contents.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def filled(arguments, folder):
    parts = []
    for part in arguments.split():
        start, brace, rest = part.partition('{')
        inside, _, end = rest.partition('}')
        parts.append(f'{start}{folder / inside}{end}' if brace else part)
    return parts
