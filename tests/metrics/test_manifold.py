import prdc
import pytest
import torch
from torch import Tensor

from ganvas.metrics import distances
from ganvas.metrics.manifold import overlap


def normal(count: int, seed: int) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.0, 0.5), (0.5, 2.0)])
def test_prdc_agrees(shift, scale):
    reals, samples = normal(150, 1), normal(120, 2) * scale + shift
    found = overlap(samples, reals)
    plain = reals.double().numpy(), samples.double().numpy()
    small, large = (prdc.compute_prdc(*plain, nearest_k=k) for k in (3, 5))
    assert found.precision == pytest.approx(small["precision"], rel=1e-12)
    assert found.recall == pytest.approx(small["recall"], rel=1e-12)
    assert found.density == pytest.approx(large["density"], rel=1e-12)
    assert found.coverage == pytest.approx(large["coverage"], rel=1e-12)


def test_one_mode_is_precise_and_recalls_little_while_noise_recalls_and_is_not_precise():
    reals = normal(300, 1)
    narrow, wide = overlap(normal(300, 2) * 0.1, reals), overlap(normal(300, 2) * 3, reals)
    assert narrow.precision == 1 and narrow.recall < 0.05 and narrow.density > 1
    assert wide.recall > 0.9 and wide.precision < 0.2


def test_a_set_lies_on_itself_and_one_elsewhere_does_not():
    reals = normal(100, 1)
    found = overlap(reals, reals)
    # A density of 1, but for rounding: a ball's k-th neighbour lies on its surface.
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert overlap(reals + 100, reals) == (0, 0, 0, 0)


def test_blocks_change_nothing(monkeypatch):
    samples, reals = normal(50, 1), normal(70, 2)
    whole = overlap(samples, reals)
    monkeypatch.setattr(distances, "CAP", 1)
    monkeypatch.setattr(distances, "LEAST", 7)
    assert overlap(samples, reals) == whole


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="no 5 neighbours"):
        overlap(normal(50, 1), normal(5, 2))
