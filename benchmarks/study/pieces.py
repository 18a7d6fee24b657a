"""Train and test one piece of the study, and store its results."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mmengine.config import Config

from benchmarks.study.outcomes import KINDS, evaluate_results, save_outcomes
from benchmarks.study.plan import START_EPOCH, Piece
from benchmarks.timing import processor
from mmuldor.functional.boxes import pairwise_iou, xywh_to_xyxy
from mmuldor.io.json_files import read_json, write_json
from mmuldor.mining.bank import load_bank

# The study was begun with MMEngine's own seeding, one stream through the whole
# run, and torch's own layout; it keeps them, so that every row can be trained
# again to the bit.
AS_BEGUN = {
    'train_dataloader.sampler.seed_draws': False,
    'default_hooks.repeat': None,
    'default_hooks.channels_last': None,
}


@dataclass(frozen=True)
class Places:
    """The folders of the study.

    Attributes:
        root: The project's folder.
        work: Data, checkpoints and logs; may be deleted.
        results: What is kept: a JSON and an NPZ file a piece.
        common: What ``--cfg-options`` changes in every training.
        kinds: The evaluations that are stored, of `outcomes.KINDS`.
    """

    root: Path
    work: Path
    results: Path
    common: Mapping[str, object] = field(default_factory=AS_BEGUN.copy)
    kinds: tuple[str, ...] = tuple(KINDS)

    @property
    def data(self) -> Path:
        """The phantom."""
        return self.work / 'phantom'

    def record(self, piece: Piece) -> Path:
        """The JSON file of a finished piece."""
        return self.results / f'{piece.name}.json'

    def run(self, piece: Piece) -> Path:
        """The work dir of a piece."""
        return self.work / 'runs' / piece.name


def run_piece(piece: Piece, start: Piece | None, places: Places) -> dict:
    """Train, test and record one piece; the record comes last.

    Args:
        piece: What to do.
        start: The piece that it goes on from; trained again, up to the epoch
            that is needed, where its checkpoint is gone.
        places: Where.

    Returns:
        The record.

    Raises:
        RuntimeError: If a command fails; names its log.
    """
    commands = [train_command(piece, places)]
    if start is not None and not _start_file(start, places).is_file():
        again = train_command(start, places)
        again.append(f'train_cfg.max_epochs={START_EPOCH}')
        _execute(again, places, places.run(start) / 'again.log')
    work = places.run(piece)
    training = _execute(commands[0], places, work / 'train.log')
    training |= gpu_memory(work / 'train.log')
    commands.append(check_command(piece, places))
    testing = _execute(commands[1], places, work / 'test.log')
    figures, ranked = evaluate_results(
        places.data / 'test.json',
        work / 'results.json',
        places.data / 'truth.json',
        kinds=places.kinds if piece.start is not None else ('lesion',),
    )
    if piece.tta:
        _add_tta(commands[1], places, work, figures, ranked)
    record = {
        **asdict(piece),
        'options': dict(piece.options),
        'commands': [shlex.join(map(str, command)) for command in commands],
        'training': training,
        'testing': testing,
        'mined': mined_counts(piece, places),
        'figures': figures,
        'machine': machine(),
        'commit': commit(places.root),
    }
    save_outcomes(places.record(piece).with_suffix('.npz'), ranked)
    write_json(places.record(piece), record, indent=1)
    _tidy(work)
    return record


def train_command(piece: Piece, places: Places) -> list[str]:
    """The arguments of python, relative to the project's folder."""
    options = {
        'randomness.seed': piece.seed,
        **places.common,
        **_data_options(piece, places),
    }
    if piece.start is not None:
        checkpoint = f'epoch_{START_EPOCH}.pth'
        options['load_from'] = places.work / 'runs' / piece.start / checkpoint
    options |= dict(piece.options)
    return [
        *('tools/train.py', piece.config, '--work-dir'),
        *(str(places.run(piece)), '--cfg-options'),
        *(f'{key}={value}' for key, value in options.items()),
    ]


def check_command(piece: Piece, places: Places) -> list[str]:
    """The arguments of python that test the last epoch."""
    work = places.run(piece)
    last = work / f'epoch_{num_epochs(piece, places.root)}.pth'
    return [
        *('tools/test.py', piece.config, str(last)),
        *('--work-dir', str(work), '--out', str(work / 'results.json')),
        '--cfg-options',
        *(f'{k}={v}' for k, v in _data_options(piece, places).items()),
    ]


def _add_tta(
    command: list[str], places: Places, work: Path, figures: dict, ranked: dict
) -> None:
    """Test again with test-time augmentation, as the evaluation ``tta``."""
    _execute([*command, '--tta'], places, work / 'test_tta.log')
    more, also = evaluate_results(
        places.data / 'test.json',
        work / 'results.json',
        places.data / 'truth.json',
        kinds=('lesion',),
    )
    figures['tta'], ranked['tta'] = more['lesion'], also['lesion']


def num_epochs(piece: Piece, root: Path) -> int:
    """How many epochs the piece trains."""
    config = Config.fromfile(root / piece.config)
    stated = dict(piece.options).get('train_cfg.max_epochs')
    return int(stated or config.train_cfg.max_epochs)


def commit(root: Path) -> str:
    """The commit of the code; ``+`` where files were changed since."""
    found = subprocess.run(
        ['git', 'describe', '--always', '--abbrev=40', '--dirty=+'],
        cwd=root,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip() or 'unknown'


def machine() -> dict:
    """Conditions of the measured times."""
    import torch

    found = {
        'processor': processor(),
        'cores': os.cpu_count(),
        'python': platform.python_version(),
        'torch': torch.__version__,
    }
    if torch.cuda.is_available():
        found['gpu'] = torch.cuda.get_device_name(0)
    return found


def gpu_memory(log: Path) -> dict[str, float]:
    """The largest memory on a GPU that MMEngine logged; empty without one."""
    text = log.read_text(encoding='utf-8', errors='replace')
    mebibytes = [int(n) for n in re.findall(r' memory: (\d+) ', text)]
    return {'gpu_gb': round(max(mebibytes) / 1024, 2)} if mebibytes else {}


def _data_options(piece: Piece, places: Places) -> dict[str, object]:
    options = {}
    for split in ('train', 'val', 'test'):
        name = f'{split}.json'
        if piece.missing and split != 'test':
            name = f'{split}_{piece.missing}.json'
        loader = f'{split}_dataloader.dataset'
        options[f'{loader}.data_root'] = f'{places.data}/'
        options[f'{loader}.ann_file'] = name
        if split != 'train':
            options[f'{split}_evaluator.ann_file'] = places.data / name
    return options


def _start_file(start: Piece, places: Places) -> Path:
    return places.run(start) / f'epoch_{START_EPOCH}.pth'


def _execute(command: list[str], places: Places, log: Path) -> dict:
    """Run python in the project's folder; returns times and memory."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # Threads that spin while waiting slow each other down on two cores.
    environment = {'GOMP_SPINCOUNT': '30000', **os.environ}
    began = time.monotonic()
    with open(log, 'w', encoding='utf-8') as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=places.root,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(
            f'{shlex.join(command)} ended with {process.returncode}; see {log}'
        )
    return {
        'wall_s': round(time.monotonic() - began, 1),
        'cpu_s': round(usage.ru_utime + usage.ru_stime, 1),
        # Of the main process; its loader's worker comes on top.
        'peak_gb': round(usage.ru_maxrss / 2**20, 2),
    }


def mined_counts(piece: Piece, places: Places) -> dict[str, dict]:
    """The counts of each round of mining, by its bank file.

    ``real`` is how many mined examples are lesions whose annotation was
    taken away, ``real_spared`` how many of those ignored: by IoU of the boxes
    of at least 0.3, which no annotated lesion reaches with an example.
    """
    folder = places.run(piece) / 'hard_negatives'
    boxes = defaultdict(list)
    for lesion in read_json(places.data / 'train.json')['annotations']:
        boxes[str(lesion['image_id'])].append(lesion['bbox'])
    found = {}
    for path in [folder / 'initial.json', *sorted(folder.glob('epoch_*'))]:
        if path.is_file():
            bank = load_bank(path)
            real = Counter()
            for image_id, examples in bank['images'].items():
                for example in examples:
                    kind = 'real_spared' if 'ignored' in example else 'real'
                    real[kind] += _is_real(example, boxes[image_id])
            # As the pieces that are kept name it.
            counts = dict(bank['counts'])
            counts['spared'] = counts.pop('ignored', 0)
            found[path.stem] = {
                **counts,
                **{kind: real[kind] for kind in ('real', 'real_spared')},
            }
    return found


def _is_real(example: dict, lesions: list[list[float]]) -> bool:
    mined = xywh_to_xyxy([example['bbox']])
    overlaps = pairwise_iou(mined, xywh_to_xyxy(lesions), inclusive=False)
    return bool(overlaps.max() >= 0.3)


def _tidy(work: Path) -> None:
    """Remove all but the banks and the checkpoint that other pieces need."""
    for path in work.glob('*.pth'):
        if path.name != f'epoch_{START_EPOCH}.pth':
            path.unlink()
    shutil.rmtree(work / 'shown', ignore_errors=True)
