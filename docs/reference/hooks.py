"""Hooks of MkDocs: which pages there are, and a look at the finished site."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))
from pages import ROOT, guides, linked_files, reference, registered

sys.path.pop(0)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation from the repository."""
    nav: list = ['README.md']
    for title, paths in guides().items():
        nav.append({title: [_name(path) for path in paths]})
    nav.append({'Reference': _tree(list(reference()), 'reference/mmuldor')})
    config.nav = nav
    return config


def _tree(pages: list[str], folder: str) -> list:
    """A folder's own page, its sub-folders and its pages, as navigation."""
    inside = [page for page in pages if page.startswith(f'{folder}/')]
    entries: list = [page for page in inside if page.endswith('/README.md')][
        :1
    ]
    folders = sorted(
        {page.split('/')[folder.count('/') + 1] for page in inside}
    )
    for name in folders:
        if name.endswith('.md'):
            if name != 'README.md':
                entries.append({name[:-3]: f'{folder}/{name}'})
        else:
            entries.append({name: _tree(inside, f'{folder}/{name}')})
    return entries


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Keep the theme's files; pages lie as in the repository."""
    ours = Path(config.docs_dir)
    kept = [f for f in files if f.src_dir is None or Path(f.src_dir) != ours]
    pages = [ROOT / 'README.md', *(p for g in guides().values() for p in g)]
    linked = {path for page in pages for path in linked_files(page)}
    for path in [*pages, *sorted(linked)]:
        kept.append(
            File(
                _name(path),
                str(ROOT),
                config.site_dir,
                config.use_directory_urls,
            )
        )
    for name, text in reference().items():
        kept.append(File.generated(config, name, content=text))
    return Files(kept)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that lacks a registered class.

    Raises:
        PluginError: If one is in no page of the reference.
    """
    data = (Path(config.site_dir) / 'objects.inv').read_bytes()
    # Four lines of text, then one line an object, compressed.
    lines = zlib.decompress(data.split(b'\n', 4)[4]).decode().splitlines()
    named = {line.split(' ')[0] for line in lines}
    missing = sorted(set(registered()) - named)
    if missing:
        raise PluginError(f'Not in the reference: {", ".join(missing)}')
