import pytest
import torch
from torch.distributions import Normal, kl_divergence

from ganvas.losses import reconstruction
from ganvas.losses.reconstruction import absolute, kl_to_normal, pulling_away, squared


def test_errors_are_means_over_an_image() -> None:
    torch.manual_seed(0)
    made, target = torch.randn(2, 4, 3, 5, 5)
    for index in range(4):
        off = (made[index] - target[index]).flatten()
        torch.testing.assert_close(absolute(made, target)[index], off.norm(p=1) / 75)
        torch.testing.assert_close(squared(made, target)[index], off.norm() ** 2 / 75)


def test_an_error_of_bfloat16_is_summed_in_float32() -> None:
    made = torch.full((1, 4096), 0.01).bfloat16()
    for error, expected in ((absolute, made[0, 0].float()), (squared, made[0, 0].float() ** 2)):
        value = error(made, torch.zeros(1, 4096))
        torch.testing.assert_close(value[0], expected)


def test_kl_is_that_of_torch_distributions() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(2, 6, 8)
    truth = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_to_normal(mean, log_variance), truth)
    assert kl_to_normal(torch.zeros(2, 3), torch.zeros(2, 3)).tolist() == [0, 0]


def test_kl_is_what_draws_say() -> None:
    torch.manual_seed(0)
    there = Normal(torch.tensor([0.7, -1.2]), torch.tensor([0.4, 1.5]))
    draws = there.sample(torch.Size([400_000]))
    said = (there.log_prob(draws) - Normal(0.0, 1.0).log_prob(draws)).sum(1).mean()
    value = kl_to_normal(there.mean[None], there.variance.log()[None])[0]
    torch.testing.assert_close(value, said, rtol=0.01, atol=0)


def test_pulling_away_is_equation_4() -> None:
    torch.manual_seed(0)
    rows = torch.randn(5, 7)
    total = torch.zeros(())
    for i in range(5):
        for j in range(5):
            if i != j:
                cosine = rows[i] @ rows[j] / (rows[i].norm() * rows[j].norm())
                total += cosine**2
    torch.testing.assert_close(pulling_away(rows).mean(), total / (5 * 4))
    one = [torch.cosine_similarity(rows[2], rows[j], 0) ** 2 for j in (0, 1, 3, 4)]
    torch.testing.assert_close(pulling_away(rows)[2], torch.stack(one).mean())


def test_pulling_away_of_like_rows_of_square_ones_and_of_one_alone() -> None:
    torch.testing.assert_close(pulling_away(torch.ones(3, 4)), torch.ones(3))
    torch.testing.assert_close(pulling_away(torch.eye(4)), torch.zeros(4))
    assert pulling_away(torch.ones(1, 4)).tolist() == [0]


def test_pulling_away_is_computed_in_float32_under_autocast_and_finite_at_zero() -> None:
    torch.manual_seed(0)
    rows = torch.randn(6, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert (rows @ rows.T).dtype == torch.bfloat16
        value = pulling_away(rows)
    assert torch.equal(value, pulling_away(rows))
    nothing = torch.zeros(3, 4, requires_grad=True)
    pulling_away(nothing).sum().backward()
    assert nothing.grad is not None and nothing.grad.isfinite().all()


@pytest.mark.parametrize("name", ["absolute", "squared", "kl_to_normal"])
def test_every_gradient_is_that_of_finite_differences(name: str) -> None:
    torch.manual_seed(0)
    first, second = torch.randn(2, 3, 4).requires_grad_()
    value = getattr(reconstruction, name)
    step = 1e-2
    (slope,) = torch.autograd.grad(value(first, second).sum(), first)
    for place in range(4):
        change = torch.zeros(3, 4)
        change[:, place] = step
        above, below = value(first + change, second), value(first - change, second)
        torch.testing.assert_close(
            slope[:, place], (above - below) / (2 * step), rtol=1e-2, atol=1e-3
        )
