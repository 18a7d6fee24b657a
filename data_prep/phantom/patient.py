"""All slices, rows and truths of one patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16

from .anatomy.anatomy import Anatomy, paint
from .anatomy.canvas import Canvas
from .lesions.confusers import Confuser, draw_confusers
from .lesions.growth import PlacedLesion, grow
from .lesions.placement import Placer
from .lesions.sites import Site, draw_site
from .records import KeySlice, Row, confuser_truth, lesion_truth
from .series import TOP_MM, ScanGeometry, draw_series
from .settings import Settings
from .volumes import volume_truth


@dataclass(frozen=True)
class PatientPlan:
    """Which patient, in which split, with how many key slices a study."""

    index: int
    split: int
    studies: tuple[int, ...]


@dataclass
class PatientRecord:
    """What one patient adds to the CSV, truth.json and volumes.json.

    `lesions` name the row of `rows` they belong to by its place in it.
    """

    rows: list[Row] = field(default_factory=list)
    lesions: list[dict] = field(default_factory=list)
    confusers: list[dict] = field(default_factory=list)
    volumes: list[dict] = field(default_factory=list)


def make_patient(
    plan: PatientPlan, seed: int, settings: Settings, images: Path
) -> PatientRecord:
    """Render and write all slices of a patient.

    Everything is drawn from (seed, patient), so that the order in which
    patients are made, and by how many processes, does not matter.
    """
    anatomy = Anatomy((seed, plan.index))
    record = PatientRecord()
    for study, count in enumerate(plan.studies, start=1):
        rng = np.random.default_rng((seed, plan.index, study))
        folder = f'{plan.index:06d}_{study:02d}_01'
        series = draw_series(rng, anatomy, folder, settings)
        for key, site in draw_keys(rng, count, series, settings):
            place = KeySlice(plan.index, study, key, plan.split)
            make_key_slice(
                (seed, plan.index, study, key),
                anatomy, series, site, place, settings, images, record,
            )  # fmt: skip
    return record


def draw_keys(
    rng: np.random.Generator,
    count: int,
    series: ScanGeometry,
    settings: Settings,
) -> list[tuple[int, Site]]:
    """Key slices of a series, far enough apart to share no slice."""
    apart = max(2 * settings.neighbours + 1, int(70 / series.interval))
    keys: list[tuple[int, Site]] = []
    while len(keys) < count:
        site = draw_site(rng)
        z = rng.uniform(*site.heights)
        number = 1 + round((TOP_MM - z) / series.interval)
        if all(abs(number - other) >= apart for other, _ in keys):
            keys.append((number, site))
    return sorted(keys, key=lambda pair: pair[0])


def make_key_slice(
    seed: tuple[int, ...],
    anatomy: Anatomy,
    series: ScanGeometry,
    site: Site,
    place: KeySlice,
    settings: Settings,
    images: Path,
    record: PatientRecord,
) -> None:
    """Grow lesions and confusers on a key slice, write it and the others."""
    rng = np.random.default_rng(seed)
    numbers = slice_range(rng, place.key, settings)
    heights = [series.height(number) for number in numbers]
    parts = anatomy.section(
        min(heights) - 6, max(heights) + 6, series.interval
    )
    z = series.height(place.key)
    canvas = paint(parts, series.canvas(), z)
    placer = Placer(canvas, series.circle)
    palette = anatomy.palette.copy()
    findings = grow(rng, placer, site, z, palette, settings)
    confusers = draw_confusers(rng, placer, z, palette, settings.difficulty)
    for number, height in zip(numbers, heights, strict=True):
        if number == place.key:
            painted = paint(confusers, canvas, height)
        else:
            painted = paint([*parts, *confusers], series.canvas(), height)
        hu = series.scanner.density(painted, palette, height)
        for finding in findings:
            finding.lesion.render(hu, painted, height)
        stored = hu_to_stored(series.scanner.acquire(hu, number))
        write_png16(images / series.folder / f'{number:03d}.png', stored)
    _report(record, findings, confusers, canvas, anatomy, series, place,
            (numbers[0], numbers[-1]), z, settings, rng)  # fmt: skip
    record.volumes.append(volume_truth(findings, series, place, numbers))


def slice_range(
    rng: np.random.Generator, key: int, settings: Settings
) -> list[int]:
    """Numbers of the slices that are kept around a key slice, from 1."""
    low, high = key - settings.neighbours, key + settings.neighbours
    if rng.random() < settings.clipped_range_share:
        low, high = (key, high) if rng.random() < 0.5 else (low, key)
    # A key slice near the top has fewer slices above it.
    return list(range(max(low, 1), high + 1))


def _report(
    record: PatientRecord,
    findings: list[PlacedLesion],
    confusers: list[Confuser],
    canvas: Canvas,
    anatomy: Anatomy,
    series: ScanGeometry,
    place: KeySlice,
    numbers: tuple[int, int],
    z: float,
    settings: Settings,
    rng: np.random.Generator,
) -> None:
    name = f'{series.folder}/{place.key:03d}.png'
    for finding in findings:
        row = None
        if finding.annotated:
            row = len(record.rows)
            record.rows.append(
                Row.of(finding, place, series, anatomy.body, numbers, z, rng)
            )
        record.lesions.append(lesion_truth(finding, name, row))
    for confuser in confusers:
        truth = confuser_truth(confuser, canvas, name)
        if truth is not None:
            record.confusers.append(truth)
