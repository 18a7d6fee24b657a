"""Counts and lists of kept, repaired and dropped rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from rich.console import Console
from rich.table import Table

from ...common.dl_info import OFFICIAL_GIT_HASH, SPLITS, RawRow
from ...common.fold_splits import Folds
from .row_checks import RowFinding

# Kind of finding -> name of its list in report.json.
_LISTS = {'drop': 'dropped', 'repair': 'repaired', 'note': 'notes'}
# The user chose these; they need no warning for each row.
_EXPECTED = {'image_missing', 'not_in_split_file'}
# A leak between splits makes every figure of the test split worthless.
_LOUD_NOTES = {'patient_in_several_splits'}


class DeepLesionReport:
    """Collects findings; every row of the CSV ends as kept or dropped."""

    def __init__(self, csv_name: str, digest: str) -> None:
        self.csv_name = csv_name
        self.digest = digest
        self.rows = 0
        self.lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in _LISTS.values()
        }
        self.documents: dict[str, dict] = {}
        self.folds: Folds | None = None

    @property
    def official(self) -> bool:
        """Whether the CSV is the release's, to the byte."""
        return self.digest == OFFICIAL_GIT_HASH

    def add(self, raw: RawRow, finding: RowFinding) -> None:
        """Enters a finding; the row of a bad one has been dropped."""
        kind = 'drop' if finding.kind == 'bad' else finding.kind
        self.lists[_LISTS[kind]].append(
            {
                'row': raw.row,
                'line': raw.line,
                'file_name': raw.csv_name,
                'column': finding.column,
                'reason': finding.reason,
                'value': finding.value,
                'detail': finding.detail,
            }
        )

    def counts(self) -> dict[str, Any]:
        """The figures of the table, by split and by reason."""
        lesions = {
            split: document['annotations']
            for split, document in self.documents.items()
        }
        return {
            'rows': self.rows,
            'kept': {split: len(found) for split, found in lesions.items()},
            'images': {
                split: len(document['images'])
                for split, document in self.documents.items()
            },
            'noisy': {
                split: sum(lesion['noisy'] for lesion in found)
                for split, found in lesions.items()
            },
            **{
                name: dict(Counter(entry['reason'] for entry in entries))
                for name, entries in self.lists.items()
            },
        }

    def as_dict(self) -> dict[str, Any]:
        """The content of report.json."""
        source = {
            'csv': self.csv_name,
            'git_hash': self.digest,
            'official': self.official,
        }
        folds = {'folds': self.folds.as_report()} if self.folds else {}
        counts = self.counts()
        return {'source': source, **folds, 'counts': counts, **self.lists}

    def show(self, console: Console) -> None:
        """Prints the counts, and the first rows of each unexpected drop."""
        counts = self.counts()
        official = (
            'the official file'
            if self.official
            else ('not the complete official file')
        )
        console.print(
            f'{self.csv_name}: {self.rows} rows, git hash {self.digest} '
            f'({official})',
            highlight=False,
            soft_wrap=True,
        )
        if self.folds is not None:
            console.print(self.folds.text(), highlight=False, soft_wrap=True)
        console.print(_split_table(counts))
        if any(counts[name] for name in self.lists):
            console.print(_reason_table(counts, self.lists))

    def warnings(self, limit: int = 3) -> list[str]:
        """One line for each of the first rows dropped for a reason."""
        by_reason = defaultdict(list)
        for entry in self.lists['dropped']:
            if entry['reason'] not in _EXPECTED:
                by_reason[entry['reason']].append(entry)
        lines = []
        for reason, entries in by_reason.items():
            lines += [
                f'dropped: {describe(self.csv_name, entry)}'
                for entry in entries[:limit]
            ]
            if len(entries) > limit:
                lines.append(
                    f'dropped: {len(entries) - limit} more for {reason}'
                )
        lines += [
            describe(self.csv_name, entry)
            for entry in self.lists['notes']
            if entry['reason'] in _LOUD_NOTES
        ][:limit]
        empty = [s for s in SPLITS.values() if not self.counts()['kept'][s]]
        if empty:
            lines.append(f'no lesion is left in {", ".join(empty)}')
        return lines


def describe(csv_name: str, entry: dict[str, Any]) -> str:
    """`DL_info.csv row 3 on line 4 (name), column X: must..., but got...`."""
    name = f' ({entry["file_name"]})' if entry['file_name'] else ''
    value = entry['value']
    value = value if len(value) <= 80 else f'{value[:77]}...'
    got = f', but got {value!r}' if value else ''
    return (
        f'{csv_name} row {entry["row"]} on line {entry["line"]}{name}, '
        f'column {entry["column"]}: {entry["detail"]}{got}'
    )


def _split_table(counts: dict[str, Any]) -> Table:
    table = Table('split', title='kept')
    for column in ('lesions', 'noisy', 'images'):
        table.add_column(column, justify='right')
    for split, lesions in counts['kept'].items():
        noisy, images = counts['noisy'][split], counts['images'][split]
        table.add_row(split, str(lesions), str(noisy), str(images))
    return table


def _reason_table(counts: dict[str, Any], names: dict) -> Table:
    table = Table('', 'reason', title='see report.json')
    table.add_column('rows', justify='right')
    for name in names:
        for reason, count in counts[name].items():
            table.add_row(name, reason, str(count))
    return table
