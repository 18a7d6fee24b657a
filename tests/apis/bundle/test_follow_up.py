"""A follow-up of scans with a bundle."""

import json

import pytest

from data_prep.phantom.follow_up.dataset import write_pair
from tests.support.follow_up.small_pairs import small_pair
from tools import follow


@pytest.mark.slow
def test_a_bundle_finds_the_lesions_of_a_scan(bundle, tmp_path):
    """No lesion reaches this threshold: true ones of the baseline are gone."""
    folder, out = tmp_path / 'pair', tmp_path / 'out'
    write_pair(folder, folder, small_pair(0))
    names = [str(folder / 'baseline'), str(folder / 'follow_up.nii.gz')]
    line = f'--model {bundle} --out {out} --device cpu --score-thr 1'
    follow.main([*names, *line.split()])
    document = json.loads((out / 'follow_up.json').read_text())
    assert document['follow_up']['lesions'] == 0
    statuses = {pair['status'] for pair in document['pairs']}
    assert 'gone' in statuses <= {'gone', 'outside', 'uncertain'}
    found = json.loads((out / 'follow_up' / 'lesions.json').read_text())
    assert found['provenance']['bundle']['name'] == bundle.name
