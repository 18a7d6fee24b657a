"""The list of the page: its order, its filters, numbers of the source."""

from dataclasses import replace

import numpy as np
import pytest

from tests.scans.viewer.pages import at, lesion


@pytest.fixture(scope='module')
def several():
    """Of 10 to 40 px in a row: the lower the score, the longer."""
    return [
        lesion(3, (6, 8, 16, 16), 0.9),
        lesion(9, (6, 8, 26, 16), 0.7),
        lesion(6, (6, 8, 46, 16), 0.5),
    ]


def numbers(page):
    return page.locator('#lesions .number').all_inner_texts()


def test_sorted_and_filtered(show, volume, several):
    page = show(several, volume)
    assert numbers(page) == ['1', '2', '3']
    sort = page.get_by_role('button', name='Sort by long diameter')
    sort.click()
    assert numbers(page) == ['3', '2', '1']
    assert sort.get_attribute('aria-pressed') == 'true'
    sort.click()
    assert numbers(page) == ['1', '2', '3']
    page.get_by_role('button', name='Sort by slice').click()
    assert numbers(page) == ['1', '3', '2']
    # The keys follow the order of the list.
    page.keyboard.press('n')
    page.keyboard.press('n')
    at(page, slice=6, selected=3)
    page.keyboard.press('f')
    page.keyboard.type('0.6')
    assert numbers(page) == ['1', '2']
    # A hidden lesion is no longer selected.
    at(page, selected=0)
    assert page.locator('#count').inner_text() == '2 of 3 shown'
    # The masks are 8, 18 and 38 px of 0.8 mm wide and 6 of 1.2 mm high.
    page.get_by_label('mm ≥').fill('13')
    assert numbers(page) == ['2']
    page.get_by_label('mm ≥').fill('99')
    assert numbers(page) == []
    assert page.locator('#emptied').is_visible()
    page.locator('#stage').focus()
    page.keyboard.press('n')
    page.keyboard.press('x')
    assert numbers(page) == ['1', '2', '3']
    assert not page.locator('#reset').is_visible()


def test_types_of_match(show, volume, several):
    truth = [several[0].box_mm, [0.8, 1.2, 60, 8, 12, 70]]
    page = show(several, volume, truth_mm=truth)
    words = page.locator('#lesions .match').all_inner_texts()
    assert words == ['finding', 'FP', 'FP', 'missed']
    assert numbers(page) == ['1', '2', '3', 'M1']
    page.get_by_label('false positive (2)').uncheck()
    assert numbers(page) == ['1', 'M1']
    page.keyboard.press('p')
    # 60 to 70 mm are slices 24 to 28 of 2.5 mm.
    at(page, slice=26, selected='M1')
    page.get_by_role('button', name='Show all').click()
    page.get_by_role('button', name='Sort by type of match').click()
    assert numbers(page) == ['1', '2', '3', 'M1']


def test_numbers_of_the_source(show, volume, several):
    count = len(volume.hu)
    numbered: list = [50 - k for k in range(count)]
    numbered[7] = None
    page = show(several, replace(volume, png_numbers=numbered))
    # Slice 3 of 0 to 29; number 50 is the lowest slice.
    place = page.locator('#place').inner_text().split('\n')
    assert place == ['Image 47', 'slice 3 of 0\N{EN DASH}29', 'S 15.5 mm']
    images = page.locator('#lesions .slice').all_inner_texts()
    assert images == ['47', '41', '44']
    page.keyboard.press('g')
    page.keyboard.type('30')
    page.keyboard.press('Enter')
    at(page, slice=20)
    # Keys scroll again.
    page.keyboard.press('ArrowDown')
    at(page, slice=19)
    field = page.get_by_role('spinbutton', name='Image')
    assert field.input_value() == '31'
    field.fill('43')
    field.press('Enter')
    said = page.locator('#problem').inner_text()
    assert said == 'This scan has no image 43.'
    at(page, slice=19)
    field.press('Escape')
    page.locator('#slice').fill('7')
    at(page, slice=7)
    assert page.locator('#place').inner_text().startswith('Image \N{EN DASH}')


def test_a_click_on_a_box_selects(show, volume, several):
    page = show(several, volume)
    box = page.locator('#stage').bounding_box()
    scale = min(box['height'] / 48, box['width'] / (56 * 0.8))
    page.mouse.click(
        box['x'] + box['width'] / 2 + (11 - 27.5) * 0.8 * scale,
        box['y'] + box['height'] / 2 + (12 - 19.5) * 1.2 * scale,
    )
    at(page, slice=3, selected=1, level=50, width=450)
    current = page.locator('#lesions [aria-current]')
    assert current.get_attribute('data-number') == '1'


def test_help_names_every_key(show, volume, several):
    page = show(several, volume)
    page.keyboard.press('?')
    named = set(page.locator('#keys kbd').all_inner_texts())
    names = {
        'ArrowUp': '↑', 'ArrowDown': '↓', 'ArrowLeft': '←',
        'ArrowRight': '→', 'PageUp': 'Page Up', 'PageDown': 'Page Down',
        '-': '\N{MINUS SIGN}', '=': '+', 'l': 'L',
    }  # fmt: skip
    keys = page.evaluate('Object.keys(KEYS)')
    wanted = {names.get(k, k.upper() if len(k) == 1 else k) for k in keys}
    # That of two scans is not shown here, and so is no text.
    assert wanted - {'L'} <= named


def test_many_lesions_are_listed_quickly(show, volume):
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 20, (500, 2))
    many = [
        lesion(int(k % 30), (x, y, x + 12, y + 12), 1 - k / 600)
        for k, (x, y) in enumerate(corners)
    ]
    page = show(many, volume)
    page.keyboard.press('p')
    at(page, selected=500)
    took_ms = page.evaluate(
        """() => {
          const start = performance.now();
          drawNow();
          refill();
          return performance.now() - start;
        }"""
    )
    # 10 ms here; a busy machine takes a few times that.
    assert took_ms < 300
