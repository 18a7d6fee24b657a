from data_prep.phantom.dataset import plan_patients


def test_a_plan_has_all_images_and_numbers_its_patients():
    plans = plan_patients((40, 10, 20), seed=1)
    assert [plan.index for plan in plans] == list(range(1, len(plans) + 1))
    images = [0, 0, 0]
    for plan in plans:
        images[plan.split - 1] += sum(plan.studies)
    assert images == [40, 10, 20]
    # Splits are mixed over the patients, as in DeepLesion.
    assert [plan.split for plan in plans] != sorted(p.split for p in plans)
