"""The header of a page: what a reader needs of a scan, and no patient.

A page is passed on and printed, so it names no patient, identifier or date:
only elements of a list are taken from DICOM headers. Names of files go through
:mod:`mmuldor.scans.viewer.without_patient`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mmuldor
from mmuldor.io.paths import printable
from mmuldor.scans.viewer.without_patient import element_text, first_header
from mmuldor.scans.volume import Volume


def header_facts(
    volume: Volume,
    lesions: int,
    provenance: Mapping[str, Any] | None = None,
) -> list[tuple[str, str]]:
    """Labels and values of the header.

    Args:
        volume: The scan.
        lesions: Their number.
        provenance: Of :mod:`mmuldor.apis.provenance`; None if unknown.
    """
    slices, rows, columns = volume.shape
    spacing = ' \N{MULTIPLICATION SIGN} '.join(
        f'{round(value, 3):g}' for value in volume.spacing_mm
    )
    header, known = first_header(volume), provenance or {}
    modality = element_text(header, 'Modality') or 'CT'
    voltage = _with_unit(element_text(header, 'KVP'), 'kV')
    thickness = _with_unit(element_text(header, 'SliceThickness'), 'mm')
    facts = [
        (
            'Modality',
            _listed(modality, voltage),
        ),
        ('Slices', f'{slices} of {columns} \N{MULTIPLICATION SIGN} {rows} px'),
        ('Spacing', f'{spacing} mm'),
        ('Thickness', thickness),
        ('Kernel', element_text(header, 'ConvolutionKernel')),
        ('Lesions', _listed(str(lesions), _threshold(known))),
        ('Software', f'mmuldor {known.get("mmuldor", mmuldor.__version__)}'),
        ('Model', _model(known)),
    ]
    return [(label, printable(value)) for label, value in facts if value]


def numbers_of(volume: Volume) -> tuple[list[int | None], str] | None:
    """Numbers by which viewers of the source call the slices.

    Returns:
        The number of each slice, None where one was filled in, and which
        number it is; None if the source has no numbers, or one twice.
    """
    # Late, since it needs no more than this.
    from mmuldor.scans.provenance import slice_source

    sources = [slice_source(volume, k) or {} for k in range(len(volume.hu))]
    for key, name in (
        ('png_number', 'number of the PNG file'),
        # Before the other: frames of one object share its number.
        ('frame_number', 'frame number'),
        ('instance_number', 'InstanceNumber'),
    ):
        numbers = [source.get(key) for source in sources]
        stated = [number for number in numbers if number is not None]
        if stated and len(set(stated)) == len(stated):
            return numbers, name
    return None


def _with_unit(value: str, unit: str) -> str:
    """A number without the zeros of DICOM's decimals; '' of no number."""
    try:
        return f'{float(value):g} {unit}'
    except ValueError:
        return ''


def _listed(*values: str) -> str:
    return ', '.join(filter(None, values))


def _model(provenance: Mapping[str, Any]) -> str:
    """Names of the bundle, or of config and weights; start of the checksum."""
    keys = (
        ('bundle',) if provenance.get('bundle') else ('config', 'checkpoint')
    )
    stated = [provenance.get(key) for key in keys]
    files = [file for file in stated if isinstance(file, Mapping)]
    names = [str(file['name']) for file in files if file.get('name')]
    # The last is the one with the weights.
    if files and files[-1] is stated[-1] and files[-1].get('sha256'):
        names.append(f'SHA-256 {str(files[-1]["sha256"])[:8]}')
    return ', '.join(names)


def _threshold(provenance: Mapping[str, Any]) -> str:
    value = provenance.get('score_thr')
    return (
        ''
        if value is None
        else f'score \N{GREATER-THAN OR EQUAL TO} {value:.4g}'
    )
