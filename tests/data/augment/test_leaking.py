"""Below strength 1 an augmentation does not leak (Karras et al. 2020, section 2.2, appendix C).

Flips and quarter turns are drawn from a group, and with probability p the draw is uniform over it:
as an operator on distributions over the group, that is (1 - p) I + p U, with U the mean over the
group. U is a projection onto the uniform distribution, so the eigenvalues are 1, once, and 1 - p:
the operator can be inverted where p < 1, and at 1 all distributions look the same.
"""

import pytest
import torch
import torch.nn.functional as F
from augmenting import OFF, seeded
from torch import Tensor

from ganvas.data.augment.ada import ADA
from ganvas.data.augment.blit import Blit

TURNS = ADA(**{**OFF, "blit": Blit(flip=False, translate=0)})
FLIPS = ADA(**{**OFF, "blit": Blit(rotate=False, translate=0)})


def corner() -> Tensor:
    """An image [1, 4, 4] that differs from its turns and flips."""
    image = torch.full((1, 4, 4), -1.0)
    image[0, 0, 1:] = torch.tensor([0.5, 0.5, 1.0])
    return image


def orbit(elements: int) -> Tensor:
    """The images of the group: an image and its three turns, or its mirror image."""
    image = corner()
    if elements == 2:
        return torch.stack([image, image.flip(2)])
    return torch.stack([torch.rot90(image, turns, (1, 2)) for turns in range(4)])


def operator(augment: ADA, elements: int, strength: float, count: int = 20_000) -> Tensor:
    """Measured: column j says what becomes of the group's image j, [elements, elements]."""
    images = orbit(elements)
    columns = []
    for seed, image in enumerate(images):
        out = augment(image.expand(count, -1, -1, -1), seeded(count, seed), strength)
        same = (out[:, None] == images[None]).flatten(2).all(2)
        assert same.sum(1).eq(1).all()
        columns.append(same.double().mean(0))
    return torch.stack(columns, 1)


@pytest.mark.parametrize(("augment", "elements"), [(TURNS, 4), (FLIPS, 2)])
@pytest.mark.parametrize("strength", [0.5, 0.8, 1.0])
def test_the_operator_is_that_of_the_group(augment: ADA, elements: int, strength: float) -> None:
    measured = operator(augment, elements, strength)
    uniform = torch.full((elements, elements), 1 / elements, dtype=torch.float64)
    expected = (1 - strength) * torch.eye(elements, dtype=torch.float64) + strength * uniform
    assert (measured - expected).abs().max() < 4 * 0.5 / 20_000**0.5
    values = torch.linalg.eigvals(measured).abs().sort(descending=True).values
    assert values[0].item() == pytest.approx(1)
    assert values[1:].tolist() == pytest.approx([1 - strength] * (elements - 1), abs=0.03)


def test_a_distribution_is_told_by_its_augmented_one_below_full_strength() -> None:
    true = torch.tensor([0.55, 0.25, 0.15, 0.05], dtype=torch.float64)
    seen = operator(TURNS, 4, 0.8) @ true
    assert (seen - true).abs().max() > 0.2
    model = 0.2 * torch.eye(4, dtype=torch.float64) + 0.8 / 4
    torch.testing.assert_close(torch.linalg.solve(model, seen), true, atol=0.03, rtol=0)
    hidden = operator(TURNS, 4, 1.0) @ true
    assert (hidden - 0.25).abs().max() < 0.02


def test_a_generator_learns_the_images_own_distribution() -> None:
    """Four logits against a linear discriminator with R1; all it sees is augmented, at p = 0.5.

    Each image meets each draw once, gates on either side of p, so that sums over the batch are
    expectations: 4 images, 2 gates, 4 turns.
    """
    gates, turns = torch.meshgrid(torch.tensor([0.25, 0.75]), torch.arange(4) / 4, indexing="ij")
    noise = torch.ones(8, 7)
    noise[:, 2], noise[:, 3] = gates.flatten(), turns.flatten()
    seen = TURNS(orbit(4).repeat_interleave(8, 0), lambda *_: noise.repeat(4, 1), 0.5).flatten(1)
    true = torch.tensor([0.55, 0.25, 0.15, 0.05])
    logits = torch.zeros(4, requires_grad=True)
    score = torch.nn.Linear(16, 1)
    torch.nn.init.zeros_(score.weight)
    creator = torch.optim.SGD([logits], 1.0)
    critic = torch.optim.SGD(score.parameters(), 0.3)

    def expected(shares: Tensor, values: Tensor) -> Tensor:
        return (shares[:, None] * values.view(4, 8)).sum() / 8

    for _ in range(800):
        scores, fakes = score(seen), logits.softmax(0)
        lost = expected(true, F.softplus(-scores)) + expected(fakes.detach(), F.softplus(scores))
        critic.zero_grad()
        (lost + 0.1 * score.weight.square().sum()).backward()
        critic.step()
        creator.zero_grad()
        expected(fakes, F.softplus(-scores.detach())).backward()
        creator.step()
    torch.testing.assert_close(logits.softmax(0), true, atol=0.01, rtol=0)
    augmented = 0.5 * true + 0.5 / 4
    assert (logits.softmax(0) - augmented).abs().max() > 0.1
