import json

import pytest

from tools.convert_results import main


@pytest.fixture
def files(tmp_path):
    images = [
        {'id': 5, 'file_name': 's/001.png'},
        {'id': 6, 'file_name': 's/002.png'},
    ]
    (tmp_path / 'test.json').write_text(
        json.dumps({'images': images, 'annotations': []})
    )
    (tmp_path / 'r.csv').write_text(
        'image,x,y,w,h,score,label\ns_001,11,21,5,7,0.5,a\n'
        's_001,11,21,5,7,0.4,b\n'
    )
    return tmp_path


def run(files, *flags, out='dets.json'):
    words = (
        *(files / 'r.csv', '--ann', files / 'test.json'),
        *('--out', files / out, '--boxes', 'inclusive', *flags),
    )
    main([str(word) for word in words])


def test_conversion(files, capsys):
    run(files, '--offset-px', 1, '--classes', 'a=lesion', 'b=drop')
    (result,) = json.loads((files / 'dets.json').read_text())
    assert result == {
        'image_id': 5,
        'bbox': [10, 20, 4, 6],
        'score': 0.5,
        'category_id': 1,
    }
    said = capsys.readouterr().out
    assert 'wrote 1 detections' in said
    assert '(1 dropped); 1 of 2 images have none' in said


def test_user_mistakes(files):
    with pytest.raises(ValueError, match=r'`--classes a=lesion`'):
        run(files)
    with pytest.raises(ValueError, match=r"drop, but got 'tumour'"):
        run(files, '--classes', 'a=tumour')
    assert not (files / 'dets.json').exists()
    with pytest.raises(ValueError, match=r'another file than the inputs'):
        run(files, out='test.json')
