import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from ganvas.metrics import distances, kernel
from ganvas.metrics.figure import squared_distance
from ganvas.metrics.kernel import kid


def normal(count: int, size: int, seed: int = 0) -> Tensor:
    """float32, as networks give them."""
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def plain(a: Tensor, b: Tensor) -> float:
    """The definition: means of the kernel over pairs of different images."""
    aa, bb, ab = (
        (x.double() @ y.double().T / a.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))
    )
    within = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in (aa, bb)]
    return float(within[0] + within[1] - 2 * ab.mean())


def test_it_is_the_definition_for_unequal_counts():
    a, b = normal(30, 8, 1), normal(50, 8, 2) * 1.5 + 0.3
    assert kid(a, b).value == pytest.approx(plain(a, b), rel=1e-10)
    assert kid(b, a) == pytest.approx(kid(a, b), rel=1e-10)


def test_torch_fidelity_agrees():
    a, b = normal(200, 32, 1).relu(), normal(200, 32, 2).relu() * 1.2
    expected = kid_features_to_metric(a, b, kid_subsets=1, kid_subset_size=200, verbose=False)
    value = expected["kernel_inception_distance_mean"]
    assert kid(a, b).value == pytest.approx(value, rel=1e-4)


def test_torchmetrics_agrees():
    a, b = normal(200, 32, 1).relu(), normal(200, 32, 2).relu() * 1.2
    assert kid(a, b).value == pytest.approx(float(poly_mmd(a.double(), b.double())), rel=1e-4)


def test_blocks_change_nothing(monkeypatch):
    a, b = normal(37, 8, 1), normal(23, 8, 2)
    whole = kid(a, b)
    monkeypatch.setattr(distances, "CAP", 1)
    monkeypatch.setattr(distances, "LEAST", 5)
    assert kid(a, b) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "size", "shift"),
    [
        ((100, 100), 16, 0.0),
        ((100, 100), 16, 0.5),
        ((200, 100), 16, 0.2),
        # Many features, few images: an image's kernel with itself must not count as spread.
        ((100, 100), 128, 0.0),
    ],
)
def test_it_is_unbiased_and_knows_its_error(counts, size, shift):
    p = shift**2  # what follows is the kernel's mean by the moments of normal features
    truth = 3 * p + 3 * p**2 + p**3 + (3 * p + 6 * p**2) / size + 6 * p / size**2
    found, stream = [], torch.Generator().manual_seed(0)
    for _ in range(300):
        a, b = (torch.randn(count, size, generator=stream) for count in counts)
        value, error = kernel.kid_and_error(a, b + shift)
        found.append((value, error, *squared_distance(value, error)[1:]))
    values, errors, low, high = torch.tensor(found).T
    assert abs(float(values.mean()) - truth) < 3 * float(values.std()) / 300**0.5
    claimed = errors.square().mean().sqrt()
    assert float(claimed / values.std()) == pytest.approx(1, abs=0.25)
    assert 0.9 <= float(((low <= truth) & (truth <= high)).float().mean()) <= 1


def test_its_spread_is_that_of_centred_matrices():
    """Székely and Rizzo 2014, section 2: unbiased, and images with themselves left out."""
    a, b, n = normal(9, 4, 1), normal(7, 4, 2), 9
    off = ((a @ a.T / 4 + 1) ** 3).double().fill_diagonal_(0)
    rows = off.sum(0) / (n - 2)
    centred = off - rows - rows[:, None] + off.sum() / ((n - 1) * (n - 2))
    expected = centred.fill_diagonal_(0).square().sum() / (n * (n - 3))
    assert kernel.Sums(a, a).spread() == pytest.approx(float(expected), rel=1e-5)
    cross = ((a @ b.T / 4 + 1) ** 3).double()
    centred = cross - cross.mean(0) - cross.mean(1, keepdim=True) + cross.mean()
    expected = centred.square().sum() / (8 * 6)
    assert kernel.Sums(a, b).spread() == pytest.approx(float(expected), rel=1e-5)


def test_too_few_are_refused():
    assert torch.isfinite(torch.tensor(kid(normal(4, 3), normal(4, 3, 1)))).all()
    with pytest.raises(ValueError, match="at least 4"):
        kid(normal(3, 3), normal(9, 3))
