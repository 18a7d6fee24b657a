"""The page on paper: header, list and key slices of the lesions shown."""

from tests.scans.viewer.pages import at, lesion


def test_printed(show, volume):
    several = [lesion(4 + k, (6, 8, 20, 16), 0.9 - k / 10) for k in range(4)]
    page = show(several, volume, notes=['a note'])
    page.get_by_label('Score ≥').fill('0.65')
    page.wait_for_function('() => kept.size === 4')
    page.emulate_media(media='print')
    page.evaluate('fillPrint()')
    assert not page.locator('main').is_visible()
    assert not page.locator('aside').is_visible()
    rows = page.locator('#print-rows tr')
    assert rows.count() == 3
    size = page.locator('#lesions .size').first.text_content()
    cells = rows.nth(1).locator('td').all_inner_texts()
    assert cells[:4] == ['2', '0.80', '5', size]
    left = page.locator('#print-left').inner_text()
    assert left == '3 of 4 lesions: score of at least 0.65.'
    assert page.locator('#print-notes').inner_text() == 'a note'
    facts = page.locator('#print-facts').inner_text()
    assert '30 of 56 \N{MULTIPLICATION SIGN} 40 px' in facts
    captions = page.locator('figcaption').all_inner_texts()
    assert captions[2] == f'Lesion 3 · slice 6 · {size} mm'
    # The whole slice and what lies around the lesion, a picture each.
    assert page.locator('figure canvas').count() == 6
    size, greys = page.evaluate(
        """() => {
          const canvas = document.querySelectorAll('figure canvas')[1];
          const { width, height } = canvas;
          const context = canvas.getContext('2d');
          const { data } = context.getImageData(0, 0, width, height);
          return [[width, height], new Set(data).size];
        }"""
    )
    # The pixels are noise: all greys are there.
    assert size == [480, 480]
    assert greys == 256


def test_a_printed_file_has_the_pictures(show, volume):
    page = show([lesion(4, (6, 8, 20, 16), 0.9)], volume)
    page.wait_for_function('() => kept.size === 1')
    # The browser asks for them before it prints; each has a mask of its own.
    file = page.pdf(format='A4')
    assert file.count(b'/Subtype /Image') >= 2
    assert file.count(b'/Type /Page\n') == 1


def test_the_button_prints_when_pictures_are_there(show, volume):
    page = show([lesion(4, (6, 8, 20, 16), 0.9)], volume)
    page.evaluate(
        """() => {
          window.print = () => { document.body.dataset.printed = kept.size; };
        }"""
    )
    page.get_by_role('button', name='Print').click()
    page.wait_for_selector('body[data-printed="1"]')
    page.evaluate('delete document.body.dataset.printed')
    page.locator('#stage').focus()
    page.keyboard.press('Control+p')
    page.wait_for_selector('body[data-printed="1"]')
    at(page, selected=0)
