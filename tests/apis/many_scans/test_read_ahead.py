"""One item is read while another one is worked on, and no more."""

import threading
import weakref

import pytest

from mmuldor.apis.many_scans.read_ahead import read_ahead


class Large:
    """Stands for a volume."""


def test_the_next_item_is_read_during_the_work():
    started = {k: threading.Event() for k in range(3)}

    def read(item):
        started[item].set()
        return item * 10

    found = []
    for item, reading in read_ahead(range(3), read):
        # Would not end if the next one were read after the work.
        if item < 2:
            assert started[item + 1].wait(60)
        if item == 0:
            assert not started[2].is_set()
        found.append((item, reading.take()))
    assert found == [(0, 0), (1, 10), (2, 20)]


def test_two_results_at_most_are_in_memory():
    alive = weakref.WeakSet()
    most = 0

    def read(item):
        nonlocal most
        result = Large()
        alive.add(result)
        most = max(most, len(alive))
        return result

    def work(reading):
        reading.take()

    for _, reading in read_ahead(range(6), read):
        work(reading)
    assert most == 2


def test_an_error_is_that_of_its_item():
    def read(item):
        if item == 1:
            raise ValueError('item 1')
        return item

    readings = dict(read_ahead(range(3), read))
    assert (readings[0].take(), readings[2].take()) == (0, 2)
    with pytest.raises(ValueError, match='item 1'):
        readings[1].take()


def test_nothing_to_read():
    assert list(read_ahead([], str)) == []
