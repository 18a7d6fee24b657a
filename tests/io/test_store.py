import json
import multiprocessing
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mmuldor.io.store.reader import SliceStore
from mmuldor.io.store.slice_format import decode_slice, encode_slice
from mmuldor.io.store.writer import StoreWriter


def slices_of(count, shape=(20, 30)):
    """Slices of noise with a border of padding that is not the same."""
    rng = np.random.default_rng(0)
    for number in range(count):
        hu = np.full(shape, -1024 - number, np.int16)
        hu[3:-2, 5:-4] = rng.integers(-900, 900, (shape[0] - 5, shape[1] - 9))
        yield f'000001_01_01/{number:03d}.png', hu


def write(folder, slices, absent=(), **kwargs):
    writer = StoreWriter(folder, **kwargs)
    with writer.locked():
        writer.add((name, *encode_slice(hu)) for name, hu in slices)
        return writer.finish(absent)


@pytest.fixture
def store(tmp_path):
    return write(tmp_path / 'store', slices_of(3), ['000001_01_01/003.png'])


@settings(max_examples=60)
@given(
    arrays(
        np.int16,
        array_shapes(min_dims=2, max_dims=2, max_side=12),
        fill=st.just(np.int16(-1024)),
    )
)
def test_any_slice_comes_back_to_the_bit(hu):
    data, record = encode_slice(hu)
    assert np.array_equal(decode_slice(memoryview(data), record), hu)


def test_padding_is_cropped_and_restored():
    hu = np.full((512, 512), -3024, np.int16)
    hu[100:110, 50:70] = np.arange(200).reshape(10, 20)
    data, record = encode_slice(hu)
    assert record[5:] == (-3024, 100, 50, 10, 20)
    assert len(data) < 600
    assert np.array_equal(decode_slice(memoryview(data), record), hu)


def test_a_store_reads_what_was_written_over_several_shards(tmp_path):
    store = write(tmp_path, slices_of(5), shard_bytes=1000)
    assert len(list(tmp_path.glob('shard-*.bin'))) > 1
    for name, hu in slices_of(5):
        read = store.read(name, shape=(20, 30))
        assert read.dtype == np.int16
        assert np.array_equal(read, hu)


def test_a_copy_for_a_worker_carries_no_data(store):
    name, hu = next(slices_of(1))
    store.read(name)
    copy = pickle.dumps(store)
    assert len(copy) < 500
    assert np.array_equal(pickle.loads(copy).read(name), hu)


def test_forks_share_an_open_store(store):
    expected = dict(slices_of(3))
    store.read('000001_01_01/000.png')
    with multiprocessing.get_context('fork').Pool(2) as pool:
        read = pool.map(store.read, list(expected) * 4)
    for hu, name in zip(read, list(expected) * 4, strict=True):
        assert np.array_equal(hu, expected[name])


def test_what_is_absent_and_what_was_never_looked_for(store):
    assert store.has('000001_01_01/002.png')
    assert not store.has('000001_01_01/003.png')
    with pytest.raises(FileNotFoundError, match='its PNG was missing'):
        store.read('000001_01_01/003.png')
    with pytest.raises(ValueError, match=r'was not packed for it.*--num-sli'):
        store.has('000001_01_01/004.png')


def test_another_size_is_an_error(store):
    with pytest.raises(ValueError, match='must be 30 high and 20 wide, but'):
        store.check('000001_01_01/000.png', (30, 20))


def test_no_store(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'it has no store\.json'):
        SliceStore(tmp_path / 'nowhere').has('x')


def test_a_killed_packing_is_no_store_and_goes_on(tmp_path):
    def killed():
        yield from ((n, *encode_slice(hu)) for n, hu in slices_of(4))
        raise KeyboardInterrupt

    writer = StoreWriter(tmp_path, shard_bytes=1500)
    with pytest.raises(KeyboardInterrupt), writer.locked():
        writer.add(killed())
    # What SIGKILL leaves behind.
    (tmp_path / '.shard-0009.abc.bin').write_bytes(b'half')
    with pytest.raises(FileNotFoundError, match='did not come to its end'):
        SliceStore(tmp_path).has('x')
    done = writer.names()
    assert 0 < len(done) < 4
    rest = [(n, hu) for n, hu in slices_of(4) if n not in done]
    store = write(tmp_path, rest)
    assert not list(tmp_path.glob('.shard-*'))
    for name, hu in slices_of(4):
        assert np.array_equal(store.read(name), hu)


def test_two_packers_do_not_meet(tmp_path):
    with StoreWriter(tmp_path).locked():
        other = StoreWriter(tmp_path)
        with pytest.raises(ValueError, match='packed by another process'):
            write(tmp_path, slices_of(1))
        assert other.names() == set()


def test_damaged_bytes(store):
    path = store.folder / 'shard-0000.bin'
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r'bin: .*000\.png.*checksum is wro'):
        store.read('000001_01_01/000.png')
    assert store.read('000001_01_01/001.png').shape == (20, 30)


def test_a_cut_shard(store):
    path = store.folder / 'shard-0000.bin'
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r'`length` of row 2 cannot be'):
        store.has('000001_01_01/000.png')
    path.unlink()
    with pytest.raises(FileNotFoundError, match='beside it, but has not'):
        store.has('000001_01_01/000.png')


@pytest.mark.parametrize(
    ('place', 'value', 'match'),
    [
        (0, -1, '`offset` of row 1 cannot be -1'),
        (0, 2**62, '`offset` of row 1'),
        (0, 2**70, 'not every slice has 10 integers'),
        (1, 3, '`length` of row 1 cannot be 3'),
        (3, 2**40, '`height` of row 1'),
        (3, 'a', 'not every slice has 10 integers'),
        (4, 2.5, 'not every slice has 10 integers'),
        (6, 19, '`top` of row 1'),
        (8, -(2**62), '`rows` of row 1'),
    ],
)
def test_a_damaged_index(store, place, value, match):
    path = store.folder / 'shard-0000.json'
    index = json.loads(path.read_text())
    index['000001_01_01/001.png'][place] = value
    path.write_text(json.dumps(index))
    with pytest.raises(ValueError, match=rf'json must be the index.*{match}'):
        store.has('000001_01_01/000.png')


@pytest.mark.parametrize('text', ['[]', '{"version": 2}', '{"a": [1]}'])
def test_other_documents(store, text):
    (store.folder / 'shard-0000.json').write_text(text)
    (store.folder / 'store.json').write_text(text)
    with pytest.raises(ValueError, match='must be a store of version 1'):
        store.has('000001_01_01/000.png')


def test_a_forged_record_does_not_read_elsewhere():
    """With a right checksum, but another size than the bytes hold."""
    data, record = encode_slice(next(slices_of(1))[1])
    with pytest.raises(ValueError, match='does not hold 40000 bytes'):
        decode_slice(memoryview(data), record._replace(rows=100, columns=200))
