"""The hook's branches, with a mock runner."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmdet.engine.hooks.utils import trigger_visualization_hook
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmuldor.datasets import DeepLesionDataset
from mmuldor.engine.hooks import CTVisualizationHook
from mmuldor.engine.hooks import ct_visualization_hook as module
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from mmuldor.registry import HOOKS
from tests.support.counted_reads import counted_reads


@pytest.fixture
def document(mini_data):
    return load_annotations(mini_data / 'test.json')


def mini_dataset(mini_data):
    """The test split, its files found but not loaded."""
    return DeepLesionDataset(
        ann_file=str(mini_data / 'test.json'),
        data_prefix=dict(img=str(mini_data / 'Images_png')),
        pipeline=[],
        test_mode=True,
    )


@pytest.fixture
def runner(tmp_path, mini_data):
    return SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=mini_dataset(mini_data)),
        work_dir=str(tmp_path / 'work'),
        timestamp='now',
    )


@pytest.fixture
def sample(mini_data, document):
    """Predictions on an image: mmdet's frame, half a pixel further."""

    def make(index=0, scores=(0.9, 0.2), labels=(0, 1), masks=True, **meta):
        image = document['images'][index]
        x, y, w, h = document['annotations'][index]['bbox']
        box = [x + 0.5, y + 0.5, x + w + 0.5, y + h + 0.5]
        count = len(scores)
        found = InstanceData(
            bboxes=torch.tensor([box] * count).reshape(-1, 4),
            scores=torch.tensor(scores),
            labels=torch.tensor(labels, dtype=torch.long),
        )
        if masks:
            found.masks = torch.zeros((count, 64, 64), dtype=torch.bool)
            found.masks[:, 10:20, 30:40] = True
        path = str(mini_data / 'Images_png' / image['file_name'])
        return DetDataSample(
            metainfo={
                'img_id': image['id'],
                'img_path': path,
                'ori_shape': (64, 64),
                **meta,
            },
            pred_instances=found,
        )

    return make


@pytest.fixture
def seen(monkeypatch):
    """What the hook hands over for drawing."""
    calls = []

    def figure(picture, lesions, detections, *, scale):
        calls.append((picture, lesions, detections))
        return original(picture, lesions, detections, scale=scale)

    original = module.result_figure
    monkeypatch.setattr(module, 'result_figure', figure)
    return calls


def pictures(folder):
    return sorted(path.name for path in folder.rglob('*.png'))


def run(hook, runner, *batches):
    hook.before_test(runner)
    for index, batch in enumerate(batches):
        hook.after_test_iter(runner, index, None, batch)


def test_pictures_of_every_series(tmp_path, runner, sample):
    out = tmp_path / 'shown'
    hook = CTVisualizationHook(draw=True, test_out_dir=str(out))
    run(hook, runner, [sample(0)], [sample(1)])
    # Both slices have the number 005.
    names = ['000201_01_01_005.png', '000202_01_01_005.png']
    assert pictures(out) == names
    picture = cv2.imread(str(out / names[0]))
    assert picture.shape == (128, 128, 3)
    assert picture.dtype == np.uint8


def test_frame_window_and_reference(tmp_path, runner, sample, seen, document):
    hook = CTVisualizationHook(draw=True, score_thr=0.1)
    run(hook, runner, [sample(0)])
    ((picture, lesions, found),) = seen
    lesion = document['annotations'][0]
    (reference,) = lesions
    assert sorted(reference) == ['bbox', 'recist_px']
    for key, values in reference.items():
        np.testing.assert_allclose(values, lesion[key], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[0]['bbox'], lesions[0]['bbox'], atol=1e-4)
    assert [f['category_id'] for f in found] == [1, 2]
    ring = found[0]['polygons'][0]
    assert (ring[:, 0].min(), ring[:, 0].max()) == (29.625, 39.375)
    # Soft tissue around 0 HU in [-175, 275] HU, nothing wrapped around.
    assert np.median(picture) == pytest.approx(255 * 175 / 450, abs=2)
    assert pictures(tmp_path / 'work' / 'now' / 'vis')


def test_window_of_the_sample_comes_first(runner, sample, seen):
    hook = CTVisualizationHook(draw=True)
    run(hook, runner, [sample(0, window_hu=[-1000.0, 0.0])])
    assert np.median(seen[0][0]) == pytest.approx(255, abs=3)


@pytest.mark.parametrize(
    ('kwargs', 'expected'),
    [
        ({'score_thr': 0.5}, [0.9, 0.5]),
        ({'score_thr': 0.0}, [0.9, 0.5, 0.2]),
        ({'score_thr': 0.0, 'max_per_img': 1}, [0.9]),
        ({'score_thr': 0.95}, []),
    ],
)
def test_choice_of_detections(runner, sample, seen, kwargs, expected):
    hook = CTVisualizationHook(draw=True, **kwargs)
    scores, labels = (0.2, 0.9, 0.5), (0, 0, 1)
    run(hook, runner, [sample(0, scores=scores, labels=labels)])
    found = [f['score'] for f in seen[0][2]]
    assert found == pytest.approx(expected)


def test_no_masks_and_no_detections(runner, sample, seen):
    hook = CTVisualizationHook(draw=True)
    empty = sample(1, scores=(), labels=())
    run(hook, runner, [sample(0, masks=False), empty])
    assert seen[0][2][0]['polygons'] == []
    assert seen[1][2] == []


def test_run_length_masks(runner, sample, seen):
    from pycocotools import mask as mask_utils

    given = sample(0)
    masks = given.pred_instances.masks.numpy().astype(np.uint8)
    del given.pred_instances.masks
    given.pred_instances.masks = [
        mask_utils.encode(np.asfortranarray(mask)) for mask in masks
    ]
    hook = CTVisualizationHook(draw=True)
    run(hook, runner, [given])
    assert seen[0][2][0]['polygons'][0][:, 0].min() == 29.625


def test_interval(tmp_path, runner, sample):
    out = tmp_path / 'shown'
    hook = CTVisualizationHook(draw=True, interval=2, test_out_dir=str(out))
    run(hook, runner, [sample(0), sample(1)])
    assert pictures(out) == ['000201_01_01_005.png']


def test_nothing_without_draw(tmp_path, sample):
    # No runner is asked for anything.
    run(CTVisualizationHook(test_out_dir=str(tmp_path / 'x')), None, [sample])
    assert not (tmp_path / 'x').exists()


def test_the_reference_of_a_file(runner, sample, seen, document, mini_data):
    path = str(mini_data / 'test.json')
    run(CTVisualizationHook(draw=True, ann_file=path), runner, [sample(0)])
    assert seen[0][1] == [document['annotations'][0]]


def test_noisy_lesions_are_no_reference(
    runner, sample, seen, document, mini_data
):
    clean, path = document['annotations'][0], str(mini_data / 'test.json')
    noisy = {**clean, 'id': 900, 'bbox': [1.0, 2.0, 8.0, 8.0], 'noisy': True}
    document['annotations'].append(noisy)
    write_json(path, document)
    runner.test_dataloader.dataset = mini_dataset(mini_data)
    for ann_file in (path, None):
        hook = CTVisualizationHook(draw=True, ann_file=ann_file)
        run(hook, runner, [sample(0)])
    of_file, of_dataset = (lesions for _, lesions, _ in seen)
    assert of_file == [clean]
    (lesion,) = of_dataset
    assert lesion['bbox'] == pytest.approx(clean['bbox'])


def test_the_dataset_is_asked_not_its_file(runner, sample, seen, mini_data):
    with counted_reads() as reads:
        run(CTVisualizationHook(draw=True), runner, [sample(0), sample(1)])
    assert len(seen) == 2
    assert reads[mini_data / 'test.json'] == 0
    assert reads[mini_data / 'Images_png/000201_01_01/005.png'] == 1


def test_image_of_another_file(runner, sample, mini_data):
    hook = CTVisualizationHook(
        draw=True, ann_file=str(mini_data / 'train.json')
    )
    with pytest.raises(ValueError, match='image id 201'):
        run(hook, runner, [sample(0)])


def test_missing_reference(runner):
    hook = CTVisualizationHook(draw=True, ann_file='no.json')
    with pytest.raises(FileNotFoundError, match=r'no\.json'):
        hook.before_test(runner)


def test_damaged_slice(runner, sample, tmp_path):
    cv2.imwrite(str(tmp_path / 'eight.png'), np.zeros((64, 64), np.uint8))
    given = sample(0, img_path=str(tmp_path / 'eight.png'))
    with pytest.raises(ValueError, match=r'eight\.png'):
        run(CTVisualizationHook(draw=True), runner, [given])


@pytest.mark.parametrize('name', ['interval', 'max_per_img', 'scale'])
def test_arguments_above_zero(name):
    with pytest.raises(ValueError, match=f'`{name}` must be above 0'):
        CTVisualizationHook(**{name: 0})


def test_show_opens_a_window(runner, sample):
    shown = []
    runner.visualizer = SimpleNamespace(
        show=lambda picture, **kwargs: shown.append((picture.shape, kwargs))
    )
    hook = CTVisualizationHook(draw=True, show=True, wait_time=0.5)
    run(hook, runner, [sample(0)])
    ((shape, kwargs),) = shown
    assert shape == (128, 128, 3)
    assert kwargs['wait_time'] == 0.5


def test_mmdets_switch_fits(tmp_path):
    config = Config(
        {
            'default_hooks': {
                'visualization': {'type': 'mmuldor.CTVisualizationHook'}
            }
        }
    )
    args = SimpleNamespace(show=True, wait_time=1, show_dir=str(tmp_path))
    trigger_visualization_hook(config, args)
    hook = HOOKS.build(config.default_hooks.visualization)
    assert hook.draw
    assert hook.show
    assert (hook.wait_time, hook.test_out_dir) == (1, str(tmp_path))
