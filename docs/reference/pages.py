"""The pages of the documentation, found in the repository.

Standard library alone: `make docs` runs it in an environment of its own, the
tests in theirs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = 'mmuldor'
# Title: the pages below it, as patterns of files.
GUIDES = {
    'Guides': ('docs/*.md',),
    'Configs': ('configs/*/README.md',),
    'Benchmarks': ('benchmarks/*.md',),
    'Development': ('CONTRIBUTING.md', 'CHANGELOG.md'),
}


def guides() -> dict[str, list[Path]]:
    """Title of a part to its Markdown files; README.md is the front page."""
    return {
        title: [path for p in patterns for path in sorted(ROOT.glob(p))]
        for title, patterns in GUIDES.items()
    }


def linked_files(page: Path) -> Iterator[Path]:
    """Files beside the Markdown that a page links to, such as pictures."""
    text = page.read_text(encoding='utf-8')
    for target in re.findall(r'\]\(([^)#\s]+)', text):
        path = (page.parent / target).resolve()
        if '://' not in target and path.is_file() and path.suffix != '.md':
            yield path


def modules() -> list[str]:
    """Dotted names of the package's modules, a package before its own."""
    names = []
    for path in sorted((ROOT / PACKAGE).rglob('*.py')):
        parts = path.relative_to(ROOT).with_suffix('').parts
        names.append('.'.join(part for part in parts if part != '__init__'))
    return sorted(names)


def reference() -> dict[str, str]:
    """Name of each page of the reference to its Markdown."""
    pages = {}
    for name in modules():
        folder = (ROOT / name.replace('.', '/')).is_dir()
        place = name.replace('.', '/') + ('/README.md' if folder else '.md')
        pages[f'reference/{place}'] = f'::: {name}\n'
    return pages


def registered() -> dict[str, str]:
    """Full name of each registered class to the name of its registry.

    Registered by a decorator, or where no framework may be imported by
    ``REGISTRY.register_module(module=CLASS)`` in a file that imports it.
    """
    found = {}
    for name in modules():
        path = ROOT / name.replace('.', '/')
        path = (
            path / '__init__.py' if path.is_dir() else path.with_suffix('.py')
        )
        origins = {}
        for node in ast.parse(path.read_text(encoding='utf-8')).body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    origins[alias.name] = f'{node.module}.{alias.name}'
            for call in getattr(node, 'decorator_list', ()):
                words = re.findall(r'\w+', ast.unparse(call))
                if words[1:2] == ['register_module']:
                    found[f'{name}.{node.name}'] = words[0]
            if isinstance(node, ast.Expr):
                words = re.findall(r'\w+', ast.unparse(node))
                if words[1:3] == ['register_module', 'module']:
                    found[origins[words[3]]] = words[0]
    return found
