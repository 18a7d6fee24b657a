"""The benchmark of fused detections on a small split of its own."""

import json

import numpy as np
import pytest

from benchmarks.fusion import real_detections, table
from mmuldor.functional.fusion.fusing import METHODS

IMAGES = 12


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Detectors that find one lesion an image among three places."""
    rng = np.random.default_rng(0)
    names = [f'{k // 2:06d}_01_01/{k:03d}.png' for k in range(IMAGES)]
    lesion = [0.0, 0, 9, 9]
    for split in ('val', 'test'):
        for detector in 'ab':
            dets = []
            for _ in range(IMAGES):
                for place in range(6):
                    box = [20.0 * place, 0, 20 * place + 9, 9]
                    dets.append([*box, rng.random() + (place == 0)])
            np.savez(
                tmp_path / f'mulan_{detector}_{split}.npz',
                names=np.array(names),
                counts=np.full(IMAGES, 6),
                dets=np.array(dets),
                gt_counts=np.ones(IMAGES, dtype=int),
                gts=np.array([lesion] * IMAGES),
            )
    monkeypatch.setattr(
        real_detections, 'real', lambda name: tmp_path / name.split('/')[1]
    )
    (tmp_path / 'README.md').write_text(f'a\n{table.BEGIN}\n{table.END}\nb\n')
    monkeypatch.setattr(table, 'README', tmp_path / 'README.md')
    monkeypatch.setattr(real_detections, 'IMAGES', 3)
    return tmp_path


def run(folder, *flags):
    out = folder / 'fusion.json'
    real_detections.main(
        [
            *('--work', str(folder / 'work'), '--out', str(out)),
            *('--resamples', '20', *flags),
        ]
    )
    return json.loads(out.read_text())


def test_a_small_run(small, monkeypatch):
    monkeypatch.setattr('sys.argv', [real_detections.__file__])
    result = run(small)
    counts = (result['images'], result['lesions'], result['patients'])
    assert counts == (IMAGES, IMAGES, IMAGES // 2)
    rows = {row['name']: row for row in result['rows']}
    assert set(rows) == {
        *('a', 'b', 'defaults', 'scores by rank', 'tuned'),
        *METHODS[1:],
    }
    better = result['better']
    assert rows[better]['gain'] is None
    gain = rows['defaults']['mean'] - rows[better]['mean']
    assert rows['defaults']['gain']['mean'] == pytest.approx(gain)
    assert rows['nms']['options'].startswith('--method nms --iou-thr 0.')
    assert rows['tuned']['options'] == '--settings fusion.json'
    timed = run(small, '--time')
    assert set(timed['seconds']) == set(METHODS)
    assert timed['rows'] == result['rows']
    text = (small / 'README.md').read_text()
    assert text.startswith(f'a\n{table.BEGIN}\n\n12 images, 12 lesions, 6 pat')
    assert text.endswith(f'{table.END}\nb\n')
    assert '| `--settings fusion.json` |' in text


def test_the_readme_has_the_result(root):
    result = json.loads(real_detections.RESULT.read_text())
    text = (root / 'benchmarks/README.md').read_text()
    assert table.between_marks(text, table.table(result)) == text


def test_the_best_iou_of_a_method():
    tried = [
        {'what': 'nms, IoU 0.5', 'mean': 0.8},
        {'what': 'nms, IoU 0.6', 'mean': 0.9},
        {'what': 'soft-nms, IoU 0.7', 'mean': 1.0},
    ]
    tuned = {'tuning': {'tried': tried}}
    assert real_detections.best(tuned, 'nms') == '0.6'


def test_without_real_data(tmp_path, monkeypatch):
    monkeypatch.setattr(real_detections, 'real', lambda name: None)
    with pytest.raises(FileNotFoundError, match='mulan_a_val'):
        real_detections.convert(tmp_path)


def test_marks_are_needed():
    with pytest.raises(ValueError, match='must hold'):
        table.between_marks('nothing', 'x')
