"""The lines that mmdet prints at a start, and that mmuldor hides."""

import subprocess
import sys

from mmengine import logging

from mmuldor.upstream.on_import.start_notices import (
    METRIC_WARNING,
    MODULES,
    NOTICE,
    OneDLNoticeFinder,
    _without_notice,
    hide_start_notices,
)


def run(code, *options):
    return subprocess.run(
        [sys.executable, *options, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )


def test_mmdet_alone_still_prints_it_once_a_module():
    """Where this fails, mmdet has changed: is the module still needed?"""
    code = (
        'import sys, mmuldor; sys.meta_path = ['
        'f for f in sys.meta_path if type(f).__name__ != "OneDLNoticeFinder"]'
        '\nimport mmdet.datasets'
    )
    done = run(code, '-W', 'ignore')
    assert done.stdout.splitlines() == [NOTICE] * len(MODULES)


METRICS = 'import mmdet.evaluation.metrics.faster_coco_metric'


def test_mmdet_alone_still_warns_of_its_metric():
    assert METRIC_WARNING in run(METRICS).stderr


def test_import_mmuldor_hides_the_warning():
    assert METRIC_WARNING not in run(f'import mmuldor; {METRICS}').stderr


def test_import_mmuldor_hides_it_and_nothing_else():
    done = run(
        'import mmuldor, mmdet.datasets\n'
        'from mmengine.logging import print_log\n'
        'print(print_log.__name__, mmdet.datasets.transforms.__name__)',
        *('-W', 'ignore'),
    )
    assert done.stdout == 'print_log mmdet.datasets.transforms\n'


def test_other_messages_pass(capsys):
    before = logging.print_log
    with _without_notice():
        logging.print_log(NOTICE)
        logging.print_log('another message')
    assert capsys.readouterr().out == 'another message\n'
    assert logging.print_log is before


def test_the_finder_is_installed_once_and_answers_for_two_modules():
    hide_start_notices()
    found = [f for f in sys.meta_path if isinstance(f, OneDLNoticeFinder)]
    assert len(found) == 1
    assert found[0].find_spec('mmdet.models') is None
    assert found[0].find_spec('mmdet.datasets', []) is None
