"""How soon a large scan can be read, on a machine like the project's own."""

import time

import numpy as np
import pytest

from mmuldor.scans.viewer.page import write_volume_page
from mmuldor.scans.volume import Volume
from tests.scans.viewer.pages import lesion

# Notes when the list is there, the first slice painted, the page read.
MARKS = """(() => {
  window.marks = {};
  const look = () => {
    const { marks } = window;
    const now = performance.now();
    if (document.querySelector('#stage[data-slice]')) marks.painted ??= now;
    if (document.querySelector('#lesions button')) marks.list ??= now;
    if (document.readyState === 'complete') marks.read ??= now;
    if (Object.keys(marks).length < 3) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""


@pytest.mark.slow
def test_600_slices_open_in_two_seconds(browser, tmp_path):
    rng = np.random.default_rng(0)
    one = rng.normal(0, 15, (512, 512))
    one[:, 100:400] += np.linspace(-100, 200, 300)
    hu = np.stack([np.roll(one, 7 * k, axis=0) for k in range(600)])
    volume = Volume(hu.astype(np.int16), np.diag([0.7, 0.7, 1, 1]), 'large')
    lesions = [lesion(300 + k, (100, 100, 160, 150), 0.9) for k in range(30)]
    path = tmp_path / 'report.html'
    write_volume_page(path, lesions, volume)
    assert 20e6 < path.stat().st_size < 66e6
    page = browser.new_page()
    page.add_init_script(MARKS)
    page.goto(path.as_uri(), wait_until='commit')
    while len(marks := page.evaluate('window.marks')) < 3:
        time.sleep(0.02)
    page.close()
    print(marks)
    # Milliseconds since the page was asked for.
    assert marks['list'] < 2000
    assert marks['painted'] < 2000


def test_what_is_shown_first_is_embedded_first(tmp_path):
    hu = np.zeros((9, 8, 8), np.int16)
    path = tmp_path / 'report.html'
    found = [lesion(6, (1, 1, 6, 6), 0.9)]
    write_volume_page(path, found, Volume(hu, np.eye(4), 'small'))
    parts = path.read_text().split('<script id="hu-0-')[1:]
    order = [int(part.split('"')[0]) for part in parts]
    assert order == [6, 0, 1, 2, 3, 4, 5, 7, 8]
