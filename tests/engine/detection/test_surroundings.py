"""A network on a window gives what it gives on the whole."""

import pytest
import torch
from torch import nn

from mmuldor.engine.detection.surroundings import Surroundings, Window
from mmuldor.engine.detection.windows import is_local


class Layers(nn.Module):
    """A stem, a pooling and a map of every fourth of its cells."""

    def __init__(self, *more):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(2, 4, 7, stride=2, padding=3)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.wide = nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        self.more = nn.Sequential(*more)

    def forward(self, inputs):
        maps = self.more(self.wide(self.pool(self.stem(inputs)).relu()))
        return [maps, maps[..., ::4, ::4]]


@pytest.mark.parametrize(
    'window',
    [
        Window(16, 32, 48, 64),
        # At the borders of the slice are the zeros of the slice.
        Window(0, 0, 32, 32),
        Window(32, 16, 80, 96),
    ],
)
def test_a_window_sees_what_lies_around_it(window):
    network, images = Layers(), torch.randn(3, 2, 96, 80)
    for image in images:
        whole = Surroundings(network, image[None])
        assert whole.grid == 16
        left, top, right, bottom = window
        part = image[None, :, top:bottom, left:right]
        with torch.no_grad(), whole.around(window):
            found = network(part)
        for maps, expected in zip(
            found, whole.outputs_in(window), strict=True
        ):
            assert maps.shape == expected.shape
            torch.testing.assert_close(maps, expected)
        # Without them it is wrong, at least if it has a border inside.
        with torch.no_grad():
            alone = network(part)
        assert not torch.allclose(alone[0], found[0])


class Pyramid(nn.Module):
    """A map of 4 px, and every second of its cells, as FPN's last map."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(2, 4, 7, stride=4, padding=3)
        self.top = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, inputs):
        maps = self.stem(inputs)
        half = nn.functional.max_pool2d(maps, 1, stride=2)
        return [maps, self.top(half)]


@pytest.mark.parametrize(
    'window',
    [Window(4, 12, 28, 32), Window(8, 4, 28, 32), Window(0, 8, 40, 24)],
)
def test_a_window_may_begin_in_the_middle_of_a_coarse_cell(window):
    network, image = Pyramid(), torch.randn(1, 2, 40, 40)
    assert Surroundings(network, image).grid == 8
    whole = Surroundings(network, image, halves=True)
    assert whole.grid == 4
    with torch.no_grad(), whole.around(window):
        found = network(image[window.within()])
    for maps, expected in zip(found, whole.outputs_in(window), strict=True):
        torch.testing.assert_close(maps, expected)
    # Column 4 is the middle of the cell 0 to 7: the first is 8 to 15.
    if window.left == 4:
        assert torch.equal(
            whole.outputs_in(window)[1], whole.outputs[1][..., 2:4, 1:4]
        )


def test_other_steps_of_two_need_whole_cells():
    image = torch.randn(1, 2, 96, 80)
    # Nobody knows how `maps[..., ::4, ::4]` begins.
    assert Surroundings(Layers(), image, halves=True).grid == 16
    pooled = Layers(nn.MaxPool2d(2, 2))
    assert Surroundings(pooled, image, halves=True).grid == 32


def test_all_images_of_a_batch_have_the_same_surroundings():
    network, empty = Layers(), torch.zeros(1, 2, 96, 80)
    window = Window(32, 32, 64, 64)
    bodies = torch.randn(3, 2, 32, 32)
    surroundings = Surroundings(network, empty)
    with torch.no_grad(), surroundings.around(window):
        together = network(bodies)
    for n in range(3):
        with torch.no_grad(), surroundings.around(window):
            alone = network(bodies[n : n + 1])
        torch.testing.assert_close(together[0][n : n + 1], alone[0])


def test_layouts_do_not_matter():
    network = Layers().to(memory_format=torch.channels_last)
    image = torch.randn(1, 2, 96, 80).to(memory_format=torch.channels_last)
    window = Window(16, 16, 64, 64)
    whole = Surroundings(network, image)
    with torch.no_grad(), whole.around(window):
        maps, _ = network(image[..., 16:64, 16:64])
    torch.testing.assert_close(maps, whole.outputs_in(window)[0])


class Reflected(nn.Module):
    """Pads in a way that nobody foresaw."""

    def forward(self, maps):
        return nn.functional.pad(maps, (1, 1, 1, 1), 'reflect')[
            ..., 2:, 2:
        ] + nn.functional.pad(maps, (0, 0, 0, 0))


class Excited(nn.Module):
    """Multiplies by the mean of the map, as squeeze and excitation."""

    def forward(self, maps):
        return maps * maps.mean((2, 3), keepdim=True)


@pytest.mark.parametrize(
    ('layer', 'local'),
    [
        (nn.BatchNorm2d(4).eval(), True),
        (nn.ReLU(), True),
        (nn.AvgPool2d(2, 2), True),
        (nn.GroupNorm(2, 4), False),
        (Excited(), False),
        (Reflected(), False),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode='circular'), False),
        (nn.Upsample(scale_factor=2, mode='bilinear'), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_needs_the_whole_map_is_found(layer, local):
    assert is_local(Layers(layer), 2, 'cpu') is local
