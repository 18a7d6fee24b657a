"""Small configs of other detectors, on the mini data set."""

from pathlib import Path

from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[1]
SMALL = sorted((ROOT / 'configs/detectors').glob('*_phantom.py'))


def configure(path, mini_data, tmp_path):
    """Two iterations on four of the mini data set's images."""
    config = Config.fromfile(path)
    config.work_dir, config.log_level = str(tmp_path / 'work'), 'WARNING'
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.dataset.data_root = str(mini_data)
        loader.num_workers, loader.persistent_workers = 0, False
    config.train_dataloader.dataset.indices = 4
    for split in ('val', 'test'):
        config[f'{split}_evaluator'].ann_file = str(
            mini_data / f'{split}.json'
        )
    if 'num_queries' in config.model:
        # No more than an image of 64 px has places.
        config.model.num_queries = config.model.test_cfg.max_per_img = 20
    config.train_cfg.update(max_epochs=1, val_interval=1)
    return config
