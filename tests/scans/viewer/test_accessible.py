"""Contrast of the page's colours, and names of its controls."""

import re

import pytest

from mmuldor.scans.viewer.page import COLORS
from mmuldor.scans.viewer.template import page_part

# Grounds of texts: the page, cards, buttons, the selected row.
GROUNDS = ('#14171c', '#1c2027', '#262c35', '#273140')


def luminance(color):
    """Relative luminance of WCAG 2.1."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    ]
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast():
    # Black on white, as the standard says.
    assert contrast('#000000', '#ffffff') == pytest.approx(21)
    style = page_part('viewer.css')
    stated = dict(re.findall(r'--(\w+): (#[0-9a-f]{6})', style))
    assert {stated['page'], stated['card'], stated['raised']} < set(GROUNDS)
    texts = [stated['text'], stated['faint'], stated['accent']]
    matches = ('finding', 'false positive', 'missed', 'second hit')
    statuses = ('matched', 'new', 'gone', 'uncertain', 'outside')
    texts += [COLORS[name] for name in matches + statuses]
    for text in texts:
        for ground in GROUNDS:
            # AA for text of usual size.
            assert contrast(text, ground) >= 4.5, (text, ground)


def test_every_control_has_a_name(show, volume, lesions):
    page = show(lesions, volume, truth_mm=[lesions[0].box_mm])
    page.keyboard.press('?')
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, dialog')]
          .filter((one) => !(one.textContent.trim()
            || one.getAttribute('aria-label')
            || one.getAttribute('aria-labelledby')
            || [...(one.labels || [])].some((l) => l.textContent.trim())))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    # Each id is there once, and each reference leads to one.
    ids = page.evaluate(
        "[...document.querySelectorAll('[id]')].map((one) => one.id)"
    )
    assert len(ids) == len(set(ids))
    described = page.get_attribute('#stage', 'aria-describedby')
    assert described in ids
