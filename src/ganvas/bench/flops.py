"""The arithmetic of what runs: matrix products and convolutions, counted as they are called."""

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganvas.bench.clock import Gauge


class Counter(TorchDispatchMode):
    """Floating-point operations (a multiplication and an addition are two) while it is entered.

    It counts by the shapes of the kernels that are called, in forward and backward alike, as
    ``torch.utils.flop_counter.FlopCounterMode`` does; that one also follows modules, with hooks
    that a penalty's inner gradient cannot bear.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flops += count(*args, **kwargs, out_val=out)
        return out

    def gauge(self) -> Gauge:
        """For a clock that counts operations instead of seconds."""
        return Gauge(lambda: self.flops, lambda a, b: b - a)
