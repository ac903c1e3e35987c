"""Data of the tests of games."""

import torch
from torch import Tensor


class Pool:
    """A fixed pool of [40, 1, 4, 4] images within [-1, 1], in turn."""

    def __init__(self) -> None:
        self.pool = torch.randn(40, 1, 4, 4, generator=torch.Generator().manual_seed(9)).tanh()

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        return {"image": self.pool[torch.arange(start, start + count) % 40].clone()}
