"""The model card: what a model is, how good, for what, and how to run it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from mmuldor.io.json_values import shortened

_USE = """\
Research on lesion detection in CT: marking lesions on axial slices and
comparing detectors. Not a medical device; not tested for diagnosis or for
any clinical decision.
"""
_LIMITS = """\
It was trained on one collection of scans, whose scanners, patients and lesion
types it reflects, and in which not every lesion is annotated. On other scans
it may miss more lesions and mark more of what is none. Figures per image are
those of slices with a lesion; whole scans have many more slices without one.
A score is no probability unless the model is calibrated. Scans must be CT in
Hounsfield units.
"""
_MEASURED = """\
Taken from the evaluation that the publisher named. Nothing proves that it was
of these weights.
"""


def model_card(
    title: str,
    properties: Mapping[str, object],
    metrics: Mapping[str, str],
    run: str,
    *,
    limits: str | None = None,
    config: str = '',
) -> str:
    """The card as Markdown; texts of a checkpoint stay texts on it.

    Args:
        title: The file.
        properties: Facts about the model, a row each.
        metrics: Figures, a row each; none is "Not measured".
        run: The shell commands that use the model.
        limits: What the publisher adds to the limits.
        config: The config in Python, if it belongs on the card.
    """
    measured = 'Not measured.\n'
    if metrics:
        measured = f'{_table(metrics)}\n\n{_MEASURED}'
    added = f'\n{_text(limits)}\n' if limits else ''
    card = (
        f'# {_text(title)}\n\n{_table(properties)}\n\n'
        f'## Metrics\n\n{measured}\n## Intended use\n\n{_USE}\n'
        f'## Limits\n\n{_LIMITS}{added}\n## Use\n\n{_fenced(run, "bash")}\n'
    )
    if config:
        card += f'\n## Config\n\n{_fenced(config, "python")}\n'
    return card


def _table(values: Mapping[str, object]) -> str:
    rows = [f'| {_cell(k)} | {_cell(v)} |' for k, v in values.items()]
    return '\n'.join(['| | |', '|---|---|', *rows])


def check_card(content: bytes) -> str:
    """The card of a bundle that anyone may have written.

    Raises:
        ValueError: If it is no text, or has characters that would change
            the terminal that shows it.
    """
    text = content.decode()
    for number, line in enumerate(text.split('\n'), 1):
        if not line.replace('\t', ' ').isprintable():
            raise ValueError(
                f'line {number} must be printable text, but is '
                f'{shortened(line)}'
            )
    return text


def _text(value: object) -> str:
    """A value as one line that is no tag, link or picture."""
    text = html.escape(' '.join(str(value).split()), quote=False)
    shown = ''.join(c if c.isprintable() else '\ufffd' for c in text)
    return shown.replace('[', '&#91;')


def _cell(value: object) -> str:
    """A value as text that cannot break a Markdown table."""
    return _text(value).replace('|', '&#124;')


def _fenced(code: str, language: str) -> str:
    """A code block with a fence longer than any in the code."""
    runs = re.findall('`{3,}', code)
    fence = '`' * (1 + max(map(len, runs), default=2))
    return f'{fence}{language}\n{code}\n{fence}'
