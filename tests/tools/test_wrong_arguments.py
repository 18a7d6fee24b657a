"""Every argument of every command is checked before anything is read."""

import argparse
import importlib
import re
import subprocess
import sys

import pytest

CONFIG = ('config.py',)
ANN, IMAGES, OUT = ('--ann', 'a.json'), ('--images', 'i'), ('--out', 'o')
DETS, RUN, FIGURE = ('--dets', 'd'), ('--run', 'A=a'), ('--out', 'o.png')
# What must be given; none of the files exists.
COMMANDS = {
    'tools.browse_dataset': (*CONFIG, *OUT),
    'tools.calibrate': (*ANN, *DETS, *OUT),
    'tools.check': CONFIG,
    'tools.compare': ('A=a', *OUT),
    'tools.convert_results': ('r.csv', *ANN, *OUT),
    'tools.figures pseudo-masks': (*ANN, *IMAGES, *FIGURE),
    'tools.figures mined': (*ANN, *IMAGES, '--bank', 'b', *FIGURE),
    'tools.figures side-by-side': (*ANN, *IMAGES, *RUN, *FIGURE),
    'tools.figures froc': (*ANN, *RUN, *FIGURE),
    'tools.follow': ('found_a', 'found_b', *CONFIG, 'w.pth', *OUT),
    'tools.froc': (*ANN, *DETS),
    'tools.froc_volumes': ('--volumes', 'v', *DETS),
    'tools.fuse': ('r.json', *OUT),
    'tools.join_folds': (*ANN, *DETS, *OUT),
    'tools.infer': ('scan.nii', *CONFIG, 'w.pth', *OUT),
    'tools.mine_hard_negatives': (*CONFIG, 'w.pth', *OUT),
    'tools.pacs': (
        *(*CONFIG, 'w.pth', '--dicomweb', 'http://localhost', '--work', 'w'),
    ),
    'tools.publish_model': ('w.pth', *OUT),
    'tools.report': (*ANN, *IMAGES, *RUN, *OUT),
    'tools.review export': (*IMAGES, *OUT, '--bank', 'b', *ANN),
    'tools.review import': (
        *('--csv', 'c', '--exclude', 'e', '--bank', 'b', *ANN),
    ),
    'tools.test': (*CONFIG, 'w.pth'),
    'tools.train': CONFIG,
    'data_prep.convert_volumes to-nifti': ('i', *OUT),
    'data_prep.convert_volumes to-png': ('v', *OUT),
    'data_prep.grabcut_masks': (*ANN, *IMAGES),
    'data_prep.deeplesion_to_coco': ('--csv', 'c', *OUT),
    'data_prep.make_phantom': ('o',),
    'data_prep.pack_deeplesion': (*ANN, *IMAGES, *OUT),
    'data_prep.slices_to_coco': (*IMAGES, '--coco', 'c', *OUT),
    'data_prep.verify_deeplesion': ('--csv', 'c', *IMAGES),
    'data_prep.volumes_to_coco': ('--masks', 'm', *IMAGES, *OUT),
}
# Numbers that may be negative.
SIGNED = ('--hu-offset', '--window')


class CapturedError(Exception):
    """Carries a command's parser out of it."""


def main_of(command):
    return importlib.import_module(command.split()[0]).main


def parser_of(command, monkeypatch):
    """The parser of a command or sub-command."""

    def capture(parser, *_):
        raise CapturedError(parser)

    with monkeypatch.context() as patch:
        for name in ('parse_args', 'parse_intermixed_args'):
            patch.setattr(argparse.ArgumentParser, name, capture)
        with pytest.raises(CapturedError) as caught:
            main_of(command)([])
    (parser,) = caught.value.args
    for name in command.split()[1:]:
        parser = parser._subparsers._group_actions[0].choices[name]
    return parser


def values_of(parser):
    """The arguments that take a value, those of MMEngine's launcher not."""
    return [
        action
        for action in parser._actions
        if action.nargs != 0 and action.help != argparse.SUPPRESS
    ]


def words(command, parser, action, wrong):
    """A command line that is right but for one argument."""
    given = list(COMMANDS[command])
    if action.option_strings:
        count = action.nargs if isinstance(action.nargs, int) else 1
        given += [action.option_strings[0], *[wrong] * count]
    else:
        # Positional arguments come first, in the parser's order.
        names = [a.dest for a in values_of(parser) if not a.option_strings]
        given[names.index(action.dest)] = wrong
    return [*command.split()[1:], *given]


def refused(command, argv, capsys):
    """What the command says; it must name the argument on one line."""
    with pytest.raises(SystemExit, match='2'):
        main_of(command)(argv)
    said = capsys.readouterr().err
    assert said.startswith('error: ')
    assert said.count('\n') == 1
    return said


def test_every_command_is_here(root):
    files = {
        f'{folder}.{path.stem}'
        for folder in ('tools', 'data_prep')
        for path in (root / folder).glob('*.py')
        if path.stem != '__init__'
    }
    # It has no argument that takes a value.
    files.remove('tools.info')
    assert files == {command.split()[0] for command in COMMANDS}


@pytest.mark.parametrize('command', COMMANDS)
def test_no_argument_is_empty(command, monkeypatch, capsys):
    parser = parser_of(command, monkeypatch)
    arguments = values_of(parser)
    assert arguments
    for action in arguments:
        said = refused(command, words(command, parser, action, ''), capsys)
        assert (action.option_strings or [action.metavar or action.dest])[
            0
        ] in said


@pytest.mark.parametrize('command', COMMANDS)
def test_numbers_are_finite_and_in_their_range(command, monkeypatch, capsys):
    parser = parser_of(command, monkeypatch)
    for action in values_of(parser):
        if not is_numeric(action):
            continue
        (name, *_) = action.option_strings
        for wrong in ('nan', 'inf', '1e999', 'x', '-1', '1,5'):
            if wrong == '-1' and name in SIGNED:
                continue
            argv = words(command, parser, action, wrong)
            assert name in refused(command, argv, capsys), argv


def is_numeric(action):
    try:
        return isinstance(action.type('1'), (int, float))
    except (TypeError, argparse.ArgumentTypeError):
        return False


@pytest.mark.parametrize(
    ('command', 'wrong', 'match'),
    [
        ('tools.pacs', '--model m', 'CONFIG and CHECKPOINT must be given, or'),
        ('tools.pacs', '--insecure-tls --ca-file x', 'not allowed with'),
        ('tools.pacs', '--rest-s -1', 'a number of 0 or more'),
        ('tools.pacs', '--fps 1 --score-thr 0.5', 'not allowed with'),
        ('tools.pacs', '--step-mm 0', 'above 0, but got .0.'),
        ('tools.infer', '--score-thr 30', 'from 0 to 1, but got .30.'),
        ('tools.infer', '--score-thr nan', 'from 0 to 1, but got .nan.'),
        ('tools.infer', '--step-mm -3', 'above 0, but got .-3.'),
        ('tools.infer', '--step-mm 0', 'above 0, but got .0.'),
        ('tools.infer', '--batch-size 0', 'an integer of 1 or more'),
        ('tools.infer', '--batch-size 2.5', 'an integer of 1 or more'),
        ('tools.infer', '--device banana', 'can use here, cpu'),
        ('tools.infer', '--device cuda:99', 'can use here, cpu'),
        ('tools.infer', '--device cuda0', 'a device like cpu, cuda or cuda:0'),
        ('tools.infer', '--sensitivity 90', 'like 0.9 for 90 %'),
        ('tools.infer', '--sensitivity 0', 'above 0 and up to 1'),
        ('tools.infer', '--spacing 0 1 1', 'above 0, but got .0.'),
        ('tools.infer', '--spacing 1 1', 'expected 3 arguments'),
        ('tools.infer', '--fps 1 --score-thr 0.5', 'not allowed with'),
        ('tools.infer', '--sensitivity 0.5 --score-thr 0.5', 'not allowed'),
        ('tools.infer', '--fps 1 --sensitivity 0.5', 'not allowed with'),
        ('tools.calibrate', '--fps -1', '0 or more'),
        ('tools.calibrate', '--fps 1 --sensitivity 0.5', 'not allowed with'),
        ('tools.calibrate', '--plot a.xyz', r'ends in \.png, \.pdf, \.svg'),
        ('tools.froc', '--iou-thr 0', 'above 0 and up to 1'),
        ('tools.froc', '--iou-thr 50', 'above 0 and up to 1'),
        ('tools.froc', '--fp-rates 2 1', 'rising numbers, but got 2 1'),
        ('tools.froc', '--plot froc', 'ends in'),
        ('tools.froc_volumes', '--hit near', 'invalid choice'),
        ('tools.compare', '--level 95', 'like 0.95 for 95 %'),
        ('tools.compare', '--resamples 0', '1 or more'),
        ('tools.compare', '--published nobody', 'invalid choice'),
        ('tools.compare', '--seed 4294967296', 'from 0 to 4294967295'),
        ('tools.report', '--note text', 'KEY: VALUE'),
        ('tools.report', '--run text', 'NAME=FILE'),
        ('tools.convert_results', '--classes lesion', 'THEIRS=OURS'),
        ('tools.convert_results', '--offset-px 0.25', 'invalid choice'),
        ('tools.figures mined', '--count 0', '1 or more'),
        ('tools.figures froc', '--out a.gif', 'ends in'),
        ('tools.fuse', '--iou-thr 0', 'above 0 and up to 1'),
        ('tools.fuse', '--weights 1 0', 'above 0, but got .0.'),
        ('tools.fuse', '--method vote', 'invalid choice'),
        ('tools.fuse', '--scores log', 'invalid choice'),
        ('tools.train', '--cfg-options lr', 'key=value'),
        ('tools.mine_hard_negatives', '--epoch -1', '0 or more'),
        ('tools.review import', '--exclude=', 'name of a file'),
        ('data_prep.make_phantom', '--size 32', 'from 64 to 1024'),
        ('data_prep.make_phantom', '--unannotated 1', 'from 0 to 0.9'),
        ('data_prep.make_phantom', '--splits 0.5 0.5 0.5', 'add up'),
        ('data_prep.make_phantom', '--images 9 --splits 1 2 3', 'add up'),
        ('data_prep.make_phantom', '--difficulty noise=3', 'one of the names'),
        ('data_prep.make_phantom', '--workers 0', '1 or more'),
        ('data_prep.pack_deeplesion', '--num-slices 2', 'odd integer'),
        ('data_prep.pack_deeplesion', '--shard-mb 0', 'above 0'),
        ('data_prep.verify_deeplesion', '--parts 57', 'invalid choice'),
        ('data_prep.slices_to_coco', '--split 0.5 0.5 0.5', 'add up to 1'),
        ('data_prep.slices_to_coco', '--window 5 1', 'rising numbers'),
        ('data_prep.slices_to_coco', '--hu-slope 0', 'above 0'),
        ('data_prep.volumes_to_coco', '--labels 0', '1 or more'),
        ('data_prep.volumes_to_coco', '--split 2 -1 0', 'from 0 to 1'),
        ('data_prep.convert_volumes to-nifti', '--spacing 1 0 1', 'above 0'),
        ('data_prep.convert_volumes to-nifti', '--workers -1', '1 or more'),
    ],
)
def test_wrong_values_are_named(command, wrong, match, capsys):
    argv = [*command.split()[1:], *COMMANDS[command], *wrong.split()]
    said = refused(command, argv, capsys)
    assert wrong.split()[0].partition('=')[0] in said
    assert re.search(match, said)


def test_a_wrong_argument_is_refused_before_torch_is_loaded(root):
    code = (
        'import sys\n'
        'from tools import infer\n'
        'try:\n'
        "    infer.main('s c w --out o --score-thr 30'.split())\n"
        'except SystemExit as ended:\n'
        "    print(ended.code, {'torch', 'mmdet'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=root, capture_output=True, text=True
    )
    assert done.stdout == '2 set()\n'


@pytest.mark.parametrize(
    'words', [('--split', 'test'), ('--hit', 'center'), ('--iou-thr', '0.5')]
)
def test_rules_of_volumes_where_there_are_none(capsys, words):
    main = main_of('tools.calibrate')
    with pytest.raises(SystemExit):
        main([*COMMANDS['tools.calibrate'], *words])
    said = f'{words[0]} must be used with --volumes, but got {words[1]} w'
    assert said in capsys.readouterr().err
