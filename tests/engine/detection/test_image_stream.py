import threading
import time

import pytest
import torch
from torch import nn

from mmuldor.engine.detection import image_stream
from mmuldor.engine.detection.image_stream import (
    concurrent_batches,
    detect_each,
    images_in_batches,
    in_order,
)


def test_only_images_padded_to_one_size_share_a_batch():
    sizes = [(3, 8, 8), (3, 8, 9), (3, 5, 8), (3, 8, 7), (3, 16, 12)]
    singles = [
        (n, {'inputs': [torch.zeros(size)], 'data_samples': [f'sample {n}']})
        for n, size in enumerate(sizes)
    ]
    batches = list(images_in_batches(singles, 2, 8))
    assert [indices for indices, _ in batches] == [[0, 2], [1], [3], [4]]
    assert batches[0][1]['data_samples'] == ['sample 0', 'sample 2']
    assert len(batches[0][1]['inputs']) == 2
    assert list(images_in_batches([], 2, 8)) == []


def test_images_at_once_keep_their_order_and_few_are_loaded_ahead():
    loaded, done = [], []

    def batches():
        for number in range(9):
            loaded.append(number)
            yield (number,)

    def work(number):
        # The first of a pair takes longer than the second.
        time.sleep(0.02 * (number % 2 == 0))
        done.append(number)
        return number

    results = in_order(work, batches(), 2)
    assert next(results) == 0
    assert loaded == [0, 1, 2]
    assert list(results) == list(range(1, 9))
    assert sorted(done) == list(range(9))
    assert done != sorted(done)


def test_an_error_on_one_image_ends_the_round():
    done = []

    def work(number):
        done.append(number)
        if number == 1:
            raise OSError('image 1')
        return number

    with pytest.raises(OSError, match='image 1'):
        list(in_order(work, ((n,) for n in range(100)), 2))
    assert len(done) <= 5


def test_a_batch_is_computed_without_gradients_by_one_thread():
    """In the threads of the work; torch keeps both for each thread."""

    def work(_):
        return torch.is_grad_enabled(), torch.get_num_threads()

    before = torch.get_num_threads()
    assert set(in_order(work, ((n,) for n in range(6)), 2)) == {(False, 1)}
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == before


def test_threads_use_the_gpu_of_their_process(monkeypatch):
    """CUDA's device is a setting of each thread, the first by default."""
    own = threading.local()
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'is_initialized', lambda: True)
    device = lambda *_: getattr(own, 'device', 0)  # noqa: E731
    monkeypatch.setattr(torch.cuda, 'current_device', device)
    set_device = lambda number: setattr(own, 'device', number)  # noqa: E731
    monkeypatch.setattr(torch.cuda, 'set_device', set_device)
    set_device(3)
    found = in_order(device, ((n,) for n in range(4)), 2)
    assert set(found) == {3}


class Images:
    """A dataset of numbers, as far as :func:`detect_each` looks."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.pipeline({'index': index})


class Detector(nn.Linear):
    data_preprocessor = None


def to_input(item):
    return {'inputs': torch.full((1, 4, 4), item['index']), **item}


@pytest.mark.parametrize('count', [0, 1, 5])
@pytest.mark.parametrize('batch_size', [None, 2])
def test_each_image_is_worked_on_once(count, batch_size):
    def work(indices, inputs):
        return [
            (index, int(image.max()))
            for index, image in zip(indices, inputs['inputs'], strict=True)
        ]

    found = detect_each(
        *(work, Detector(1, 1), Images(count), [to_input]),
        batch_size=batch_size,
    )
    assert sorted(found) == [(index, index) for index in range(count)]


def test_processes_share_the_images(monkeypatch):
    found = []
    monkeypatch.setattr(image_stream, 'get_world_size', lambda: 3)
    for rank in range(3):
        monkeypatch.setattr(image_stream, 'get_rank', lambda n=rank: n)
        work = lambda indices, _: indices  # noqa: E731
        own = list(detect_each(work, Detector(1, 1), Images(7), [to_input]))
        assert own == list(range(rank, 7, 3))
        found += own
    assert sorted(found) == list(range(7))


def test_images_at_once_are_no_more_than_threads():
    detector = Detector(1, 1)
    before = torch.get_num_threads()
    try:
        for threads, at_once in ((1, 1), (2, 2), (9, 4)):
            torch.set_num_threads(threads)
            assert concurrent_batches(detector) == at_once
    finally:
        torch.set_num_threads(before)
