from pathlib import Path

import pytest

from mmuldor.mining.bank_schedule import BankSchedule

NAMES = ['initial', 'epoch_000', 'epoch_001', 'epoch_002']


@pytest.mark.parametrize(
    ('schedule', 'expected'),
    [
        # Names by number, of epochs 0 to 3.
        ({}, [[], [1], [2], [3]]),
        ({'accumulate': True}, [[], [1], [1, 2], [1, 2, 3]]),
        ({'begin': 1}, [[], [], [2], [3]]),
        ({'initial': True}, [[0], [1], [2], [3]]),
        ({'initial': True, 'begin': 2}, [[0], [0], [0], [3]]),
        (
            {'initial': True, 'accumulate': True},
            [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]],
        ),
    ],
)
def test_banks_follow_from_the_epoch(schedule, expected):
    schedule = BankSchedule(Path('work/hard_negatives'), **schedule)
    for epoch, numbers in enumerate(expected):
        assert schedule.banks(epoch) == [
            Path(f'work/hard_negatives/{NAMES[n]}.json') for n in numbers
        ]
    assert schedule.initial_bank.name == 'initial.json'
