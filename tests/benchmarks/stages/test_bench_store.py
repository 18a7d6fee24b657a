import json
import sys

import pytest

from benchmarks.stages import bench_store


def run(monkeypatch, images, out):
    words = [bench_store.__file__, '--images', images, '--out', out]
    words += ['--samples', 2, '--repeats', 1]
    monkeypatch.setattr(sys, 'argv', [str(word) for word in words])
    bench_store.main()


def test_every_kind_is_timed(mini_data, tmp_path, monkeypatch):
    out = tmp_path / 'store.json'
    run(monkeypatch, mini_data / 'Images_png', out)
    result = json.loads(out.read_text())
    assert result['samples'] == 2
    load, ready = result['rows'][:2]
    assert len(load['kinds']) == 5
    assert len(ready['kinds']) == 3
    medians = {kind: s['median_s'] for kind, s in ready['kinds'].items()}
    ratio = medians['PNG, float64'] / medians['store, pipeline']
    assert ready['value'] == pytest.approx(ratio)
    assert ready['reached'] is bool(ratio >= 10)
    assert result['bytes']['pixels'] == 2 * 3 * 64 * 64 * 2


def test_kinds_that_differ_are_not_timed(mini_data, tmp_path, monkeypatch):
    monkeypatch.setattr(
        bench_store, 'published', lambda loader, item: 0 * item['height']
    )
    with pytest.raises(AssertionError):
        run(monkeypatch, mini_data / 'Images_png', tmp_path / 'store.json')
    assert not (tmp_path / 'store.json').exists()


def test_no_slices(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='none of three in a row'):
        run(monkeypatch, tmp_path, tmp_path / 'store.json')
