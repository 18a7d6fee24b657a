"""Settings of runs, from the provenance of their files."""

import pytest

from mmuldor.evaluation.calibration.run_settings import (
    RunSettings,
    common_settings,
)

RUN = {
    'score_thr': 0.05,
    'step_mm': None,
    'views': None,
    'config': {'name': 'a.py', 'sha256': 'c' * 64},
    'checkpoint': {'name': 'w.pth', 'sha256': 'd' * 64},
}


def test_settings_of_a_run():
    found = RunSettings.of_provenance(RUN)
    assert found == RunSettings(0.05, None, None, 'c' * 64, 'd' * 64)
    assert RunSettings.of(found.as_dict()) == found
    # With a calibration, slices have a threshold of their own.
    both = {**RUN, 'score_thr': 0.7, 'slice_score_thr': 0.05}
    assert RunSettings.of_provenance(both) == found


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({'step_mm': 2}, '--step-mm none, here 2.0'),
        ({'score_thr': 0.3}, 'score threshold of slices 0.05, here 0.3'),
        ({'views': {'flips': []}}, 'views of --tta none'),
        ({'config': {'sha256': 'e'}}, 'config .SHA-256.'),
        ({'checkpoint': {'sha256': 'e'}}, 'checkpoint .SHA-256.'),
    ],
)
def test_differences(change, text):
    import re

    first = RunSettings.of_provenance(RUN)
    other = RunSettings.of_provenance({**RUN, **change})
    (found,) = first.differences(other)
    assert re.match(text, found)
    assert first.differences(first) == []
    with pytest.raises(ValueError, match=f'b must be of .* as a.*{text}'):
        common_settings({'a': RUN, 'b': {**RUN, **change}})


def test_unknown_hashes_do_not_differ():
    first = RunSettings.of_provenance(RUN)
    assert first.differences(RunSettings(0.05)) == []
    malformed = {**RUN, 'config': 3, 'checkpoint': {'sha256': 4}}
    assert first.differences(RunSettings.of_provenance(malformed)) == []


def test_settings_of_several_runs():
    assert common_settings({'a': RUN, 'b': RUN}) == RunSettings.of_provenance(
        RUN
    )
    assert common_settings({'a': {}, 'b': {}}) is None
    with pytest.raises(ValueError, match='a must state its settings'):
        common_settings({'a': {}, 'b': RUN})
