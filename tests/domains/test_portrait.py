"""The picture of a run: of points, its colours stand where the discriminator says so."""

import numpy as np
import pytest
import torch
from torch import nn

from ganvas.domains import Image, Points
from ganvas.domains.ground import DRAWN, LINE, REAL, UNKNOWN, paint
from ganvas.domains.plane import INK, REACH, SIDE, blank
from ganvas.domains.points import scores_over_the_plane
from ganvas.errors import NonFinite
from ganvas.networks.protocols import ScoresAndLogits
from ganvas.recipes import recipe_table
from ganvas.recipes.recipe_table import change
from ganvas.report.scores import score_of, scored_together


class Slope(nn.Module):
    """Scores that grow to the right, 0 at ``x`` = 0.3: linear, so that every value is known."""

    def __init__(self, patches: int = 1, steep: float = 1.0) -> None:
        super().__init__()
        self.steep = nn.Parameter(torch.tensor(steep))
        self.patches = patches

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        scores = self.steep * (points[:, 0] - 0.3).flatten(1)
        return scores.expand(-1, self.patches) if self.patches > 1 else scores.squeeze(1)


def field(discriminator: nn.Module, pack: int = 1) -> np.ndarray:
    return scores_over_the_plane(score_of(discriminator, pack))


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
    samples, reals = torch.tensor([[0.5, -0.5]]), torch.tensor([[-0.5, 0.5]])
    picture = Points().portrait(samples, reals, score_of(Slope(), 1))
    shown = np.asarray(picture, np.float64)
    assert shown.shape == (SIDE, SIDE, 3)
    assert shown[pixel(-0.5, 0.5)].min() > 220
    assert np.abs(shown[pixel(0.5, -0.5)] - INK).max() < 60
    alone = np.asarray(Points().portrait(samples, reals), np.float64)
    assert tuple(alone[pixel(0.9, 0.9)]) == UNKNOWN


def test_damaged_items_are_refused() -> None:
    for domain in (Image(1, 2, 2), Points()):
        with pytest.raises(NonFinite, match="damaged"):
            domain.finish(torch.full((1, *domain.shape), float("nan")))


def test_a_portrait_of_images_is_their_sheet() -> None:
    domain, images = Image(1, 2, 3), torch.arange(24, dtype=torch.uint8).view(4, 2, 3, 1)
    shown = domain.portrait(images, images[:1], columns=2)
    assert shown.tobytes() == domain.sheet(images, columns=2).tobytes()
    assert domain.key(scored=True) == [] and len(Points().key(scored=False)) == 2


def test_who_is_scored_alone_and_who_in_packs() -> None:
    recipe, domain = recipe_table.find("playground-ring"), Points()
    assert scored_together(recipe, domain) == 1
    assert scored_together(change(recipe, {"game.pack": 2}), domain) == 2
    assert scored_together(change(recipe, {"condition.kind": "class"}), domain) == 0
    assert scored_together(recipe_table.find("aae"), Image(1, 28, 28)) == 0
