import torch

from ganvas import keys
from ganvas.engine.draw import Draw, Share

CPU = torch.device("cpu")


def drawn(share: Share, start: int = 64, turn: str = "g.0", seed: int = 1) -> torch.Tensor:
    return Draw({}, seed, turn, start, share, CPU).normal("latent", 5)


def test_processes_and_micro_batches_are_slices_of_one_draw() -> None:
    whole = drawn(Share(12, 0, 12))
    parts = [drawn(Share(12, first, 4)) for first in (0, 4, 8)]
    assert torch.equal(whole, torch.cat(parts))


def test_every_part_of_the_key_matters() -> None:
    share = Share(8, 0, 8)
    base = drawn(share)
    assert torch.equal(base, drawn(share))
    for other in (drawn(share, start=72), drawn(share, turn="d.0"), drawn(share, seed=2)):
        assert not torch.equal(base, other)
    assert not torch.equal(base, Draw({}, 1, "g.0", 64, share, CPU).normal("other", 5))


def test_noise_is_standard_normal_and_uniform() -> None:
    draw = Draw({}, 0, "t", 0, Share(20_000, 0, 20_000), CPU)
    normal, uniform = draw.normal("n"), draw.uniform("u")
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    assert uniform.min() >= 0 and uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.02


def test_neighbouring_seeds_share_nothing() -> None:
    assert keys.key(1, "a", 23) != keys.key(12, "a", 3)
    assert keys.key(1, "a", 0) != keys.key(0, "a", 1)
    assert keys.key("1") != keys.key(1)
    assert 0 <= keys.key(-5, "x") < 2**63
