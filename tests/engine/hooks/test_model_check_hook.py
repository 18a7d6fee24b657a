import numpy as np
import pytest
import torch

from mmuldor.apis.runs import build_runner
from mmuldor.engine.hooks import ModelCheckHook


@pytest.fixture
def runner(mini_config):
    """A runner whose data are built, as before a training."""
    runner = build_runner(mini_config)
    for name in ('train', 'val', 'test'):
        loader = runner.build_dataloader(mini_config[f'{name}_dataloader'])
        setattr(runner, f'_{name}_dataloader', loader)
    runner._train_loop = runner.build_train_loop(mini_config.train_cfg)
    return runner


def test_a_model_that_fits_passes_and_is_left_as_it_was(runner):
    runner.model.train()
    torch.manual_seed(1)
    np.random.seed(1)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    weights = {k: v.clone() for k, v in runner.model.state_dict().items()}
    ModelCheckHook().before_train(runner)
    assert runner.model.training
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_a_head_of_other_classes_than_the_data_is_refused(runner):
    runner.model.roi_head.bbox_head.num_classes = 3
    # The false-positive class is one more; two more are a mistake.
    for check in (ModelCheckHook().before_train, ModelCheckHook().before_test):
        with pytest.raises(ValueError, match=r'bbox_head\.num_classes` is 3'):
            check(runner)


def test_a_test_may_lack_the_false_positive_class_alone(runner):
    ModelCheckHook().before_test(runner)
    runner.test_dataloader.dataset._metainfo['classes'] = ('a', 'b', 'c')
    with pytest.raises(ValueError, match='the test data have 3 classes'):
        ModelCheckHook().before_test(runner)


def test_parts_that_do_not_fit_are_refused(runner):
    runner.model.neck.lateral_convs[0] = torch.nn.Conv2d(9, 32, 1)
    with pytest.raises(ValueError, match='backbone, neck and the channels'):
        ModelCheckHook().before_train(runner)


def test_ignored_regions_that_would_be_background_are_a_warning(
    runner,
):
    said = []
    runner.logger.warning = said.append
    assigner = runner.model.rpn_head.assigner
    dataset = runner.train_dataloader.dataset
    # The data have none, then the assigner skips them, then it does not.
    for regions, threshold in ((0, -1), (2, 0.5), (2, -1)):
        assert said == []
        dataset.ignored_regions = regions
        assigner.ignore_iof_thr = threshold
        ModelCheckHook().before_train(runner)
    assert len(said) == 1
    assert '2 ignored regions, but MaxIoUAssigner learns' in said[0]
