"""Texts of users in Markdown tables."""

from __future__ import annotations

import re

# What would be markup: a tag, an entity, emphasis, code, a link, an image,
# a formula. An underscore inside a word is none, nor is a `<` before a space.
_MARKUP = re.compile(r'[\\`*|$\[]|<(?! |=)|&(?=#?\w+;)|(?<!\w)_|_(?!\w)')


def markdown_cell(text: str) -> str:
    """A text that reads the same in a Markdown table."""
    return _MARKUP.sub(r'\\\g<0>', ' '.join(text.split()))
