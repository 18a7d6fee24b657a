"""The lesions of an annotation file's document."""

import pytest

from mmuldor.evaluation.ground_truth import (
    GroundTruth,
    load_ground_truth,
    patients_of,
    patients_text,
)
from mmuldor.io.json_files import write_json


@pytest.fixture
def document():
    """A noisy and a clean lesion on image 4, a noisy one on 5, none on 6."""
    lesions = [(1, 4, True), (2, 4, False), (3, 5, True)]
    return {
        'images': [{'id': 4, 'patient': 9}, {'id': 5}, {'id': 6}],
        'annotations': [
            {
                'id': number,
                'image_id': image,
                'category_id': 1,
                'bbox': [number, 2, 3, 4],
                'noisy': noisy,
                'lesion_type': 5 * number,
            }
            for number, image, noisy in lesions
        ],
    }


def test_noisy_lesions_leave_with_images_that_have_no_other(document):
    truth = GroundTruth.of(document, 'a.json')
    assert truth.images.tolist() == [4, 6]
    assert truth.all_images.tolist() == [4, 5, 6]
    assert truth.lesion_ids.tolist() == [2]
    assert truth.lesion_boxes.tolist() == [[2, 2, 5, 6]]
    # 10 is none of the eight types.
    assert truth.lesion_types.tolist() == [-1]
    assert (truth.noisy_images, truth.noisy_lesions) == (1, 2)


def test_noisy_lesions_may_stay(document):
    truth = GroundTruth.of(document, 'a.json', keep_noisy=True)
    assert truth.images.tolist() == [4, 5, 6]
    assert truth.lesion_images.tolist() == [4, 4, 5]
    assert truth.lesion_types.tolist() == [5, -1, -1]
    assert (truth.noisy_images, truth.noisy_lesions) == (0, 0)


def test_the_file_and_its_document_say_the_same(document, tmp_path):
    write_json(tmp_path / 'a.json', document)
    loaded = load_ground_truth(tmp_path / 'a.json', keep_noisy=True)
    given = GroundTruth.of(document, 'a.json', keep_noisy=True)
    assert {k: str(v) for k, v in vars(loaded).items()} == {
        k: str(v) for k, v in vars(given).items()
    }


def test_no_lesion_left(document):
    document['annotations'] = document['annotations'][::2]
    with pytest.raises(ValueError, match=r'a\.json .*of 2 annotations 2 are'):
        GroundTruth.of(document, 'a.json')


def test_patients_of_the_images_that_count(document):
    truth = GroundTruth.of(document, 'a.json')
    assert patients_of(document, truth).tolist() == [9, 6]


def test_an_image_without_patient_is_none_of_the_known(document):
    # The patient of image 4 has the number of image 6.
    document['images'][0]['patient'] = 6
    truth = GroundTruth.of(document, 'a.json')
    first, second = patients_of(document, truth)
    assert first != second
    assert patients_text(document, truth) == (
        'patients, or images where no patient is known'
    )


def test_numbers_and_texts_of_patients(document):
    # Images 4 and 6, whose patients are P and unknown; 6 is a patient, too.
    document['images'][0]['patient'] = '6'
    document['images'][1].pop('patient', None)
    truth = GroundTruth.of(document, 'a.json')
    assert len(set(patients_of(document, truth).tolist())) == 2


def named(document, *names):
    for image, name in zip(document['images'], names, strict=True):
        image.pop('patient', None)
        image['file_name'] = name
    truth = GroundTruth.of(document, 'a.json', keep_noisy=True)
    patients = patients_of(document, truth).tolist()
    return patients, patients_text(document, truth)


def test_patients_by_the_names_of_deeplesion(document):
    first, second = '000012_01_01/109.png', 'x/000012_02_01_005.jpg'
    assert named(document, first, second, '000003_01_01/005.png') == (
        [12, 12, 3],
        'patients by file name',
    )
    # One image of another origin: no name says anything.
    assert named(document, first, second, 'liver_3.png') == (
        [4, 5, 6],
        'images, since no patient is known',
    )
