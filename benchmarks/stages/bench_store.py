"""Time samples of three slices from PNG files and from a packed store.

    python benchmarks/stages/bench_store.py
    python benchmarks/stages/bench_store.py --images data/DeepLesion/Images_png

Every slice whose two neighbours are there can be a sample; those timed are
spread evenly over them. The kinds alternate, sample by sample, after a round
that warms the page cache; before, all must give the same image. One thread,
as in a worker of a data loader.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import mmdet.datasets.transforms  # noqa: F401
import numpy as np
import torch
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.inputs import real
from benchmarks.rows import row, times_faster
from benchmarks.timing import DEMO, alternate, make_parser, save
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.datasets import LoadCTSlices, ResizeToSpacing, WindowHU
from mmuldor.functional.hounsfield import stored_to_hu16
from mmuldor.io.png import read_png16
from mmuldor.io.store.slice_format import encode_slice
from mmuldor.io.store.writer import StoreWriter

WINDOW_HU = (-1024, 3071)
# 512 px at a usual pixel size become 448 px at the configs' 0.8 mm.
SPACING_MM = 0.7
WINDOW = WindowHU([WINDOW_HU])
RESIZE = ResizeToSpacing(spacing_mm=0.8, max_size=512)
WHY = (
    'what is left is memory: the float32 image, twice the bytes of the plain '
    'copy, is read and written four times'
)
# As in DeepLesion loaders that are published on the web.
PUBLISHED = 'PNG, float64'
Work = Callable[[dict], np.ndarray]


def find_samples(images: Path, count: int) -> list[dict]:
    """Slices with both neighbours, as `LoadCTSlices` gets them.

    Raises:
        FileNotFoundError: If there are none.
    """
    found = []
    for path in sorted(images.glob('*/*.png')):
        number = int(path.stem) if path.stem.isdecimal() else -1
        beside = [path.with_name(f'{number + k:03d}.png') for k in (-1, 1)]
        if number >= 0 and all(p.is_file() for p in beside):
            found.append((path, number))
    if not found:
        raise FileNotFoundError(
            f'`--images` must be Images_png with series of slices, but '
            f'{images} has none of three in a row.'
        )
    places = np.linspace(0, len(found) - 1, min(count, len(found)))
    return [sample(*found[round(place)]) for place in places]


def sample(path: Path, number: int) -> dict:
    """One item of the dataset."""
    height, width = read_png16(path).shape
    return {
        'img_path': str(path),
        'file_name': f'{path.parent.name}/{path.name}',
        'key_slice': number,
        'slice_range': [number - 1, number + 1],
        'slice_interval_mm': 1.0,
        'spacing_mm': [SPACING_MM, SPACING_MM],
        'height': height,
        'width': width,
    }


def make_store(samples: list[dict], loader: LoadCTSlices, folder: Path):
    """Pack the samples; returns the bytes of PNG, of pixels, of the store."""
    paths = {path for s in samples for path in loader.slice_paths(s)}
    sizes = np.zeros(3, dtype=np.int64)
    writer = StoreWriter(folder)

    def encoded():
        for path in track(sorted(map(Path, paths)), 'packing'):
            hu = stored_to_hu16(read_png16(path))
            data, record = encode_slice(hu)
            sizes[:] += (path.stat().st_size, hu.nbytes, len(data))
            yield f'{path.parent.name}/{path.name}', data, record

    with writer.locked():
        writer.add(encoded())
        writer.finish([])
    return dict(zip(('png', 'pixels', 'store'), sizes.tolist(), strict=True))


def decoded(loader: LoadCTSlices, item: dict) -> list[np.ndarray]:
    """The pixels of the PNG files only."""
    return [
        cv2.imread(path, cv2.IMREAD_UNCHANGED)
        for path in loader.slice_paths(item)
    ]


def published(loader: LoadCTSlices, item: dict) -> np.ndarray:
    """HU in float64, as in DeepLesion loaders published on the web."""
    return np.stack(decoded(loader, item), -1).astype(np.float64) - 32768


def published_window(hu: np.ndarray) -> np.ndarray:
    """Their windowing, in float64, too."""
    low, high = WINDOW_HU
    return np.clip((hu - low) / (high - low), 0, 1) * 255


def copied(samples: list[dict], loader: LoadCTSlices) -> Work:
    """A copy of a sample's 16-bit pixels in memory: the lower limit."""
    pixels = {s['img_path']: np.stack(decoded(loader, s)) for s in samples}
    return lambda item: pixels[item['img_path']].copy()


def kinds(
    store: Path, loader: LoadCTSlices, samples: list[dict]
) -> dict[str, dict[str, Work]]:
    """Timed functions of an item by group and kind."""
    packed = LoadCTSlices(store=store)

    def load(with_loader: LoadCTSlices) -> Work:
        return lambda item: with_loader.transform(dict(item))['img']

    def ready(with_loader: LoadCTSlices) -> Work:
        def work(item: dict) -> np.ndarray:
            results = with_loader.transform(dict(item))
            return RESIZE.transform(WINDOW.transform(results))['img']

        return work

    def published_ready(item: dict) -> np.ndarray:
        image = published_window(published(loader, item)).astype(np.float32)
        sides = (item['width'], item['height'])
        return cv2.resize(image, [round(s * SPACING_MM / 0.8) for s in sides])

    return {
        'HU of 3 slices': {
            'PNG decoding alone': lambda item: decoded(loader, item),
            PUBLISHED: lambda item: published_window(published(loader, item)),
            'PNG, LoadCTSlices': load(loader),
            'store, LoadCTSlices': load(packed),
            'plain copy of the pixels': copied(samples, loader),
        },
        'ready sample': {
            PUBLISHED: published_ready,
            'PNG, pipeline': ready(loader),
            'store, pipeline': ready(packed),
        },
    }


def check(groups: dict[str, dict[str, Work]], samples: list[dict]) -> None:
    """Raise unless all kinds give the same result."""
    load, ready = groups.values()
    for item in samples:
        hu = load['PNG, LoadCTSlices'](item)
        np.testing.assert_array_equal(load['store, LoadCTSlices'](item), hu)
        np.testing.assert_allclose(
            load[PUBLISHED](item),
            published_window(hu.astype(np.float64)),
        )
        image = ready['PNG, pipeline'](item)
        np.testing.assert_array_equal(ready['store, pipeline'](item), image)
        np.testing.assert_allclose(ready[PUBLISHED](item), image, atol=1e-3)


def parts(store: Path, samples: list[dict], repeats: int) -> dict[str, float]:
    """Median milliseconds of each transform of a sample from the store."""
    steps = [LoadCTSlices(store=store), WINDOW, RESIZE]
    times = {type(step).__name__: [] for step in steps}
    for _ in range(repeats):
        for item in samples:
            results = dict(item)
            for name, step in zip(times, steps, strict=True):
                begin = time.perf_counter()
                results = step.transform(results)
                times[name].append(1000 * (time.perf_counter() - begin))
    return {name: median(values) for name, values in times.items()}


def rows(
    groups: dict[str, dict[str, Work]], samples: list[dict], repeats: int
) -> list[dict]:
    """Time every group, its kinds alternately sample by sample."""
    found = []
    for group, works in groups.items():
        seconds = {kind: [] for kind in works}
        for item in samples:
            bound = {
                kind: lambda work=work, item=item: work(item)
                for kind, work in works.items()
            }
            for kind, values in alternate(bound, repeats).items():
                seconds[kind] += values
        ours, other = 'store, pipeline', PUBLISHED
        if ours not in works:
            ours = 'store, LoadCTSlices'
        found.append(times_faster(group, seconds, ours, other, 10, WHY))
    return found


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'store', repeats=9)
    add = parser.add_argument
    default = real('deeplesion_sample/Images_png')
    default = default or DEMO / 'phantom/Images_png'
    add('--images', type=Path, default=default, help='Images_png')
    add('--samples', type=types.count, default=24, help='samples (default 24)')
    args = parser.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    loader = LoadCTSlices()
    samples = find_samples(args.images, args.samples)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        sizes = make_store(samples, loader, store)
        groups = kinds(store, loader, samples)
        check(groups, samples)
        found = rows(groups, samples, args.repeats)
        for name, value in parts(store, samples, args.repeats).items():
            found.append(row(f'{name} from the store', {}, 'ms', value))
    size = sizes['store'] / sizes['png']
    found.append(row('size of the store', {}, 'times the PNG files', size))
    whose = 'real' if 'deeplesion_sample' in str(args.images) else 'given'
    save(args, 'store', found, data=whose, samples=len(samples), bytes=sizes)


if __name__ == '__main__':
    with user_errors():
        main()
