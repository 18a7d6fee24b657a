import pytest

from mmuldor.cli import arguments


def parsed(add, *texts):
    parser = arguments.make_parser('A title.\n\n    an example')
    add(parser)
    return vars(parser.parse_args(texts))


def test_a_docstring_is_shown_as_it_is_written():
    text = arguments.make_parser('A title.\n\n    an example').format_help()
    assert 'A title.\n\n    an example\n' in text


@pytest.mark.parametrize(
    ('add', 'texts', 'expected'),
    [
        (arguments.add_annotations, ['--ann', 'a'], {'ann': 'a'}),
        (arguments.add_images, ['--images', 'i'], {'images': 'i'}),
        (
            arguments.add_folds,
            ['--ann', 'a', 'b', '--dets', 'd'],
            {'ann': ['a', 'b'], 'dets': ['d']},
        ),
        (arguments.add_out, ['--out', 'o'], {'out': 'o'}),
        (
            arguments.add_runs,
            ['--run', 'A=a', '--run', 'B=b'],
            {'run': ['A=a', 'B=b']},
        ),
    ],
)
def test_what_must_be_given(add, texts, expected):
    assert parsed(add, *texts) == expected
    with pytest.raises(SystemExit, match='2'):
        parsed(add)


def test_a_default_is_named_in_the_help():
    parser = arguments.make_parser('')
    arguments.add_fp_rates(parser, (0.5, 1, 4), 'volume')
    arguments.add_hit(parser, 0.1)
    arguments.add_offset(parser, 0.5)
    arguments.add_workers(parser, 3)
    text = ' '.join(parser.format_help().split())
    for part in (
        'FPs per volume at which sensitivity is reported (default 0.5 1 4)',
        'IoU of a hit (default 0.1)',
        'default 0.5',
        'threads (default 3)',
    ):
        assert part in text
    assert vars(parser.parse_args([])) == {
        'fp_rates': (0.5, 1, 4),
        'iou_thr': 0.1,
        'offset_px': 0.5,
        'workers': 3,
    }


def test_one_operating_point_alone():
    add = arguments.add_operating_point
    assert parsed(add, '--fps', '2') == {
        'fps': 2.0,
        'sensitivity': None,
    }
    with pytest.raises(SystemExit, match='2'):
        parsed(add, '--fps', '2', '--sensitivity', '0.8')


def test_a_frame_that_nobody_uses_is_refused():
    with pytest.raises(SystemExit, match='2'):
        parsed(lambda p: arguments.add_offset(p, 0), '--offset-px', '0.25')


@pytest.mark.parametrize('text', ['0', '-1', '1.5', 'x', ''])
def test_numbers_that_are_too_small_are_refused(text, capsys):
    def add(parser):
        arguments.add_workers(parser, 3)

    assert parsed(add, '--workers', '1') == {'workers': 1}
    with pytest.raises(SystemExit, match='2'):
        parsed(add, '--workers', text)
    assert 'must be an integer of 1 or more' in capsys.readouterr().err
