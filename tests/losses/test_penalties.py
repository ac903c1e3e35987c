import torch
from torch import nn

from ganvas.losses import penalties


def quadratic(images: torch.Tensor) -> torch.Tensor:
    """A score of known slope: sum of squares over an image; its gradient is 2x."""
    return images.square().flatten(1).sum(1)


def images(count: int = 5) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(count, 3, 4, 4, requires_grad=True)


def test_zero_centred_is_half_the_squared_slope_of_the_whole_image() -> None:
    x = images()
    value = penalties.zero_centred(quadratic(x), x)
    torch.testing.assert_close(value, 2 * x.square().flatten(1).sum(1))


def test_one_centred_is_the_squared_distance_of_the_slope_from_one() -> None:
    x = images()
    value = penalties.one_centred(quadratic(x), x)
    torch.testing.assert_close(value, (2 * x.flatten(1).norm(dim=1) - 1) ** 2)


def test_a_linear_score_of_unit_slope_is_not_penalised() -> None:
    direction = torch.randn(48)
    direction /= direction.norm()
    x = images()
    assert penalties.one_centred(x.flatten(1) @ direction, x).abs().max() < 1e-8


def test_slopes_agree_with_finite_differences_on_a_network() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(16, 1))
    network.double()
    x = torch.randn(3, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    gradient = penalties.image_gradients(network(x), x)
    step = 1e-5
    for index in range(16):
        change = torch.zeros(16, dtype=torch.float64)
        change[index] = step
        change = change.view(1, 1, 4, 4)
        slope = (network(x + change) - network(x - change)).flatten() / (2 * step)
        torch.testing.assert_close(gradient[:, index].double(), slope, rtol=1e-4, atol=1e-6)


def test_patch_scores_are_summed_to_a_slope() -> None:
    x = images()
    patches = x.square().view(5, -1, 2)
    torch.testing.assert_close(
        penalties.zero_centred(patches, x), penalties.zero_centred(quadratic(x), x)
    )


def test_every_penalty_trains_the_network() -> None:
    """The term that tutorial A's penalty lacked: a graph through the gradient."""
    for form in (penalties.zero_centred, penalties.one_centred):
        layer = nn.Linear(48, 1)
        x = images()
        form(layer(x.flatten(1)), x).mean().backward()
        assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0
    layer = nn.Linear(48, 1)
    score = nn.Sequential(nn.Flatten(), layer)
    penalties.approximate(score, images(), torch.randn(5, 3, 4, 4)).mean().backward()
    assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0


def test_the_slope_of_a_constant_score_has_a_finite_derivative() -> None:
    weight = torch.zeros(48, requires_grad=True)
    x = images()
    penalties.one_centred(x.flatten(1) @ weight, x).mean().backward()
    assert weight.grad is not None and torch.isfinite(weight.grad).all()


def test_interpolates_lie_between_their_pair_with_an_epsilon_an_image() -> None:
    real, fake = torch.ones(4, 1, 2, 2), torch.zeros(4, 1, 2, 2)
    epsilon = torch.tensor([0.0, 0.25, 0.5, 1.0])
    points = penalties.interpolates(real, fake, epsilon)
    assert points.requires_grad and points.is_leaf
    torch.testing.assert_close(points.detach().amax((1, 2, 3)), epsilon)
    torch.testing.assert_close(points.detach().amin((1, 2, 3)), epsilon)


def test_neighbours_stay_within_half_a_deviation() -> None:
    real = torch.randn(100, 1, 4, 4)
    points = penalties.neighbours(real, torch.ones_like(real), torch.ones(100))
    torch.testing.assert_close(points.detach() - real, torch.full_like(real, 0.5) * real.std())
    still = penalties.neighbours(real, torch.ones_like(real), torch.zeros(100))
    assert torch.equal(still.detach(), real)


def test_approximate_has_no_bias_on_a_quadratic_and_is_the_slope_along_the_noise() -> None:
    x, noise = images(), torch.randn(5, 3, 4, 4)
    along = (2 * x * noise).flatten(1).sum(1)
    for sigma in (0.01, 1.0):
        value = penalties.approximate(quadratic, x, noise, sigma)
        torch.testing.assert_close(value, along.square() / 2, rtol=1e-3, atol=1e-3)


def test_the_bias_of_approximate_is_that_of_the_third_derivative() -> None:
    """Of a sum of cubes: E (3 x^2 n + s^2 n^3)^2 = 9 x^4 + 18 s^2 x^2 + 15 s^4, summed."""
    torch.manual_seed(0)
    x, sigma = torch.randn(1, 1, 4, 4), 0.5
    exact = 9 * x.pow(4).sum() / 2
    bias = (18 * sigma**2 * x.square().sum() + 15 * 16 * sigma**4) / 2
    many = x.expand(200_000, 1, 4, 4)
    value = penalties.approximate(
        lambda images: images.pow(3).flatten(1).sum(1), many, torch.randn(many.shape), sigma
    )
    torch.testing.assert_close(value.mean(), exact + bias, rtol=0.02, atol=0)
    assert bias > 0.1 * exact  # so that the closed form is what was tested


def test_approximate_and_its_gradient_agree_with_the_exact_penalty_on_a_network() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(16, 1))
    x = torch.randn(8, 1, 4, 4, requires_grad=True)
    exact = penalties.zero_centred(network(x), x).mean()
    many = x.detach().repeat(10_000, 1, 1, 1)
    about = penalties.approximate(network, many, torch.randn(many.shape)).mean()
    # 80,000 draws of deviation sqrt(2) times the mean: 0.5%; five of those, and sigma's bias.
    torch.testing.assert_close(about, exact, rtol=0.03, atol=0)
    weights = [p for name, p in network.named_parameters() if name != "3.bias"]  # it cancels
    ours, theirs = (
        torch.cat([g.flatten() for g in torch.autograd.grad(value, weights)])
        for value in (about, exact)
    )
    assert torch.cosine_similarity(ours, theirs, dim=0) > 0.999
    torch.testing.assert_close(ours.norm(), theirs.norm(), rtol=0.03, atol=0)


def test_approximate_is_computed_in_float32_under_autocast() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.Softplus(), nn.Linear(8, 1))
    x, noise = images(), torch.randn(5, 3, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert network(x).dtype == torch.bfloat16
        value = penalties.approximate(network, x, noise)
    assert value.dtype == torch.float32
    assert torch.equal(value, penalties.approximate(network, x, noise))


def test_approximate_sums_patch_scores_and_scores_both_sides_in_one_pass() -> None:
    x, noise = images(), torch.randn(5, 3, 4, 4)
    calls = []

    def patches(images: torch.Tensor) -> torch.Tensor:
        calls.append(len(images))
        return images.square().view(len(images), 3, 4, 4)

    value = penalties.approximate(patches, x, noise)
    expected = penalties.approximate(quadratic, x, noise)
    torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-3)
    assert calls == [10]
