import math

import pytest
import torch
import torch.nn.functional as F

from ganvas.losses.adversarial import LOSSES, accuracy, adversarial_loss

REAL = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
FAKE = torch.tensor([-0.5, 3.0, -2.0], dtype=torch.float64)


def bce(scores: torch.Tensor, target: float) -> torch.Tensor:
    """Through probabilities and PyTorch's own cross-entropy: another route than ours."""
    return F.binary_cross_entropy(
        torch.sigmoid(scores), torch.full_like(scores, target), reduction="none"
    )


def expected(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    p, q = torch.sigmoid(REAL), torch.sigmoid(FAKE)
    return {
        "minimax": (-(p.log() + (1 - q).log()), (1 - q).log()),
        "non-saturating": (-(p.log() + (1 - q).log()), -q.log()),
        "least-squares": (0.5 * (REAL - 1) ** 2 + 0.5 * FAKE**2, 0.5 * (FAKE - 1) ** 2),
        "wasserstein": (FAKE - REAL, -FAKE),
        "hinge": ((1 - REAL).clamp(min=0) + (1 + FAKE).clamp(min=0), -FAKE),
        "relativistic": (-torch.sigmoid(REAL - FAKE).log(), -torch.sigmoid(FAKE - REAL).log()),
    }[name]


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_is_its_formula(name: str) -> None:
    loss = adversarial_loss(name)
    discriminator, generator = expected(name)
    torch.testing.assert_close(loss.discriminator(REAL, FAKE), discriminator)
    torch.testing.assert_close(loss.generator(REAL, FAKE), generator)


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_is_pushed_to_raise_its_scores(name: str) -> None:
    fake = FAKE.clone().requires_grad_()
    adversarial_loss(name).generator(REAL, fake).sum().backward()
    assert fake.grad is not None and (fake.grad < 0).any()


@pytest.mark.parametrize("name", LOSSES)
def test_maps_of_scores_are_averaged_to_one_number_an_image(name: str) -> None:
    loss = adversarial_loss(name)
    scores = torch.randn(3, 1, 4, 4)
    assert loss.discriminator(scores, -scores).shape == (3,)
    assert loss.generator(scores, -scores).shape == (3,)


def test_smoothing_moves_the_targets() -> None:
    one_sided = adversarial_loss("non-saturating", real_label=0.9).discriminator(REAL, FAKE)
    torch.testing.assert_close(one_sided, bce(REAL, 0.9) + bce(FAKE, 0.0))
    two_sided = adversarial_loss("minimax", 0.9, 0.1).discriminator(REAL, FAKE)
    torch.testing.assert_close(two_sided, bce(REAL, 0.9) + bce(FAKE, 0.1))
    squares = adversarial_loss("least-squares", 0.9, 0.1).discriminator(REAL, FAKE)
    torch.testing.assert_close(squares, 0.5 * (REAL - 0.9) ** 2 + 0.5 * (FAKE - 0.1) ** 2)


def test_labels_need_a_loss_that_has_some() -> None:
    with pytest.raises(ValueError, match="no labels to smooth"):
        adversarial_loss("hinge", real_label=0.9)
    with pytest.raises(ValueError, match="unknown loss"):
        adversarial_loss("hing")


def test_extreme_scores_stay_finite() -> None:
    huge = torch.tensor([1e4, -1e4])
    for name in LOSSES:
        loss = adversarial_loss(name)
        assert torch.isfinite(loss.discriminator(huge, -huge)).all()
        assert torch.isfinite(loss.generator(huge, -huge)).all()


def test_at_the_equilibrium_the_cross_entropy_is_log_four() -> None:
    zero = torch.zeros(5)
    value = adversarial_loss("non-saturating").discriminator(zero, zero)
    torch.testing.assert_close(value, torch.full((5,), math.log(4)))


def test_accuracy_counts_right_signs() -> None:
    assert accuracy(REAL, FAKE).tolist() == [1.0, 0.0, 1.0]
