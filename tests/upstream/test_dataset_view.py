"""One data set, two pipelines."""

import pytest
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, init_default_scope

from mmuldor.upstream.dataset_view import with_pipeline


class Numbers(BaseDataset):
    """Three items."""

    loads = 0

    def load_data_list(self):
        type(self).loads += 1
        return [dict(number=number) for number in range(3)]


def added(results):
    return {**results, 'added': True}


@pytest.mark.parametrize('serialize', [True, False])
def test_items_are_shared_and_the_first_pipeline_stays(serialize):
    dataset = Numbers(pipeline=[], serialize_data=serialize)
    loads = Numbers.loads
    view = with_pipeline(dataset, [added])
    assert view[2]['added']
    assert [item['number'] for item in view] == [0, 1, 2]
    assert 'added' not in dataset[2]
    assert (view.test_mode, dataset.test_mode) == (True, False)
    assert Numbers.loads == loads
    assert view.data_bytes is dataset.data_bytes if serialize else True


def test_a_data_set_of_ours_checks_its_files_once(mini_config, monkeypatch):
    init_default_scope('mmdet')
    dataset = DATASETS.build(mini_config.val_dataloader.dataset)
    checked = []
    monkeypatch.setattr(
        'mmuldor.datasets.deeplesion.check_slice_files', checked.append
    )
    view = with_pipeline(dataset, [added])
    assert view[0]['img_id'] == dataset.get_data_info(0)['img_id']
    view.full_init()
    assert checked == []
