"""Which torchvision a torch with CUDA lacks."""

import pytest

from mmuldor.ops.torchvision_for import requirement


@pytest.mark.parametrize(
    ('torch_version', 'wanted'),
    [
        # Pairs of torchvision's own table, and two that were seen to work.
        ('2.4.0', 'torchvision==0.19.0'),
        ('2.4.1+cu121', 'torchvision==0.19.1'),
        ('2.6.0', 'torchvision==0.21.0'),
        ('2.11.0+cu130', 'torchvision==0.26.0'),
        ('2.14.1', 'torchvision==0.29.1'),
        ('2.6.0a0+ecf3bae40a', 'torchvision==0.21.0'),
    ],
)
def test_the_pair_of_a_torch(torch_version, wanted):
    assert requirement(torch_version, '13.0', installed=False) == wanted


def test_nothing_where_it_is_there_or_of_no_use():
    assert requirement('2.13.0', '13.0', installed=True) == ''
    assert requirement('2.13.0+cpu', None, installed=False) == ''


def test_a_torch_of_another_kind_is_named():
    with pytest.raises(ValueError, match=r'must be 2\.x\.y, but is 3\.0'):
        requirement('3.0', '13.0', False)
