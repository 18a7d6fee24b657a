"""What `make fuzz` found, one case each."""

import pytest

from mmuldor.scans.dicom.series import read_dicom
from tests.faults.spoiling import good
from tests.support.enhanced_ct import frame, write_enhanced


def write_series(folder, changed, count=1):
    folder.mkdir()
    for number in range(good.SLICES):
        data = good.dicom_bytes(good.dicom_slice(number))
        content = changed(data) if number < count else data
        (folder / f'{number}.dcm').write_bytes(content)


def test_a_meta_element_of_no_known_type(tmp_path):
    """(0002,0002) with the value representation 0x55 0x1a."""

    def changed(data):
        return data.replace(b'\x02\x00\x02\x00UI', b'\x02\x00\x02\x00U\x1a')

    write_series(tmp_path / 'series', changed)
    with pytest.raises(ValueError, match=r'0\.dcm.*must be readable'):
        read_dicom(tmp_path / 'series')


def test_slices_of_another_series(tmp_path):
    """The message named no folder."""

    def changed(data):
        return data.replace(b'1.2.3\0', b'0.2.3\0')

    # Two of four: neither series is the only one that can be a volume.
    write_series(tmp_path / 'series', changed, count=2)
    with pytest.raises(ValueError, match=r'series: `series_uid` must be'):
        read_dicom(tmp_path / 'series')


def test_an_enhanced_image_without_frames(tmp_path):
    """Zero in the element and in the sequence; a list was unpacked."""
    path = write_enhanced(
        tmp_path / 'all.dcm',
        [frame(0)],
        NumberOfFrames=0,
        PerFrameFunctionalGroupsSequence=[],
    )
    for scan in (tmp_path, path):
        with pytest.raises(ValueError, match=r'all\.dcm .* is not 1 or more'):
            read_dicom(scan)
