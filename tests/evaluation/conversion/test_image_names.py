import pytest

from mmuldor.evaluation.conversion.image_names import ImageNames

OURS = {
    '000001_01_01/109.png': 7,
    '000001_01_01/110.png': 8,
    '000002_03_01/109.png': 9,
    'lone.png': 4,
}


@pytest.mark.parametrize(
    ('name', 'number'),
    [
        ('000001_01_01/109.png', 7),
        ('000001_01_01_109.png', 7),
        ('./000001_01_01/109', 7),
        ('C:\\data\\Images_png\\000002_03_01\\109.PNG', 9),
        ('/data/000002_03_01_109.jpg', 9),
        ('000002_03_01_109.txt', 9),
        ('110.png', 8),
        ('a/b/lone.tiff', 4),
    ],
)
def test_one_image(name, number):
    assert ImageNames(OURS).find(name) == number


@pytest.mark.parametrize(
    ('name', 'match'),
    [
        ('109.png', r"'109\.png' may be any of 2: 000001_01_01_109, 0000"),
        ('000003_01_01/109.png', r"such as '000001_01_01_109', but got"),
        # Part of a word is no folder.
        ('not_lone.png', r"but got 'not_lone\.png'"),
        ('', r"but got ''"),
    ],
)
def test_none_or_several(name, match):
    with pytest.raises(ValueError, match=match):
        ImageNames(OURS).find(name)


def test_ours_must_differ():
    with pytest.raises(ValueError, match=r"'a_b\.png' comes twice"):
        ImageNames({'a/b.png': 1, 'a_b.png': 2})
