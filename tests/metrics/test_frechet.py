import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import Tensor, nn
from torch_fidelity import metric_fid
from torchmetrics.image.fid import FrechetInceptionDistance

from ganvas.metrics.figure import Z95
from ganvas.metrics.frechet import frechet, frechet_infinite, influence
from ganvas.metrics.moments import Moments, moments


def normal(count: int, size: int, seed: int = 0) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def gaussian(mean: Tensor, covariance: Tensor) -> Moments:
    """Exact moments: a scatter over one degree of freedom is the covariance."""
    return Moments(2, mean.double(), covariance.double())


def turned(values: Tensor, seed: int = 0) -> Tensor:
    """A covariance with these eigenvalues, in axes that the seed chooses."""
    axes = torch.linalg.qr(normal(len(values), len(values), seed).double()).Q
    return axes @ values.double().diag() @ axes.T


def network_like(count: int, size: int, seed: int) -> Tensor:
    """Features as networks give them: float32, not negative, correlated, some always zero."""
    weights = normal(size, size, 99) / torch.arange(1, size + 1)[:, None] ** 0.5
    features = (normal(count, size, seed) @ weights + 0.1 * seed).relu()
    features[:, :3] = 0
    return features


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(-10, 10)), min_size=1, max_size=8
    )
)
def test_common_axes_have_a_closed_form(directions):
    a, b, shift = torch.tensor(directions, dtype=torch.float64).T
    expected = float(shift.square().sum() + (a.sqrt() - b.sqrt()).square().sum())
    found = frechet(gaussian(shift * 0, turned(a)), gaussian(shift, turned(b)))
    # An eigenvalue that is truly zero may come out as 1e-16 of the largest; its root as 1e-8.
    assert found == pytest.approx(expected, abs=1e-5)


def test_other_axes_agree_with_a_matrix_root():
    a, b = (turned(torch.linspace(0.1, 3, 12), seed) for seed in (1, 2))
    shift = torch.linspace(-1, 1, 12).double()
    root = torch.from_numpy(sqrtm((a @ b).numpy()).real)
    expected = float(shift.square().sum() + (a + b - 2 * root).trace())
    there, back = gaussian(shift * 0, a), gaussian(shift, b)
    assert frechet(there, back) == pytest.approx(expected, rel=1e-9)
    assert frechet(back, there) == pytest.approx(expected, rel=1e-9)


def test_a_set_is_at_no_distance_from_itself():
    for features in (normal(200, 20), network_like(200, 20, 1), normal(10, 20)):
        found = moments(features)
        assert abs(frechet(found, found)) < 1e-6


def test_directions_without_variance_change_nothing():
    """Features in a subspace of 6 dimensions, seen in 16."""
    a, b = normal(100, 6, 1), normal(100, 6, 2) * 2 + 1
    into = torch.linalg.qr(normal(16, 6, 3).double()).Q.T
    flat = frechet(moments(a.double() @ into), moments(b.double() @ into))
    assert flat == pytest.approx(frechet(moments(a), moments(b)), rel=1e-6)


def test_one_image_again_and_again():
    """A generator that collapsed: no variance at all."""
    reals, fixed = normal(300, 8), torch.full((300, 8), 0.5)
    found = moments(reals)
    expected = float((found.mean - 0.5).square().sum() + found.covariance.trace())
    assert frechet(moments(fixed), found) == pytest.approx(expected, rel=1e-9)
    low, high = frechet_infinite(fixed, reals)[1:]
    assert low < 8 * 0.25 + 8 < high  # the distribution's own distance


@pytest.mark.parametrize("size", [8, 64])
def test_torchmetrics_agrees(size):
    features = nn.Identity()
    features.num_features = size
    theirs = FrechetInceptionDistance(feature=features)
    a, b = network_like(600, size, 1), network_like(500, size, 2)
    theirs.update(a, real=True)
    theirs.update(b, real=False)
    assert frechet(moments(a), moments(b)) == pytest.approx(float(theirs.compute()), rel=1e-4)


@pytest.mark.parametrize("size", [8, 64])
def test_torch_fidelity_agrees(size):
    a, b = network_like(600, size, 1), network_like(500, size, 2)
    statistics = [metric_fid.fid_features_to_statistics(features) for features in (a, b)]
    expected = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
    value = expected["frechet_inception_distance"]
    assert frechet(moments(a), moments(b)) == pytest.approx(value, rel=1e-4)


def test_influence_is_the_derivative_by_a_rows_weight():
    rows, other = normal(20, 4, 1).double(), gaussian(torch.ones(4), turned(torch.arange(1.0, 5)))
    mean, covariance = rows.mean(0), rows.T.cov(correction=0)

    def reweighted(row: Tensor, weight: float) -> float:
        gap = row - mean
        mixed = (1 - weight) * covariance + weight * (1 - weight) * torch.outer(gap, gap)
        return frechet(gaussian(mean + weight * gap, mixed), other)

    step = 1e-5
    slopes = [(reweighted(row, step) - reweighted(row, -step)) / (2 * step) for row in rows]
    found = influence(rows, gaussian(mean, covariance), other)
    # A share given to a row is taken from all: the mean is the constant that is left open.
    torch.testing.assert_close(
        found - found.mean(), torch.tensor(slopes).double(), rtol=1e-5, atol=1e-6
    )


def test_halves_are_drawn_by_the_seed_alone():
    a, b = normal(60, 4, 1), normal(60, 4, 2)
    assert frechet_infinite(a, b, seed=1) == frechet_infinite(a, b, seed=1)
    assert frechet_infinite(a, b, seed=1) != frechet_infinite(a, b, seed=2)


@pytest.mark.parametrize(
    ("counts", "size", "shift", "scale"),
    [
        ((400, 400), 16, 0.0, 1.0),  # equal: all that varies is the quadratic part
        ((400, 400), 16, 0.3, 1.3),
        ((200, 100), 4, 0.5, 0.5),
    ],
)
def test_the_distance_at_infinity_is_unbiased_and_knows_its_error(counts, size, shift, scale):
    truth = size * (shift**2 + (scale - 1) ** 2)
    plain, infinite, claimed, held = [], [], [], 0
    repetitions, stream = 100, torch.Generator().manual_seed(0)
    for seed in range(repetitions):
        a = torch.randn(counts[0], size, generator=stream)
        b = torch.randn(counts[1], size, generator=stream) * scale + shift
        plain.append(frechet(moments(a), moments(b)) - truth)
        found = frechet_infinite(a, b, seed=seed)
        infinite.append(found.value - truth)
        claimed.append((found.high - found.low) / (2 * Z95))
        held += found.low <= truth <= found.high
    errors, bias = torch.tensor(infinite), float(torch.tensor(plain).mean())
    assert abs(float(errors.mean())) < 4 * float(errors.std()) / repetitions**0.5
    if size == 16:  # elsewhere the plain distance's bias is small beside the spread
        assert abs(float(errors.mean())) < bias / 5
    assert float(torch.tensor(claimed).mean() / errors.std()) == pytest.approx(1, abs=0.25)
    assert held >= 0.88 * repetitions
