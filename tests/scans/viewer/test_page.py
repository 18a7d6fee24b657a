"""`report.html` in a real browser: what it shows, and that it asks no one."""

import base64

import numpy as np
import pytest

from mmuldor.scans.viewer.page import WINDOWS
from mmuldor.scans.viewer.slice_codec import ReducedGrid, reduce_slice
from mmuldor.scans.volume import Volume
from mmuldor.visualization.marks import DETECTION, MASK
from tests.scans.viewer.pages import (
    AFFINE,
    SHAPE,
    at,
    drawn,
    lesion,
    shown,
    stage_box,
    windowed,
)

HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror=a()>'


def test_wheel_keys_and_slider_scroll(show, volume, lesions):
    page = show(lesions, volume)
    # The highest-scoring lesion comes first.
    at(page, slice=4)
    assert np.array_equal(shown(page), windowed(volume.hu[4], 50, 450))
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -100)
    at(page, slice=5)
    page.mouse.wheel(0, 100)
    page.mouse.wheel(0, 100)
    at(page, slice=3)
    for key, slice_index in {
        'ArrowUp': 4, 'ArrowDown': 3, 'PageUp': 13, 'PageDown': 3,
        'End': 29, 'PageUp ': 29, 'Home': 0, 'ArrowDown ': 0,
    }.items():  # fmt: skip
        page.keyboard.press(key.strip())
        at(page, slice=slice_index)
    assert np.array_equal(shown(page), windowed(volume.hu[0], 50, 450))
    page.locator('#slice').fill('17')
    at(page, slice=17)
    assert np.array_equal(shown(page), windowed(volume.hu[17], 50, 450))
    place = page.locator('#place').inner_text()
    # 8 + 17 x 2.5 mm.
    assert place.split('\n') == ['Slice 17 of 0\N{EN DASH}29', 'S 50.5 mm']


def test_windows(show, volume, lesions):
    page = show(lesions, volume)
    for number, (name, (level, width)) in enumerate(WINDOWS.items(), start=1):
        page.keyboard.press(str(number))
        at(page, level=f'{level:g}', width=f'{width:g}')
        assert np.array_equal(
            shown(page), windowed(volume.hu[4], level, width)
        )
        pressed = page.locator('#windows [aria-pressed="true"]')
        assert pressed.all_inner_texts() == [name]
    page.get_by_role('button', name='Bone').click()
    at(page, level=400, width=1800)
    page.get_by_label('Level', exact=True).fill('-35')
    page.get_by_label('Width', exact=True).fill('333')
    at(page, level=-35, width=333)
    assert np.array_equal(shown(page), windowed(volume.hu[4], -35, 333))
    # Across is the width, down the level.
    page.mouse.move(700, 400)
    page.mouse.down()
    page.mouse.move(740, 380)
    page.mouse.up()
    level, width = (
        int(page.get_attribute('#stage', f'data-{name}'))
        for name in ('level', 'width')
    )
    assert width > 333
    assert level < -35
    assert np.array_equal(shown(page), windowed(volume.hu[4], level, width))


def test_a_lesion_is_jumped_to_and_marked(show, volume, lesions):
    page = show(lesions, volume)
    rows = page.locator('#lesions button')
    long_mm, short_mm = lesions[1].long_mm, lesions[1].short_mm
    size = f'{long_mm:.1f} \N{MULTIPLICATION SIGN} {short_mm:.1f}'
    assert rows.nth(1).locator('span').all_inner_texts() == [
        *('2', '0.50', '20', size, f'{lesions[1].volume_ml:.2f}'),
    ]
    rows.nth(1).click()
    at(page, slice=20, selected=2)
    assert rows.nth(1).get_attribute('aria-current') == 'true'
    # The box lies in the middle, 80 mm around it fill the stage's height.
    box = stage_box(page)
    scale = box['height'] / 80
    middle = box['width'] / 2, box['height'] / 2
    left = middle[0] - 11 / 2 * 0.8 * scale
    bottom = middle[1] + 11 / 2 * 1.2 * scale
    yellow = [*bytes.fromhex(DETECTION[1:]), 255]
    assert drawn(page, left, middle[1]) == yellow
    assert drawn(page, middle[0], bottom) == yellow
    # The mask's outline, 3/8 px beside the centres of its outermost pixels.
    inside = left + 5 / 8 * 0.8 * scale, middle[1] + 20
    blue = np.array([*bytes.fromhex(MASK[1:])])
    assert np.abs(np.subtract(drawn(page, *inside)[:3], blue)).max() < 30
    for key in 'bkd':
        page.keyboard.press(key)
    page.wait_for_function('!document.getElementById("boxes").checked')
    page.wait_for_timeout(50)
    assert drawn(page, left, middle[1])[3] == 0
    assert drawn(page, *inside)[3] == 0
    page.keyboard.press('n')
    at(page, slice=4, selected=1)


def test_the_list_follows_the_keys(show, volume):
    many = [lesion(k, (6, 8, 20, 16), 0.9 - k / 50) for k in range(29)]
    page = show(many, volume, size=(1280, 600))
    page.keyboard.press('p')
    at(page, slice=28, selected=29)
    last = page.locator('#lesions button').last
    inner = last.locator('small').bounding_box()
    around = page.locator('#found').bounding_box()
    assert inner['height'] > 0
    assert inner['y'] + inner['height'] <= around['y'] + around['height']


def test_what_lies_under_the_mouse(show, volume, lesions):
    page = show(lesions, volume)
    box = stage_box(page)
    # Rows of 40 x 1.2 mm fill the height, columns lie in the middle.
    scale = min(box['height'] / 48, box['width'] / (56 * 0.8))
    column, row = 9, 31
    page.mouse.move(
        box['x'] + box['width'] / 2 + (column - 27.5) * 0.8 * scale,
        box['y'] + box['height'] / 2 + (row - 19.5) * 1.2 * scale,
    )
    page.wait_for_function('document.getElementById("pointer").textContent')
    hu, pixel, place = page.locator('#pointer').inner_text().split('\n')
    assert hu == f'{volume.hu[4, row, column]} HU'
    assert pixel == f'column {column}, row {row}'
    x, y, z = volume.to_patient([[column, row, 4]])[0]
    words = place.split()
    assert words[::2] == ['R', 'A', 'S', 'mm'][:4]
    found = [-float(words[1]), -float(words[3]), float(words[5])]
    assert found == pytest.approx([x, y, z], abs=0.11)
    sides = page.locator('.side').all_inner_texts()
    assert sides == ['R', 'L', 'A', 'P']


def test_the_keyboard_alone(show, volume, lesions):
    page = show(lesions, volume)
    reached = []
    for _ in range(30):
        page.keyboard.press('Tab')
        reached.append(
            page.evaluate(
                'document.activeElement.id || '
                'document.activeElement.textContent'
            )
        )
        if page.evaluate('document.activeElement.dataset.number') == '2':
            page.keyboard.press('Enter')
            at(page, slice=20, selected=2)
    wanted = {'Lung', 'level', 'width', 'boxes', 'fit', 'slice', 'stage'}
    assert wanted <= set(reached)
    # Keys scroll wherever the focus is, but in a number.
    page.locator('#slice').focus()
    page.keyboard.press('PageDown')
    at(page, slice=10)
    page.locator('#level').focus()
    page.keyboard.press('Home')
    page.keyboard.press('?')
    assert not page.locator('#keys').is_visible()
    page.locator('#stage').focus()
    page.keyboard.press('?')
    assert page.locator('#keys').is_visible()
    page.keyboard.press('Escape')
    at(page, slice=10)


def test_texts_of_a_scan_do_nothing(show, volume, lesions):
    hostile = Volume(volume.hu, AFFINE, f'/data/{HOSTILE}')
    notes = [HOSTILE, '{{script}} {{slices}} &lt;b&gt;']
    page = show(lesions, hostile, notes=notes)
    assert page.evaluate('window.hacked') is None
    assert page.locator('img').count() == 0
    assert page.locator('#notes li').all_inner_texts() == notes
    policy = page.get_attribute('meta[http-equiv]', 'content')
    assert policy.startswith("default-src 'none'; ")
    assert 'unsafe' not in policy
    # A path ends at its last slash.
    name = HOSTILE.rsplit('/', 1)[-1]
    assert page.locator('#name').inner_text() == name
    assert page.title() == f'Lesions of {name}'
    # Folders may name a patient.
    assert page.get_attribute('#name', 'title') == name


def test_a_large_scan_is_shown_more_coarsely(show, lesions, tmp_path):
    rng = np.random.default_rng(0)
    hu = rng.normal(0, 20, SHAPE).astype(np.int16)
    page = show(lesions, Volume(hu, AFFINE, 'large'), max_bytes=23e3)
    grid = ReducedGrid(25, 35, 4)
    steps = reduce_slice(hu[4], grid)
    expected = windowed(steps.astype(float) * 4 - 1024, 50, 450)
    assert np.array_equal(shown(page), expected)
    note = page.locator('#notes').inner_text()
    assert '35 \N{MULTIPLICATION SIGN} 25 px in steps of 4 HU' in note
    text = (tmp_path / 'report.html').read_text()
    parts = text.split('class="hu">')[1:]
    assert len(parts) == len(hu)
    data = [base64.b64decode(part.split('</script>')[0]) for part in parts]
    assert sum(map(len, data)) * 4 / 3 < 23e3


@pytest.mark.parametrize('size', [(1280, 800), (800, 600)])
def test_everything_is_in_sight(show, volume, lesions, size):
    page = show(lesions, volume, size=size)
    for control in page.locator('button:visible, input:visible').all():
        box = control.bounding_box()
        assert box['x'] >= 0
        assert box['x'] + box['width'] <= size[0]
        assert box['y'] + box['height'] <= size[1]
    assert stage_box(page)['height'] > 0.75 * size[1]
    said = page.locator('footer').inner_text()
    assert said.startswith('Not a medical device')


def test_a_damaged_slice_is_said(show, volume, lesions):
    page = show(lesions, volume)
    page.evaluate('document.getElementById("hu-0-25").textContent = "AAAA"')
    page.locator('#slice').fill('25')
    page.wait_for_selector('#problem:visible')
    said = page.locator('#problem').inner_text()
    assert said.startswith('Slice 25 cannot be read')
    page.keyboard.press('PageDown')
    at(page, slice=15)
    assert not page.locator('#problem').is_visible()


def test_nothing_found(show, volume):
    page = show([], volume, notes=[])
    at(page, slice=15)
    assert page.locator('#none').is_visible()
    page.keyboard.press('n')
    page.keyboard.press('ArrowUp')
    at(page, slice=16)


def test_a_real_scan_comes_back_whole(show, real_data):
    from mmuldor.scans.nifti import read_nifti

    volume, _ = read_nifti(real_data / 'nifti/aorta_ct_cropped.nii.gz')
    page = show([], volume)
    found = page.evaluate(
        """async () => {
          const whole = [];
          for (let k = 0; k < panes[0].count; k += 23) {
            const steps = await panes[0].slices.get(k);
            whole.push(Array.from(steps, (s) => s - 1024));
          }
          return whole;
        }"""
    )
    expected = np.clip(volume.hu[::23], -1024, 3071)
    assert np.array_equal(np.array(found).reshape(expected.shape), expected)
