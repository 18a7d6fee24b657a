"""The page of a follow-up: two scans, their pairs, their arithmetic."""

from dataclasses import replace

import pytest

from mmuldor.scans.viewer.follow_up_page import write_follow_up_page
from tests.support.follow_up.in_memory import small_follow_up

HOSTILE = '</script><script>window.hacked = 1</script>'


@pytest.fixture
def show_pair(opened, tmp_path):
    def show(found=None, size=(1280, 800)):
        path = tmp_path / 'follow_up.html'
        write_follow_up_page(path, found or small_follow_up(), {})
        page = opened(path, size)
        page.wait_for_selector('#stage-1[data-slice]')
        return page

    return show


def both_at(page, first, second):
    """Wait until the scans show these slices."""
    for name, index in (('stage', first), ('stage-1', second)):
        page.wait_for_selector(f'#{name}[data-slice="{index}"]', timeout=5000)


def test_scans_scroll_together(show_pair):
    page = show_pair()
    # The first pair; slice k of the baseline is k + 5 of the follow-up.
    both_at(page, 10, 15)
    page.locator('#stage').hover()
    page.mouse.wheel(0, -100)
    both_at(page, 11, 16)
    page.locator('#stage-1').hover()
    page.mouse.wheel(0, 100)
    page.mouse.wheel(0, 100)
    both_at(page, 9, 14)
    # Beyond slice 34, which is 29 of the baseline, nothing is known.
    page.keyboard.press('End')
    both_at(page, 29, 39)
    page.locator('#stage').hover()
    page.keyboard.press('End')
    both_at(page, 39, 39)
    page.locator('#slice-1').fill('20')
    both_at(page, 15, 20)
    page.keyboard.press('l')
    page.keyboard.press('ArrowUp')
    both_at(page, 15, 21)
    link = page.get_by_role('button', name='Linked')
    assert link.get_attribute('aria-pressed') == 'false'
    link.click()
    both_at(page, 16, 21)


def test_zoom_and_window_are_common(show_pair):
    page = show_pair()
    page.locator('#stage-1').hover()
    page.keyboard.press('2')
    for name in ('stage', 'stage-1'):
        page.wait_for_selector(f'#{name}[data-width="1500"]')
    page.keyboard.down('Control')
    page.mouse.wheel(0, -200)
    page.keyboard.up('Control')
    scales = page.evaluate('panes.map((pane) => pane.view.zoom)')
    assert scales[0] == scales[1] > 1.5
    page.get_by_role('button', name='Fit').click()
    assert page.evaluate('panes.map((pane) => pane.view.zoom)') == [1, 1]


def test_the_table_of_pairs(show_pair):
    page = show_pair()
    cells = [
        row.locator('span').all_inner_texts()
        for row in page.locator('#lesions button').all()
    ]
    arrow = '\N{RIGHTWARDS ARROW}'
    assert cells == [
        ['1', 'matched', f'20.0 {arrow} 25.0', '+5.0', '+25', '+3.00'],
        ['2', 'gone', f'15.0 {arrow}', '', '', ''],
        ['3', 'uncertain', f'\N{EN DASH} {arrow} 8.0', '', '', ''],
        ['4', 'new', f'{arrow} 12.0', '', '', ''],
    ]
    page.get_by_role('button', name='Sort by status').click()
    numbers = page.locator('#lesions .number')
    assert numbers.all_inner_texts() == ['1', '4', '2', '3']
    page.get_by_label('matched (1)').uncheck()
    page.get_by_label('uncertain (1)').uncheck()
    assert numbers.all_inner_texts() == ['4', '2']
    # No lesion has a mask here, nor endpoints of diameters.
    assert page.locator('#boxes').is_visible()
    assert not page.locator('#masks').is_visible()
    assert not page.locator('#diameters').is_visible()
    counted = page.locator('#facts').inner_text()
    assert '1 matched, 1 new, 1 gone, 1 uncertain' in counted


def test_a_pair_is_shown_in_both_scans(show_pair):
    page = show_pair()
    rows = page.locator('#lesions button')
    rows.nth(2).click()
    both_at(page, 30, 35)
    small = rows.nth(2).locator('small').inner_text()
    assert small.split('\n')[-2:] == ['why', 'or lesion 2 of the baseline']
    # One is gone, one is new: the other scan shows where it would be, around
    # (20, 20) px of slice 16.
    rows.nth(1).click()
    both_at(page, 20, 16)
    rows.nth(3).click()
    both_at(page, 16, 5)
    center = page.evaluate('panes[0].view.center')
    assert center == pytest.approx([20, 20])
    rows.nth(0).click()
    both_at(page, 10, 15)
    scales = page.evaluate('panes.map((pane) => pane.view.scale)')
    assert scales[0] == scales[1]
    small = rows.nth(0).locator('small').inner_text()
    assert 'short 12.0 \N{RIGHTWARDS ARROW} 15.0 mm (+25.0 %)' in small
    assert 'target lesion' in small


def test_arithmetic_is_no_diagnosis(show_pair):
    page = show_pair()
    box = page.locator('#recist')
    assert box.locator('h2').inner_text() == 'RECIST 1.1 arithmetic'
    assert 'not a diagnosis' in page.locator('#recist-statement').inner_text()
    rows = [
        row.locator('td').all_inner_texts()
        for row in box.locator('tbody tr').all()
    ]
    assert rows == [
        ['1', 'liver', 'long', '20.0', '25.0'],
        ['2', '\N{EN DASH}', 'long', '15.0', '0.0'],
        ['sum', '', '', '35.0', '25.0'],
    ]
    minus = '\N{MINUS SIGN}'
    result = page.locator('#recist-result').inner_text()
    assert result == (
        f'Change {minus}10.0 mm, {minus}28.6 %; targets SD; overall PD'
    )
    page.emulate_media(media='print')
    page.evaluate('fillPrint()')
    assert 'not a diagnosis' in page.locator('#print-recist').inner_text()
    assert page.locator('#print-rows tr').count() == 4


def test_a_failed_registration_links_nothing(show_pair):
    found = small_follow_up()
    nowhere = found.slices.to_follow_up * float('nan')
    slices = replace(found.slices, to_follow_up=nowhere, to_baseline=nowhere)
    none = [None] * 3
    page = show_pair(
        replace(
            found,
            problem='too different',
            slices=slices,
            in_follow_up=none,
            in_baseline=none,
        )
    )
    assert 'failed: too different' in page.locator('#facts').inner_text()
    both_at(page, 10, 15)
    page.locator('#stage').hover()
    page.keyboard.press('ArrowUp')
    both_at(page, 11, 15)
    # Linked by hand: as many slices, so equal ones.
    page.keyboard.press('l')
    both_at(page, 11, 11)


def test_texts_of_both_scans_do_nothing(show_pair):
    found = small_follow_up()
    points = [
        replace(
            point,
            volume=replace(point.volume, source=f'/data/{HOSTILE}'),
            notes=[HOSTILE],
        )
        for point in (found.baseline, found.follow_up)
    ]
    page = show_pair(
        replace(
            found, baseline=points[0], follow_up=points[1], notes=[HOSTILE]
        )
    )
    assert page.evaluate('window.hacked') is None
    notes = page.locator('#notes li').all_inner_texts()
    roles = ('Baseline: ', 'Follow-up: ')
    assert notes == [HOSTILE, *(role + HOSTILE for role in roles)]


@pytest.mark.parametrize('size', [(1280, 800), (800, 900)])
def test_both_scans_are_in_sight(show_pair, size):
    page = show_pair(size=size)
    boxes = [
        page.locator(f'#{name}').bounding_box()
        for name in ('stage', 'stage-1')
    ]
    for box in boxes:
        assert min(box['width'], box['height']) > 280
        assert box['x'] + box['width'] <= size[0]
        assert box['y'] + box['height'] <= size[1]
    for control in page.locator('main button:visible').all():
        box = control.bounding_box()
        assert box['x'] + box['width'] <= size[0]
