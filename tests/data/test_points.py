"""Points in the plane: the same on every machine, with the moments they should have."""

import math

import pytest
import torch

from ganvas.data import ItemStream, contact_sheet, inspect_source, load_dataset
from ganvas.data.builtin.clouds import CLOUDS, grid, ring, spiral
from ganvas.domains import Points
from ganvas.domains.plane import INK, PAPER, REACH, blank, dots, finished, scatter
from ganvas.errors import UsageError

FINGERPRINTS = {
    "ring": "4ead54579a88fed0ca72298634e785435e31b1dc34f80832634467e834a0b5fb",
    "grid": "b32f833c615fdfabfd47876f18c88829e46529baf28ad382502792b7661632dc",
    "spiral": "e9fb6d41a07bcbf471a6ac75df227d74ebe739071707c4163d447f9c3a3034fe",
}
"""Of the training parts, wherever they are drawn."""


@pytest.mark.parametrize("name", CLOUDS)
def test_a_source_is_the_same_points_everywhere(name) -> None:
    dataset = load_dataset(name)
    assert dataset.pixels.shape == (100_000, 2, 1, 1) and dataset.pixels.dtype == torch.float32
    assert dataset.domain == Points() and dataset.shape == (2, 1, 1)
    assert dataset.fingerprint == f"sha256:{FINGERPRINTS[name]}"
    assert dataset.pixels.abs().max() < REACH
    assert dataset.labels is not None and dataset.labels.max() == len(dataset.classes) - 1


def test_parts_are_drawn_apart_and_limits_hold() -> None:
    train, test = load_dataset("ring", limit=10_000), load_dataset("ring", split="test")
    assert len(train) == len(test) == 10_000
    rows = [set(map(tuple, part.pixels.flatten(1).tolist())) for part in (train, test)]
    assert len(rows[0]) == len(rows[1]) == 10_000 and not rows[0] & rows[1]
    assert len(load_dataset("ring", split="all")) == 110_000
    assert torch.equal(load_dataset("ring", split="5:9").pixels, train.pixels[5:9])


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_each_mode_is_a_gaussian_of_its_share(name) -> None:
    cloud = CLOUDS[name]()
    points, modes = cloud.sample(200_000, "a test")
    count = len(cloud.names)
    number = 200_000 / count
    shares = torch.bincount(modes, minlength=count) / number
    assert (shares - 1).abs().max() < 5 / math.sqrt(number)
    off = (points.double() - cloud.centres[modes]) / cloud.sigma
    for mode in range(count):
        mine = off[modes == mode]
        assert mine.mean(0).abs().max() < 5 / math.sqrt(number)
        # In the plane a squared distance over 2 is exponential: its deviation is its mean, 1.
        assert (mine.square().sum(1) / 2).mean() == pytest.approx(1, abs=5 / math.sqrt(number))
        assert (mine.T.cov() - torch.eye(2)).abs().max() < 8 / math.sqrt(number)
    inside = (off.norm(dim=1) < 3).double().mean()
    assert inside == pytest.approx(1 - math.exp(-4.5), abs=0.001)


def test_rings_and_grids_lie_where_they_are_said_to() -> None:
    circle = ring(count=6, radius=0.5, sigma=0.1)
    torch.testing.assert_close(circle.centres.norm(dim=1), torch.full((6,), 0.5).double())
    steps = torch.cdist(circle.centres, circle.centres)
    assert steps[0, 1].item() == pytest.approx(0.5) == steps[5, 0].item()
    square = grid(side=3, spacing=0.7)
    assert sorted({round(x, 6) for x in square.centres.flatten().tolist()}) == [-0.7, 0, 0.7]
    assert len(square.names) == len(set(square.names)) == 9


def test_a_spirals_centres_stand_at_equal_steps_along_its_arms() -> None:
    cloud = spiral(arms=3)
    arms = cloud.centres.view(3, -1, 2)
    steps = arms.diff(dim=1).norm(dim=2)
    assert steps.max() < 1.001 * steps.min() and steps.max() < cloud.sigma
    torch.testing.assert_close(arms[0].norm(dim=1), arms[2].norm(dim=1))
    # Turned by a third: the scalar product with itself is the cosine of that angle.
    turned = (arms[0] * arms[1]).sum(1) / arms[0].square().sum(1)
    torch.testing.assert_close(turned, torch.full_like(turned, math.cos(2 * math.pi / 3)))
    assert torch.bincount(cloud.modes).unique().numel() == 1


def test_draws_give_points_as_they_are() -> None:
    dataset = load_dataset("grid")
    batch = ItemStream(dataset, seed=3, device="cpu", shuffle=False).batch(7, 5)
    assert torch.equal(batch["points"], dataset.pixels[7:12])
    assert "label" in batch and torch.equal(batch["label"], dataset.labels[7:12])  # pyright: ignore


def test_points_have_no_size() -> None:
    for options in ({"size": 32}, {"channels": 1}):
        with pytest.raises(UsageError, match="holds points"):
            load_dataset("ring", **options)
    assert load_dataset("ring").domain.words() == "points in the plane"


def test_a_look_at_points_counts_their_modes() -> None:
    found = inspect_source("ring", split="test")
    assert found.count == 10_000 and sum(found.classes.values()) == 10_000
    assert len(found.classes) == 8 and not found.sizes and not found.warnings
    sheet = contact_sheet(load_dataset("ring", split="test"))
    assert sheet.size == (480, 480)


def test_dots_stand_where_points_do() -> None:
    canvas = blank(side=111)  # REACH 1.1: a pixel is 0.0198
    dots(canvas, torch.tensor([[0.0, 0.0], [0.8, 0.4], [float("nan"), 0.0]]), INK, 2.0, 1.0)
    picture = finished(canvas)
    assert picture.getpixel((55, 55)) == INK
    assert picture.getpixel((round(55 + 0.8 / 2.2 * 111), round(55 - 0.4 / 2.2 * 111))) == INK
    assert picture.getpixel((20, 20)) == PAPER


def test_ink_does_not_depend_on_the_order_and_adds_up_like_layers() -> None:
    one, two = blank(side=33), blank(side=33)
    points = torch.zeros(3, 2)
    dots(one, points[:1], INK, 2.0, 0.5)
    dots(two, points, INK, 2.0, 0.5)
    let_through = [
        (canvas[16, 16] - INK) / (255 - torch.tensor(INK).numpy()) for canvas in (one, two)
    ]
    assert let_through[0] == pytest.approx(0.5) and let_through[1] == pytest.approx(0.5**3)


def test_modes_have_colours_of_their_own() -> None:
    points = torch.tensor([[0.5, 0.0], [-0.5, 0.0]])
    picture = scatter(points, torch.tensor([0, 1]))
    right, left = (picture.getpixel((round(240 + x / 1.1 * 240), 240)) for x in (0.5, -0.5))
    assert right[2] > right[0] and left[0] > left[2]  # pyright: ignore
