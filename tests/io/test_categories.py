"""Which categories of a COCO file are lesions."""

import pytest

from mmuldor.io.categories import (
    left_out_text,
    lesions_by_category,
    of_lesions,
)

TWO = [{'id': 0, 'name': 'liver'}, {'id': 7, 'name': 'Liver lesion'}]


def document(*category_ids, categories=()):
    entries = [
        {'id': number, 'category_id': category}
        for number, category in enumerate(category_ids)
    ]
    return {'annotations': entries, 'categories': list(categories)}


def kept(found):
    return [entry['id'] for entry in found[0]], found[1]


@pytest.mark.parametrize('category', [0, 1, 5, None])
def test_the_only_category_is_the_lesion_whatever_its_id(category):
    given = document(category, category)
    assert kept(lesions_by_category(given, 'a.json')) == ([0, 1], {})


def test_an_id_of_0_becomes_ours():
    given = document(0, 0, categories=[{'id': 0, 'name': 'nodule'}])
    found = of_lesions(given, 'a.json')
    assert [e['category_id'] for e in found['annotations']] == [1, 1]
    assert 'left_out' not in found
    # Ours comes back as it is.
    ours = document(1)
    assert of_lesions(ours, 'a.json') is ours


def test_several_categories_are_listed_with_their_numbers():
    given = document(0, 7, 0, 0, categories=TWO)
    with pytest.raises(ValueError, match='2 categories') as caught:
        lesions_by_category(given, 'a.json')
    assert str(caught.value) == (
        "a.json has 2 categories: 'liver' (id 0) with 3 boxes, 'Liver lesion' "
        '(id 7) with 1 boxes. Which are lesions? Name them, as in '
        "`--lesion-category 'Liver lesion'`; boxes of the others are left out."
    )


@pytest.mark.parametrize('wanted', ['liver lesion', '7', 'LIVER LESION'])
def test_lesions_are_chosen_by_name_or_id(wanted):
    given = document(0, 7, 0, 7, categories=TWO)
    found = lesions_by_category(given, 'a.json', [wanted])
    assert kept(found) == ([1, 3], {"'liver' (id 0)": 2})
    assert left_out_text(found[1]) == "2 'liver' (id 0)"
    both = lesions_by_category(given, 'a.json', ['0', wanted])
    assert kept(both) == ([0, 1, 2, 3], {})


def test_a_name_comes_before_an_id():
    given = document(1, 2, categories=[{'id': 2, 'name': '1'}])
    assert kept(lesions_by_category(given, 'a', ['1'])) == ([1], {'id 1': 1})


def test_one_of_several_that_is_used_alone():
    categories = [{'id': 1, 'name': 'lesion'}, {'id': 2, 'name': 'fp'}]
    found = lesions_by_category(document(1, categories=categories), 'a')
    assert kept(found) == ([0], {})
    # Nothing says that a split without tumours shows no livers.
    with pytest.raises(ValueError, match=r"'Liver lesion' \(id 7\) with 0 b"):
        lesions_by_category(document(0, categories=TWO), 'a.json')


def test_a_choice_that_is_none():
    with pytest.raises(ValueError, match=r"`--lesion-category` .* got 'lung'"):
        lesions_by_category(document(0, categories=TWO), 'a.json', ['lung'])
