"""The report's HTML page: one file beside its pictures, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mmuldor.visualization.marks import (
    DETECTION,
    ENDPOINT,
    MASK,
    MINED,
    REFERENCE,
)

# Legends of the pictures: colours and what they mean.
KEYS = {
    'reference': (REFERENCE, 'annotated lesion'),
    'detection': (DETECTION, 'detection with its score'),
    'mask': (MASK, 'pseudo mask'),
    'diameter': (REFERENCE, 'RECIST diameters'),
    'endpoint': (ENDPOINT, 'their endpoints'),
    'truth': ('#ffffff', 'true outline'),
    'mined': (MINED, 'mined negative with S1/S2'),
}

_STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1c2026; --faint: #5d6672;
  --line: #e1e5ea; --accent: #0a66c2; --best: #e4f3ea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1c2027; --text: #e8eaed; --faint: #a3abb6;
    --line: #2e343d; --accent: #6db3ff; --best: #1e3a2a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 56px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 1.25rem; margin: 44px 0 6px; }
h3 { font-size: 1rem; margin: 22px 0 6px; }
p { margin: 0 0 12px; max-width: 78ch; }
.lead, .small { color: var(--faint); }
.small { font-size: .875rem; }
.card {
  background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; overflow-x: auto;
}
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { padding: 8px 12px; text-align: right; white-space: nowrap; }
td { font-variant-numeric: tabular-nums; }
thead th { color: var(--faint); font-weight: 600; }
.group th { font-weight: 500; font-size: .85rem; padding-bottom: 0;
  text-align: center; }
tbody tr { border-top: 1px solid var(--line); }
th:first-child { text-align: left; }
.best { background: var(--best); font-weight: 650; }
.pair { display: flex; flex-wrap: wrap; gap: 18px; margin-top: 18px; }
.pair > :first-child { flex: 3 1 460px; }
.pair > :last-child { flex: 2 1 300px; }
.plot { background: #fff; padding: 8px; }
.facts td { text-align: left; white-space: normal; }
.facts th { text-align: left; font-weight: 500; color: var(--faint); }
.facts tr:first-child { border-top: 0; }
img { display: block; width: 100%; height: auto; }
figure { margin: 12px 0 0; }
figure img { border-radius: 10px; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0;
  margin: 0 0 4px; list-style: none; font-size: .875rem; }
.keys i { display: inline-block; width: .8em; height: .8em;
  margin-right: .45em; border-radius: 3px; border: 1px solid #0005; }
code { font-size: .9em; }
"""


@dataclass
class Picture:
    """A picture with its heading; ``text`` stands above it."""

    file: str
    alt: str
    title: str = ''
    text: str = ''


@dataclass
class Section:
    """A heading, what a newcomer sees below it, and the pictures."""

    title: str
    text: Sequence[str]
    pictures: Sequence[Picture] = ()
    keys: Sequence[str] = ()


def build_page(
    title: str,
    lead: str,
    table: str,
    plot: Picture,
    reading: Sequence[str],
    facts: Sequence[tuple[str, str]],
    sections: Sequence[Section],
) -> str:
    """The page; every text is escaped here but for ``table``.

    Args:
        title: Title and first heading.
        lead: One sentence: what this is.
        table: The table as HTML (``mmuldor.report.table.html_table``).
        plot: The FROC plot.
        reading: How to read the table and the plot, a paragraph each.
        facts: Names and values of the facts table.
        sections: The rest, in order.
    """
    lines = ''.join(
        f'<tr><th scope="row">{escape(key)}</th><td>{escape(value)}</td></tr>'
        for key, value in facts
    )
    body = [
        f'<h1>{escape(title)}</h1>',
        f'<p class="lead">{escape(lead)}</p>',
        f'<div class="card">{table}</div>',
        '<div class="pair"><div>',
        f'<div class="card plot">{_image(plot, lazy=False)}</div></div>',
        f'<div>{_paragraphs(reading)}<div class="card facts">'
        f'<table><tbody>{lines}</tbody></table></div></div></div>',
        *map(_section, sections),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n'
        '<body><main>\n' + '\n'.join(body) + '\n</main></body></html>\n'
    )


def _section(section: Section) -> str:
    parts = [f'<section><h2>{escape(section.title)}</h2>']
    parts.append(_paragraphs(section.text))
    if section.keys:
        items = ''.join(
            f'<li><i style="background:{color}"></i>{escape(text)}</li>'
            for color, text in (KEYS[key] for key in section.keys)
        )
        parts.append(f'<ul class="keys">{items}</ul>')
    for picture in section.pictures:
        if picture.title:
            parts.append(f'<h3>{escape(picture.title)}</h3>')
        if picture.text:
            parts.append(f'<p class="small">{escape(picture.text)}</p>')
        parts.append(f'<figure>{_image(picture)}</figure>')
    return '\n'.join([*parts, '</section>'])


def _image(picture: Picture, lazy: bool = True) -> str:
    file, alt = escape(picture.file), escape(picture.alt)
    loading = ' loading="lazy"' if lazy else ''
    return f'<a href="{file}"><img src="{file}" alt="{alt}"{loading}></a>'


def _paragraphs(texts: Sequence[str]) -> str:
    return ''.join(f'<p>{escape(text)}</p>' for text in texts)
