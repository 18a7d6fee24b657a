import torch
from mmengine.registry import DATASETS, MODELS, init_default_scope

from benchmarks.stages.bench_mining import every_mask
from mmuldor.engine.detection.candidates import TwoStageCandidates
from mmuldor.engine.mining_round import mine
from mmuldor.mining.rule import MiningRule


def test_mining_with_every_mask_chooses_the_same(mini_config):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(mini_config.model).eval()
    model.init_weights()
    dataset = DATASETS.build(mini_config.train_dataloader.dataset)
    pipeline = mini_config.val_dataloader.dataset.pipeline
    rule = MiningRule(min_score=0.0, score_thr=0.02)
    touching = TwoStageCandidates.touching

    def mining():
        return mine(model, dataset, pipeline, rule, epoch=0)

    whole = every_mask(mining)
    assert whole['counts']['mined'] > 0
    assert whole == mining()
    assert TwoStageCandidates.touching is touching
