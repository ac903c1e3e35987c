"""What the processes of one run say to each other: one interface, whether there is one or many."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


class Collective(Protocol):
    """The processes that play one run together. All of them make the same calls in one order.

    rank: which of them this one is, from 0 on.
    world: how many there are.
    """

    rank: int
    world: int

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor, in place, by its mean over the processes."""
        ...

    def gather(self, rows: Tensor) -> Tensor:
        """The rows [n, ...] of all processes, by rank: [world n, ...]."""
        ...

    def broadcast(self, value: T) -> T:
        """Rank 0's value, which must be plain data."""
        ...

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any of them."""
        ...


class Alone:
    """The one process of a run: every answer is its own."""

    rank = 0
    world = 1

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Leave them as they are."""

    def gather(self, rows: Tensor) -> Tensor:
        """The rows themselves."""
        return rows

    def broadcast(self, value: T) -> T:
        """The value itself."""
        return value

    def any(self, flag: bool) -> bool:
        """The flag itself."""
        return flag


ALONE = Alone()


class Processes:
    """The processes of PyTorch's default group, which ``torchrun`` and ``init_process_group`` made.

    Args:
        device: where tensors lie that travel: ``cpu`` with gloo, a GPU with NCCL.

    Raises:
        RuntimeError: there is no such group.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.rank, self.world = dist.get_rank(), dist.get_world_size()

    @torch.no_grad()
    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over the processes: one all-reduce a type of number."""
        for kind in dict.fromkeys(tensor.dtype for tensor in tensors):
            alike = [tensor for tensor in tensors if tensor.dtype == kind]
            flat = torch.cat([tensor.reshape(-1) for tensor in alike])
            dist.all_reduce(flat)
            parts = flat.div_(self.world).split([tensor.numel() for tensor in alike])
            for tensor, part in zip(alike, parts, strict=True):
                tensor.copy_(part.view(tensor.shape))

    @torch.no_grad()
    def gather(self, rows: Tensor) -> Tensor:
        """The rows [n, ...] of all processes, by rank; each has as many."""
        rows = rows.contiguous()
        parts = [torch.empty_like(rows) for _ in range(self.world)]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    def broadcast(self, value: T) -> T:
        """Rank 0's value."""
        box: list[Any] = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any of them."""
        number = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(number, op=dist.ReduceOp.MAX)
        return bool(number.item())
