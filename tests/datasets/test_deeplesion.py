import json

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmuldor.datasets import DeepLesionDataset, LoadCTSlices, slice_check
from mmuldor.io.png import write_png16
from tests.support.instances import LOAD_POLYGONS


def build(folder, split='train', pipeline=(), **kwargs):
    init_default_scope('mmdet')
    return DeepLesionDataset(
        data_root=str(folder),
        ann_file=f'{split}.json',
        data_prefix=dict(img='Images_png'),
        pipeline=list(pipeline),
        **kwargs,
    )


def edit(folder, change, split='train'):
    path = folder / f'{split}.json'
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return document


def test_boxes_and_diameters_move_by_half_a_pixel(mini_data):
    document = edit(mini_data, lambda document: None)
    dataset = build(mini_data)
    assert len(dataset) == 6
    info = dataset.get_data_info(0)
    lesion, (instance,) = document['annotations'][0], info['instances']
    x, y, width, height = lesion['bbox']
    np.testing.assert_allclose(
        instance['bbox'],
        [x + 0.5, y + 0.5, x + width + 0.5, y + height + 0.5],
    )
    np.testing.assert_allclose(
        instance['recist_px'], np.array(lesion['recist_px']) + 0.5
    )
    assert instance['bbox_label'] == 0
    assert info['img_id'] == 1
    assert info['spacing_mm'] == [0.8, 0.8]
    assert info['window_hu'] == [-175.0, 275.0]


def test_noisy_lesions_go_and_empty_images_with_them(mini_data):
    def change(document):
        first, second = document['annotations'][:2]
        first['noisy'] = True
        document['annotations'].append(
            {**second, 'id': 99, 'noisy': True},
        )

    edit(mini_data, change)
    dataset = build(mini_data)
    ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    assert ids == [2, 3, 4, 5, 6]
    assert len(dataset.get_data_info(0)['instances']) == 1
    kept = build(mini_data, keep_noisy=True)
    assert len(kept) == 6
    assert len(kept.get_data_info(1)['instances']) == 2


def test_an_image_without_lesions_stays_in_a_test_set(mini_data):
    edit(mini_data, lambda d: d['annotations'].pop(0))
    assert len(build(mini_data, test_mode=True)) == 6


def test_a_crowd_is_an_ignored_region_and_no_lesion(mini_data):
    def change(document):
        first = document['annotations'][0]
        document['annotations'] += [
            {**first, 'id': 98, 'iscrowd': 1, 'bbox': [1, 2, 30, 20]},
            {**first, 'id': 99, 'iscrowd': 1, 'image_id': 2},
        ]
        document['annotations'].remove(document['annotations'][1])

    edit(mini_data, change)
    pipeline = [
        dict(type='mmuldor.LoadCTSlices'),
        dict(type='mmuldor.RecistToMask'),
        LOAD_POLYGONS,
        dict(type='PackDetInputs'),
    ]
    dataset = build(mini_data, pipeline=pipeline)
    # The second image has nothing but a crowd, and stays as a negative.
    assert len(dataset) == 6
    assert dataset.ignored_regions == 2
    flags = [
        [i['ignore_flag'] for i in dataset.get_data_info(k)['instances']]
        for k in (0, 1, 2)
    ]
    assert flags == [[0, 1], [1], [0]]
    assert len(dataset.annotated_lesions(0)) == 1
    assert dataset.annotated_lesions(1) == []
    sample = dataset[0]['data_samples']
    assert len(sample.gt_instances) == 1
    assert sample.ignored_instances.bboxes.tensor.tolist() == [
        [1.5, 2.5, 31.5, 22.5]
    ]


@pytest.mark.parametrize('stage', ['rpn', 'rcnn'])
def test_assigners_take_no_background_from_a_crowd(root, stage):
    import torch
    from mmdet.registry import TASK_UTILS
    from mmengine.config import Config
    from mmengine.structures import InstanceData

    config = Config.fromfile(
        root / 'configs/own_data/mask-rcnn_r101_fpn_12e_own-data.py'
    )
    init_default_scope('mmdet')
    assigner = TASK_UTILS.build(config.model.train_cfg[stage].assigner)
    # In the region by 100 %, by 60 % and by 40 %; the lesion is elsewhere.
    priors = torch.tensor(
        [[10.0, 10, 20, 20], [34, 10, 44, 20], [36, 10, 46, 20]]
    )
    lesion = InstanceData(
        bboxes=torch.tensor([[100.0, 100, 120, 120]]),
        labels=torch.tensor([0]),
    )
    crowd = InstanceData(bboxes=torch.tensor([[0.0, 0, 40, 40]]))
    assigned = assigner.assign(InstanceData(priors=priors), lesion, crowd)
    # -1 is ignored, 0 background.
    assert assigned.gt_inds.tolist() == [-1, -1, 0]


def test_a_missing_annotation_file_names_the_remedy(mini_data):
    ways = 'deeplesion_to_coco.*slices_to_coco.*make_phantom'
    with pytest.raises(FileNotFoundError, match=ways):
        build(mini_data, 'trian')


def test_damaged_annotations_name_file_id_and_key(mini_data):
    edit(mini_data, lambda d: d['annotations'][2].pop('recist_px'))
    with pytest.raises(ValueError, match=r'train\.json: annot.*3.*recist_px'):
        build(mini_data)


LOAD = [dict(type='mmuldor.LoadCTSlices')]


@pytest.mark.parametrize('name', ['005.png', '004.png'])
def test_damaged_slices_are_found_when_the_data_set_is_built(mini_data, name):
    path = mini_data / 'Images_png' / '000003_01_01' / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=rf'{name} .*truncated'):
        build(mini_data, pipeline=LOAD)
    assert len(build(mini_data, pipeline=LOAD, check_images=False)) == 6


def test_a_slice_of_another_size_is_found(mini_data):
    path = mini_data / 'Images_png' / '000003_01_01' / '006.png'
    write_png16(path, np.zeros((32, 64), np.uint16))
    with pytest.raises(ValueError, match=r'006\.png must be 64 high'):
        build(mini_data, pipeline=LOAD)


def test_a_missing_key_slice_is_found(mini_data):
    (mini_data / 'Images_png' / '000003_01_01' / '005.png').unlink()
    told = r"000003_01_01/005\.png.*train\.json.*`data_prefix.img`.*_png'"
    with pytest.raises(FileNotFoundError, match=told):
        build(mini_data, pipeline=LOAD)


def test_missing_neighbours_are_counted_or_refused(mini_data, monkeypatch):
    (mini_data / 'Images_png' / '000003_01_01' / '004.png').unlink()
    said = []
    from mmengine.logging import MMLogger

    monkeypatch.setattr(
        MMLogger.get_current_instance(), 'warning', said.append
    )
    build(mini_data, pipeline=LOAD)
    assert len(said) == 1
    assert '1 of 6 images lack a neighbouring slice' in said[0]
    strict = [dict(type='mmuldor.LoadCTSlices', missing='error')]
    with pytest.raises(FileNotFoundError, match=r'004\.png.*does not exist'):
        build(mini_data, pipeline=strict)


def test_the_fingerprint_tells_data_sets_apart(mini_data):
    train, again = build(mini_data), build(mini_data)
    assert train.fingerprint == again.fingerprint
    assert train.fingerprint != build(mini_data, 'test').fingerprint


def test_a_bank_must_fit_the_data_set(mini_data, tmp_path):
    bank = tmp_path / 'bank.json'
    content = {
        'version': 1,
        'ann_file': 'train.json',
        'fingerprint': build(mini_data).fingerprint,
        'epoch': 0,
        'images': {},
    }
    bank.write_text(json.dumps(content))
    pipeline = [dict(type='mmuldor.AddHardNegatives', bank=str(bank))]
    two = dict(metainfo=dict(classes=('lesion', 'false_positive')))
    assert len(build(mini_data, pipeline=pipeline, **two)) == 6
    with pytest.raises(ValueError, match='has the classes'):
        build(mini_data, pipeline=pipeline)
    with pytest.raises(ValueError, match='mined on other images'):
        build(mini_data, 'test', pipeline=pipeline, **two)


def test_the_whole_pipeline_in_mmdets_frame(mini_data):
    pipeline = [
        dict(type='mmuldor.LoadCTSlices'),
        dict(type='mmuldor.WindowHU', windows=[(-100, 200)]),
        dict(type='mmuldor.RecistToMask'),
        LOAD_POLYGONS,
        dict(type='mmuldor.ResizeToSpacing', spacing_mm=0.4, max_size=512),
        dict(type='PackDetInputs', meta_keys=('img_id', 'scale_factor')),
    ]
    item = build(mini_data, pipeline=pipeline)[0]
    assert item['inputs'].shape == (3, 128, 128)
    instances = item['data_samples'].gt_instances
    (mask,) = instances.masks.to_ndarray()
    # The disc is bright in the middle slice only: mask and disc coincide.
    bright = item['inputs'][1].numpy() > 255 * 175 / 300
    overlap = (mask & bright).sum() / (mask | bright).sum()
    assert overlap > 0.93


def test_real_slices_load(real_data, tmp_path):
    info = {
        'img_path': str(
            real_data / 'deeplesion_sample/Images_png/000001_01_01/109.png'
        ),
        'key_slice': 109,
        'slice_range': [103, 115],
        'slice_interval_mm': 5.0,
        'height': 512,
        'width': 512,
    }
    image = LoadCTSlices(num_slices=3).transform(info)['img']
    # Bone at the most, air at the least, fat and soft tissue in between.
    assert image.max() < 4000
    assert np.median(image[200:300, 200:300]) == pytest.approx(40, abs=80)


@pytest.mark.parametrize('count', [1, 2, 4])
def test_processes_share_the_check_of_slices(mini_data, monkeypatch, count):
    checked, images = [], 6
    monkeypatch.setattr(
        slice_check, '_check_image', lambda *args: checked.append(args[-1])
    )
    monkeypatch.setattr(slice_check.socket, 'gethostname', lambda: 'b')

    def gathered(own):
        # Processes of two machines in turn, as Slurm may place them.
        return ['a', 'b'] * count if own == 'b' else [own]

    monkeypatch.setattr(slice_check, 'all_gather_object', gathered)
    for rank in range(1, 2 * count, 2):
        monkeypatch.setattr(slice_check, 'get_rank', lambda rank=rank: rank)
        build_mini(mini_data)
    # On each machine, every image once.
    assert sorted(checked) == list(range(images))


def test_all_processes_raise_the_error_of_the_first_image(
    mini_data, monkeypatch
):
    def gathered(own):
        if isinstance(own, str):
            return [own, 'another host', 'a third']
        return [own, ((1, ValueError('of image 1')), []), (None, [])]

    for name in ('000004_01_01', '000005_01_01'):
        (mini_data / f'Images_png/{name}/005.png').unlink()
    monkeypatch.setattr(slice_check, 'all_gather_object', gathered)
    with pytest.raises(ValueError, match='of image 1'):
        build_mini(mini_data)
    monkeypatch.setattr(slice_check, 'all_gather_object', lambda own: [own])
    with pytest.raises(FileNotFoundError, match='000004_01_01'):
        build_mini(mini_data)


def build_mini(folder):
    return DeepLesionDataset(
        data_root=str(folder),
        ann_file='train.json',
        data_prefix=dict(img='Images_png/'),
    )
