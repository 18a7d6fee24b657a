"""The hook in a real Runner."""

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from mmengine.runner import Runner
from mmengine.structures import InstanceData


def pictures(folder):
    return sorted(path.name for path in folder.rglob('*.png'))


class _Echo(BaseModel):
    """Predicts one box in the middle of every image."""

    def forward(self, inputs=None, data_samples=None, mode='predict', **info):
        box = torch.tensor([[20.0, 20.0, 44.0, 44.0]])
        found = InstanceData(
            bboxes=box, scores=torch.ones(1), labels=torch.zeros(1).long()
        )
        meta = {key: info[key][0] for key in ('img_id', 'img_path')}
        return [DetDataSample(metainfo=meta, pred_instances=found)]


def echo_runner(tmp_path, mini_data, monkeypatch, split, **hook):
    """A Runner that tests or validates a split of the mini data set."""
    monkeypatch.setitem(MODELS.module_dict, 'EchoForPictures', _Echo)
    dataset = dict(
        type='mmuldor.DeepLesionDataset',
        ann_file=str(mini_data / f'{split}.json'),
        data_prefix=dict(img=str(mini_data / 'Images_png')),
        pipeline=[],
        test_mode=True,
    )
    loop = {'val': 'ValLoop', 'test': 'TestLoop'}[split]
    parts = {
        f'{split}_dataloader': dict(
            dataset=dataset,
            batch_size=1,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        ),
        f'{split}_cfg': dict(type=loop),
        f'{split}_evaluator': Evaluator([]),
    }
    return Runner(
        model=dict(type='EchoForPictures'),
        work_dir=str(tmp_path / 'work'),
        default_scope='mmdet',
        default_hooks=dict(
            visualization=dict(type='mmuldor.CTVisualizationHook', **hook)
        ),
        visualizer=dict(
            type='Visualizer',
            name=tmp_path.name,
            vis_backends=[dict(type='LocalVisBackend')],
        ),
        experiment_name=tmp_path.name,
        **parts,
    )


def test_real_runner(tmp_path, mini_data, monkeypatch):
    out = tmp_path / 'shown'
    echo_runner(
        tmp_path,
        mini_data,
        monkeypatch,
        'test',
        draw=True,
        test_out_dir=str(out),
    ).test()
    assert pictures(out) == ['000201_01_01_005.png', '000202_01_01_005.png']


def test_a_validation_draws_into_the_visualizer(
    tmp_path, mini_data, monkeypatch
):
    echo_runner(tmp_path, mini_data, monkeypatch, 'val', val_interval=2).val()
    (path,) = (tmp_path / 'work').rglob('vis_image/*.png')
    assert path.name.startswith('val_000101_01_01_005')
    picture = cv2.imread(str(path))
    assert picture.shape[:2] == (128, 128)
    # Detections are yellow, #ffd60a, on grey.
    near = np.abs(picture.astype(int) - [0x0A, 0xD6, 0xFF]).max(axis=2) < 40
    assert near.sum() > 20


def test_no_picture_of_a_validation_unless_asked(
    tmp_path, mini_data, monkeypatch
):
    echo_runner(tmp_path, mini_data, monkeypatch, 'val', draw=True).val()
    assert not list((tmp_path / 'work').rglob('*.png'))
