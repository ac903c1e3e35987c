"""The picture of a run on points: its colours stand where the discriminator says so."""

import numpy as np
import pytest
import torch
from torch import nn

from ganvas.data import load_dataset
from ganvas.data.plane import INK, REACH, SIDE, blank
from ganvas.errors import NonFinite
from ganvas.networks.protocols import ScoresAndLogits
from ganvas.recipes import recipe_table
from ganvas.report.point_picture import (
    DRAWN,
    LINE,
    REAL,
    UNKNOWN,
    PointPicture,
    field,
    paint,
    point_picture,
)


class Slope(nn.Module):
    """Scores that grow to the right, 0 at ``x`` = 0.3: linear, so that every value is known."""

    def __init__(self, patches: int = 1, steep: float = 1.0) -> None:
        super().__init__()
        self.steep = nn.Parameter(torch.tensor(steep))
        self.patches = patches

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        scores = self.steep * (points[:, 0] - 0.3).flatten(1)
        return scores.expand(-1, self.patches) if self.patches > 1 else scores.squeeze(1)


class Still(nn.Module):
    """A generator that draws the first two numbers of its latent."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return (self.factor * latent[:, :2])[:, :, None, None]


def pixel(x: float, y: float) -> tuple[int, int]:
    """Row and column of a place."""
    return round((1 - y / REACH) / 2 * SIDE - 0.5), round((x / REACH + 1) / 2 * SIDE - 0.5)


@pytest.mark.parametrize("patches", [1, 4])
def test_the_field_is_the_score_at_every_place(patches) -> None:
    scores = field(Slope(patches))
    assert scores.shape == (SIDE, SIDE)
    columns = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1) * REACH
    inner = slice(4, -4)  # beyond the outermost places it is filled in by the nearest
    expected = np.broadcast_to(columns - 0.3, (SIDE, SIDE))
    np.testing.assert_allclose(scores[:, inner], expected[:, inner], atol=1e-4)


def test_a_packed_discriminator_is_shown_a_point_twice() -> None:
    class Pair(Slope):
        def forward(self, points: torch.Tensor) -> torch.Tensor:
            assert points.shape[1:] == (4, 1, 1) and torch.equal(points[:, :2], points[:, 2:])
            return super().forward(points[:, :2])

    np.testing.assert_array_equal(field(Pair(1), pack=2), field(Slope(1)))


def test_up_is_up() -> None:
    class Up(Slope):
        def forward(self, points: torch.Tensor) -> ScoresAndLogits:
            return ScoresAndLogits(self.steep * points[:, 1].flatten(), points.flatten(1))

    scores = field(Up())
    assert scores[0, 0] > 1 and scores[-1, 0] < -1


def test_colours_say_which_side_and_the_line_where_neither() -> None:
    canvas = blank(colour=UNKNOWN)
    paint(canvas, field(Slope(steep=50.0)))
    np.testing.assert_allclose(canvas[pixel(-0.9, 0.5)], DRAWN, atol=1)
    np.testing.assert_allclose(canvas[pixel(0.9, -0.5)], REAL, atol=1)
    at = canvas[pixel(0.3, 0.0)]
    assert np.abs(at - LINE).max() < 40  # it lies over the colour by four fifths


def test_a_judge_that_cannot_tell_is_grey() -> None:
    canvas = blank(colour=UNKNOWN)
    paint(canvas, np.full((SIDE, SIDE), 0.01))
    np.testing.assert_allclose(canvas, blank(colour=UNKNOWN))


def test_reals_are_light_and_samples_dark() -> None:
    shown = PointPicture(torch.tensor([[-0.5, 0.5]]), torch.tensor([[0.5, -0.5, 9.0]]))
    picture = np.asarray(shown.draw(Still(), Slope()), np.float64)
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture[pixel(-0.5, 0.5)].min() > 220
    assert np.abs(picture[pixel(0.5, -0.5)] - INK).max() < 60
    alone = np.asarray(shown.draw(Still(), None), np.float64)
    assert tuple(alone[pixel(0.9, 0.9)]) == UNKNOWN


def test_a_damaged_generator_is_told() -> None:
    broken = Still()
    broken.factor.data.fill_(float("nan"))
    with pytest.raises(NonFinite):
        PointPicture(torch.zeros(1, 2), torch.zeros(1, 2)).draw(broken, None)


def test_images_have_no_point_picture() -> None:
    assert point_picture(recipe_table.find("mnist"), load_dataset("mnist", limit=4)) is None
