"""Each JSON file is read once a command, and handed on as an object."""

import importlib
from collections import Counter

import pytest

from mmuldor.apis.checks.config import check_config
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from tests.support.counted_reads import counted_reads
from tests.support.entries import bank_of_one_example, detections_on

COMMANDS = {
    'froc': 'froc --ann {test} --dets {first} --out {out}.json',
    'froc: plot': 'froc --ann {test} --dets {first} --plot {out}.png',
    'calibrate': 'calibrate --ann {test} --dets {first} --out {out}.json',
    'compare': 'compare a={first} b={second} --with-fp a --ann {test} '
    '--resamples 5 --permutations 5 --out {out}',
    'report': 'report --ann {test} --images {images} --run a={first} '
    '--run b={second} --with-fp a --train-ann {train} --bank-dir {banks} '
    '--out {out}',
    'figures: pseudo masks': 'figures pseudo-masks --ann {test} '
    '--images {images} --out {out}.png',
    'figures: mined': 'figures mined --ann {train} --images {images} '
    '--bank {bank} --out {out}.png',
    'figures: side by side': 'figures side-by-side --ann {test} '
    '--images {images} --run a={first} --run b={second} --out {out}.png',
    'figures: froc': 'figures froc --ann {test} --run a={first} '
    '--run b={second} --with-fp b --out {out}.png',
    'convert_results': 'convert_results {first} --ann {test} '
    '--classes 1=lesion 2=fp --out {out}.json',
    'fuse': 'fuse {first} {second} --ann {test} --out {out}.json',
    'fuse: tune': 'fuse --tune {first} {second} --ann {test} '
    '--settings {out}.json',
    'review': 'review export --bank {bank} --ann {train} --images {images} '
    '--out {out}',
}


@pytest.fixture
def places(mini_data, tmp_path):
    """What a command is given: two results files, a bank and so on."""
    lesions = load_annotations(mini_data / 'test.json')['annotations']
    for name, score in (('first', 0.9), ('second', 0.6)):
        found = [
            result
            for category in (1, 2)
            for result in detections_on(lesions, score / category, category)
        ]
        write_json(tmp_path / f'{name}.json', found)
    bank = tmp_path / 'banks' / 'epoch_000.json'
    write_json(bank, bank_of_one_example())
    return {
        'test': mini_data / 'test.json',
        'train': mini_data / 'train.json',
        'images': mini_data / 'Images_png',
        'first': tmp_path / 'first.json',
        'second': tmp_path / 'second.json',
        'banks': bank.parent,
        'bank': bank,
        'out': tmp_path / 'out',
    }


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_reads_each_file_once(name, places):
    tool, *words = COMMANDS[name].split()
    main = importlib.import_module(f'tools.{tool}').main
    given = ' '.join(words)
    with counted_reads() as reads:
        main([word.format(**places) for word in words])
    for key, path in places.items():
        if path.suffix == '.json':
            used = f'{{{key}}}' in given
            used |= key == 'bank' and '{banks}' in given
            assert reads[path] == used, key


def test_a_check_reads_what_training_reads(mini_config, mini_data, tmp_path):
    with counted_reads() as reads:
        list(check_config(mini_config, tmp_path / 'check'))
    files = Counter(
        {path.name: reads[path] for path in mini_data.glob('*.json')}
    )
    # The metric reads its own file, which may be another one.
    assert files == {'train.json': 1, 'val.json': 2, 'test.json': 2}
