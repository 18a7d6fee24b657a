"""Every relative link and anchor of the Markdown files leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {'work_dirs', 'data', 'node_modules'}
PAGES = sorted(
    path
    for path in ROOT.rglob('*.md')
    if not any(
        part in OUTSIDE or part.startswith('.')
        for part in path.relative_to(ROOT).parts[:-1]
    )
)


def prose(path):
    """The text of a page without its code."""
    text = re.sub(r'(?ms)^```.*?^```', '', path.read_text(encoding='utf-8'))
    return re.sub(r'`[^`\n]*`', 'code', text)


def anchors(path):
    """Anchors of the headings, as GitHub makes them."""
    text = re.sub(r'(?ms)^```.*?^```', '', path.read_text(encoding='utf-8'))
    found = set()
    for heading in re.findall(r'(?m)^#+ +(.+?)\s*$', text):
        words = re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', heading).lower()
        anchor = re.sub(r'[^\w\- ]', '', words).replace(' ', '-')
        number = sum(a == anchor or a[:-2] == anchor for a in found)
        found.add(f'{anchor}-{number}' if number else anchor)
    return found


def links(path):
    """Targets of links and pictures that are not on another host."""
    text = prose(path)
    targets = re.findall(r'\]\(([^)\s]+)\)', text)
    targets += re.findall(r'(?m)^\[[^]]+\]: (\S+)', text)
    return [t for t in targets if not re.match(r'[a-z]+:', t)]


def test_there_are_pages_with_links():
    assert len(PAGES) >= 14
    assert len([t for page in PAGES for t in links(page)]) >= 30


@pytest.mark.parametrize(
    'page', PAGES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_its_links_lead_somewhere(page):
    for target in links(page):
        place, _, anchor = target.partition('#')
        path = page.parent / place if place else page
        assert path.is_file(), f'{target}: no such file'
        assert path.resolve().is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(path), f'{target}: no such heading'


def files_named(page):
    """Python files that a page names in code style, but for examples."""
    text = re.sub(r'(?ms)^```.*?^```', '', page.read_text(encoding='utf-8'))
    for name in re.findall(r'`([\w./-]+\.py)`', text):
        if '/' in name and 'my_' not in name:
            yield name


@pytest.mark.parametrize(
    'page',
    # A changelog tells of files that were.
    [page for page in PAGES if page.name != 'CHANGELOG.md'],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_that_it_names_are_there(page):
    # Named from the top, or within the package or the configs.
    tops = (ROOT, ROOT / 'mmuldor', ROOT / 'configs', page.parent)
    for name in files_named(page):
        assert any((top / name).is_file() for top in tops), name
