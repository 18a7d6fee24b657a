"""Pages of mined examples: what is where on them."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mmuldor.io.png import write_png16
from mmuldor.mining.review import export
from mmuldor.mining.review.contact_sheet import contact_sheets
from mmuldor.visualization.marks import MINED, REFERENCE

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def document(tmp_path):
    """Two slices; two lesions on the second."""
    images = [
        {'id': n, 'file_name': f'{n}.png', 'width': WIDTH, 'height': HEIGHT}
        for n in (1, 2)
    ]
    for image in images:
        pixels = np.full((HEIGHT, WIDTH), 32768, np.uint16)
        write_png16(tmp_path / image['file_name'], pixels)
    lesions = [
        {'id': n, 'image_id': 2, 'category_id': 1, 'bbox': [4 * n, 5, 9, 9]}
        for n in (1, 2)
    ]
    return {'images': images, 'annotations': lesions}


def example(number, image_id=1, box=(20, 10, 10, 6)):
    x, y, w, h = box
    corners = [x, y, x + w, y, x + w, y + h, x, y + h]
    return {
        'number': number,
        'image_id': image_id,
        'bbox': list(box),
        'score': 0.876,
        'mask_iou': 0.124,
        'polygons': [np.reshape(corners, (4, 2))],
    }


def colours(ax):
    return [to_hex(line.get_color()) for line in ax.lines]


def test_a_panel_shows_the_example_and_its_lesions(document, tmp_path):
    examples = [example(1), example(2, 2, (40, 20, 2, 2))]
    (page,) = contact_sheets(examples, document, tmp_path)
    first, second = page.axes
    # 10 px and 60 % of them on both sides, around (25, 13).
    assert first.get_xlim() == pytest.approx((14, 36))
    assert sorted(first.get_ylim()) == pytest.approx([2, 24])
    # At least 22 % of 64 px, around (41, 21).
    assert second.get_xlim() == pytest.approx((41 - 7.04, 41 + 7.04))
    assert sorted(second.get_ylim()) == pytest.approx([13.96, 28.04])
    captions = [text.get_text() for text in page.texts]
    assert captions == ['1:  S1 0.88  S2 0.12', '2:  S1 0.88  S2 0.12']
    assert REFERENCE not in colours(first)
    assert colours(second).count(REFERENCE) == 2
    for ax in (first, second):
        assert MINED in colours(ax)
        (box,) = [
            line for line in ax.lines if to_hex(line.get_color()) == MINED
        ]
        assert box.is_dashed()
        # The outline hides nothing.
        (outline,) = ax.patches
        assert outline.get_facecolor()[3] == 0
        assert to_hex(outline.get_edgecolor()) == MINED
    # Side by side in the first row.
    places = [ax.get_position() for ax in page.axes]
    assert places[0].x0 < places[1].x0
    assert places[0].y0 == places[1].y0


def test_a_page_has_four_rows_of_six(document, tmp_path):
    examples = [example(n) for n in range(1, 32)]
    first, second = contact_sheets(examples, document, tmp_path)
    assert len(first.axes) == 24
    assert len(second.axes) == 7
    assert first.texts[0].get_text().startswith('1:')
    assert second.texts[0].get_text().startswith('25:')
    rows = {round(ax.get_position().y0, 6) for ax in first.axes}
    columns = {round(ax.get_position().x0, 6) for ax in first.axes}
    assert (len(rows), len(columns)) == (4, 6)
    # Two rows need half of the room.
    assert second.get_figheight() < 0.6 * first.get_figheight()
    assert list(contact_sheets([], document, tmp_path)) == []


def test_pages_are_numbered_and_counted(document, tmp_path, monkeypatch):
    found = [example(n) for n in range(1, 50)]
    totals, saved = [], []

    def bar(sheets, what, total):
        assert what == 'drawing pages'
        totals.append(total)
        return sheets

    for name, stand_in in (
        ('load_annotations', lambda _: document),
        ('load_bank', lambda _: None),
        ('examples_of', lambda *_: found),
        ('with_existing_images', lambda *_: None),
        ('progress_bar', bar),
        ('save_figure', lambda _, path: saved.append(path.name)),
        ('write_review', lambda path, _: saved.append(path.name)),
    ):
        monkeypatch.setattr(export, name, stand_in)
    count = export.export_review(tmp_path / 'out', 'b', 'a', tmp_path)
    assert count == 49
    assert totals == [3]
    pages = ['page_001.png', 'page_002.png', 'page_003.png']
    assert saved == [*pages, 'review.csv']
    (tmp_path / 'review.csv').touch()
    with pytest.raises(ValueError, match='verdicts') as caught:
        export.export_review(tmp_path, 'b', 'a', tmp_path)
    assert str(caught.value) == (
        f"'{tmp_path / 'review.csv'}' is there already and may hold "
        'verdicts. Choose another folder.'
    )
