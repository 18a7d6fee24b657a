from mmuldor.apis.configs.parts import parts_of


def test_every_part_has_its_key():
    config = {'a': [1, {'b': 2}], 'c': ()}
    assert dict(parts_of(config)) == {
        '': config,
        'a': config['a'],
        'a.0': 1,
        'a.1': {'b': 2},
        'a.1.b': 2,
        'c': (),
    }
    assert list(parts_of({'b': 2}, 'a'))[1] == ('a.b', 2)
