"""Tables of detections: the column of the class, semicolons."""

import pytest

from mmuldor.evaluation.conversion.convert import Convention, convert_results
from mmuldor.io.json_files import write_json

NAME = '000000_01_01/001.png'


@pytest.fixture
def ann(tmp_path):
    """An annotation file of one image."""
    images = [{'id': 7, 'file_name': NAME}]
    write_json(tmp_path / 'test.json', {'images': images, 'annotations': []})
    return tmp_path / 'test.json'


def write(tmp_path, content):
    path = tmp_path / 'r.csv'
    path.write_text(content)
    return path


@pytest.mark.parametrize('column', ['class', 'Category', ' NAME', 'Label_ID'])
def test_a_column_of_classes_by_its_usual_names(ann, tmp_path, column):
    path = write(
        tmp_path,
        f'image,x1,y1,x2,y2,score,{column}\n{NAME},1,2,3,4,0.5,liver\n'
        f'{NAME},1,2,3,4,0.4,lesion\n',
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"'lesion', 'liver' \(1, 1 boxes\)"):
        convert_results(path, ann, 'csv', Convention('xyxy'))
    said = []
    results, _ = convert_results(
        *(path, ann, 'csv'),
        Convention('xyxy', 0, {'lesion': 'lesion', 'liver': 'drop'}),
        note=said.append,
    )
    assert [r['score'] for r in results] == [0.4]
    assert said == ["1 of class 'liver': drop"]
    both = Convention('xyxy', class_column='none')
    assert len(convert_results(path, ann, 'csv', both)[0]) == 2
    wrong = Convention('xyxy', class_column='kind')
    with pytest.raises(ValueError, match=r'`--class-column` must be a column'):
        convert_results(path, ann, 'csv', wrong)


def test_row_numbers_without_a_name_are_no_class(ann, tmp_path):
    """As pandas writes its index."""
    path = write(
        tmp_path,
        f',image,x1,y1,x2,y2,score\n0,{NAME},1,2,3,4,0.5\n'
        f'1,{NAME},1,2,3,5,0.4\n',
    )  # fmt: skip
    said = []
    results, _ = convert_results(
        path, ann, 'csv', Convention('xyxy'), note=said.append
    )
    assert [r['score'] for r in results] == [0.5, 0.4]
    assert said == []


def test_two_columns_of_classes(ann, tmp_path):
    rows = [('0', 'liver'), ('1', 'lesion'), ('1', 'lesion')]
    content = 'image,x1,y1,x2,y2,score,class,name\n' + ''.join(
        f'{NAME},1,2,3,4,0.5,{number},{name}\n' for number, name in rows
    )
    path = write(tmp_path, content)
    classes = {'lesion': 'lesion', 'liver': 'drop'}
    # The number and the name of a class: the name is asked for.
    _, counts = convert_results(
        path, ann, 'csv', Convention('xyxy', 0, classes)
    )
    assert (counts['detections'], counts['dropped']) == (2, 1)
    path.write_text(content + f'{NAME},1,2,3,4,0.5,1,liver\n')
    with pytest.raises(ValueError, match=r'class and name, which disagree'):
        convert_results(path, ann, 'csv', Convention('xyxy', 0, classes))


def test_a_table_of_excel_in_europe(ann, tmp_path):
    path = write(
        tmp_path,
        f'image;x1;y1;x2;y2;score\n{NAME};100,5;100;140;140;0,9\n',
    )  # fmt: skip
    said = []
    (result,), _ = convert_results(
        *(path, ann, 'csv', Convention('xyxy')), note=said.append
    )
    assert result['bbox'] == [100.5, 100, 39.5, 40]
    assert (result['score'], said) == (0.9, [])


@pytest.mark.parametrize(
    ('kind', 'convention', 'images_file', 'match'),
    [
        ('coco', {'class_column': 'label'}, None, r'class-column` is not for'),
        ('csv', {'image_ids': 'annotation'}, None, r'image-ids` is not for'),
        ('csv', {}, 'x.json', r"images-file` is not for csv .* got 'x.json'"),
        (
            'coco',
            {'image_ids': 'annotation'},
            'x.json',
            r'image-ids` is not for coco results with `--images-file`',
        ),
    ],
)
def test_options_of_other_formats(ann, kind, convention, images_file, match):
    with pytest.raises(ValueError, match=match):
        convert_results(
            *('r', ann, kind, Convention(**convention), images_file)
        )
