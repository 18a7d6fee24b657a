"""A browser, and a scan with lesions for it."""

import os
import shutil
import signal
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from mmuldor.scans.viewer.page import write_volume_page
from mmuldor.scans.volume import Volume
from tests.scans.viewer.pages import AFFINE, SHAPE, lesion

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


@pytest.fixture(scope='package')
def browser():
    named = os.environ.get('MMULDOR_CHROMIUM')
    path = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None or not os.path.exists(path):
        pytest.skip(
            f'no Chromium at MMULDOR_CHROMIUM={named}'
            if named
            else 'no Chromium: install the package `chromium`, or name one '
            'by MMULDOR_CHROMIUM'
        )
    playwright = pytest.importorskip('playwright.sync_api')
    before = children()
    driver = playwright.sync_playwright().start()
    browser = driver.chromium.launch(executable_path=path)
    yield browser
    end(browser, driver, children() - before)


def children():
    """Process IDs of what this thread has started and what still runs."""
    thread = Path('/proc/self/task', str(threading.get_native_id()))
    return {int(pid) for pid in (thread / 'children').read_text().split()}


def end(browser, driver, processes, seconds=60.0):
    """Close the browser; kill its driver where that never answers.

    Playwright then waits without an end, and the whole suite with it.
    """
    killed = threading.Event()

    def kill():
        killed.set()
        for pid in processes:
            os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        browser.close()
        driver.stop()
    except Exception:
        if not killed.is_set():
            raise
    finally:
        timer.cancel()
    if killed.is_set():
        warnings.warn(f'Chromium was killed after {seconds} s', stacklevel=1)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a written page; nothing may be complained of or asked for."""
    problems, pages = [], []

    def open_page(path, size=(1280, 800)):
        page = browser.new_page(viewport={'width': size[0], 'height': size[1]})
        pages.append(page)
        page.on('console', lambda message: problems.append(message.text))
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on(
            'request',
            lambda request: (
                request.url != path.as_uri() and problems.append(request.url)
            ),
        )
        page.goto(path.as_uri())
        page.wait_for_selector('#stage[data-slice]')
        return page

    yield open_page
    for page in pages:
        page.close()
    assert problems == []


@pytest.fixture
def show(opened, tmp_path):
    """Writes the page of a scan and opens it."""

    def show_scan(lesions, volume, *, size=(1280, 800), **options):
        path = tmp_path / 'report.html'
        write_volume_page(path, lesions, volume, **options)
        return opened(path, size)

    return show_scan


@pytest.fixture(scope='module')
def volume():
    rng = np.random.default_rng(0)
    hu = rng.integers(-1024, 3071, SHAPE, endpoint=True).astype(np.int16)
    return Volume(hu, AFFINE, '/data/of/a/scan.nii.gz')


@pytest.fixture(scope='module')
def lesions():
    return [lesion(4, (6, 8, 20, 16), 0.93), lesion(20, (30, 22, 41, 33), 0.5)]
