"""Names of methods in Markdown tables."""

import pytest

from mmuldor.io.markdown import markdown_cell


@pytest.mark.parametrize(
    'text',
    [
        'Mask R-CNN + HNEM (2 runs)',
        'mask-rcnn_r101_fpn_12e',
        '< 10 mm',
        'interval <= 2.5 mm',
        'p < 0.001',
        'A & B',
        '+0.8 (-0.1 to +1.5)',
    ],
)
def test_plain_texts_stay(text):
    assert markdown_cell(text) == text


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a|b', r'a\|b'),
        ('*a* _b_', r'\*a\* \_b\_'),
        ('<b>c</b>', r'\<b>c\</b>'),
        ('&lt;', r'\&lt;'),
        ('$x$ `y` [z](u)', r'\$x\$ \`y\` \[z](u)'),
        ('c:\\*', r'c:\\\*'),
        ('two\n\n lines', 'two lines'),
    ],
)
def test_markup_is_text(text, expected):
    assert markdown_cell(text) == expected
