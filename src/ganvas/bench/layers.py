"""The time of a step by layer, forward and backward, and the arithmetic of each.

A layer's forward lies between two hooks of its module. Its backward is that of the graph's nodes
that its forward made: they are found from the result, and each gets a hook before and after. Where
a derivative is differentiated once more (a gradient penalty), the nodes that a node's own backward
made are the same layer's again. So nothing depends on names, threads or how often one derives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.utils.parametrize import is_parametrized

from ganvas.bench.clock import Clock, Label, median_lap, seconds
from ganvas.bench.flops import Counter
from ganvas.engine.engine import Engine

FINDING: Label = ("", "finding nodes")
"""The time that this file itself takes; it is left out."""


@dataclass(frozen=True)
class Cost:
    """What one round costs, on average over a cycle.

    forward_ms, backward_ms: milliseconds.
    forward_gflop, backward_gflop: 10^9 floating-point operations.
    """

    forward_ms: float
    backward_ms: float
    forward_gflop: float
    backward_gflop: float

    @property
    def milliseconds(self) -> float:
        """Forward and backward together."""
        return self.forward_ms + self.backward_ms

    @property
    def gflop(self) -> float:
        """Forward and backward together."""
        return self.forward_gflop + self.backward_gflop


@dataclass(frozen=True)
class Layer(Cost):
    """What one layer costs.

    name: its network and its place there, such as ``discriminator.2``.
    kind: what it is, such as ``Conv2d 32 to 48``.
    """

    name: str
    kind: str


@dataclass(frozen=True)
class Layers:
    """What the layers of all networks cost, and the rest of a round.

    layers: each of them.
    elsewhere_ms, elsewhere_gflop: what a round takes outside every layer.
    milliseconds, gflop: the whole round.
    """

    layers: tuple[Layer, ...]
    elsewhere_ms: float
    elsewhere_gflop: float
    milliseconds: float
    gflop: float


def by_layer(engine: Engine, cycle: int, limit: float) -> Layers:
    """Time from the median cycle of ``limit`` seconds (three at least), arithmetic of one more."""
    counter = Counter()
    with counter:
        work = _laps(engine, cycle, Clock(counter.gauge()), 0.0, least=1)
    time = _laps(engine, cycle, Clock(seconds(engine.device)), limit, least=3)
    time.pop(FINDING)
    ms = {label: 1e3 * value / cycle for label, value in time.items()}
    gflop = {label: value / 1e9 / cycle for label, value in work.items()}
    layers = tuple(
        Layer(
            *(ms.get((name, way), 0.0) for way in ("forward", "backward")),
            *(gflop.get((name, way), 0.0) for way in ("forward", "backward")),
            name=name,
            kind=kind_of(module),
        )
        for name, module in named_layers(engine.game.networks())
    )
    whole_ms, whole_gflop = sum(ms.values()), sum(gflop.values())
    return Layers(
        layers,
        whole_ms - sum(layer.milliseconds for layer in layers),
        whole_gflop - sum(layer.gflop for layer in layers),
        whole_ms,
        whole_gflop,
    )


def _laps(engine: Engine, cycle: int, clock: Clock, limit: float, least: int) -> dict[Label, float]:
    with watched(engine.game.networks(), clock) as watch:

        def play() -> None:
            for _ in range(cycle):
                engine.round()
                watch.forget()

        return median_lap(clock, play, limit, least)


def named_layers(networks: Mapping[str, nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    """Modules that hold no others; a parametrised one (spectral norm) counts as one layer."""
    for name, network in networks.items():
        if is_parametrized(network) or not any(True for _ in network.children()):
            yield name, network
        else:
            inner = {f"{name}.{key}": child for key, child in network.named_children()}
            yield from named_layers(inner)


def kind_of(module: nn.Module) -> str:
    """What a layer is, in a few words."""
    name = type(module).__name__.removeprefix("Parametrized")
    for before, after in (("in_channels", "out_channels"), ("in_features", "out_features")):
        if hasattr(module, before):
            return f"{name} {getattr(module, before)} to {getattr(module, after)}"
    size = getattr(module, "num_features", None)
    return name if size is None else f"{name} {size}"


@contextmanager
def watched(networks: Mapping[str, nn.Module], clock: Clock) -> Iterator["Watch"]:
    """For a while, each layer's forward and backward are spans of the clock."""
    watch = Watch(clock)
    handles = []
    for name, module in named_layers(networks):
        handles.append(module.register_forward_pre_hook(partial(watch.enter, name)))
        handles.append(module.register_forward_hook(partial(watch.leave, name)))
    try:
        yield watch
    finally:
        watch.forget()
        for handle in handles:
            handle.remove()


class Watch:
    """Knows which layer each node of the graph belongs to; ``forget`` it at the end of a round."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._known: set[Node] = set()
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def enter(self, layer: str, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """A hook before a layer's forward."""
        self._claim(inputs, None)
        self.clock.push((layer, "forward"))

    def leave(self, layer: str, module: nn.Module, inputs: Any, outputs: Any) -> None:
        """A hook after a layer's forward."""
        self.clock.pop()
        self._claim(outputs if isinstance(outputs, tuple) else (outputs,), layer)

    def forget(self) -> None:
        """Forget all nodes, and remove their hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._known.clear()

    def _claim(self, values: Iterable[Any], layer: str | None) -> None:
        """Give the layer (None: no layer) all nodes behind these tensors that are not yet known."""
        self.clock.push(FINDING)
        todo = [value.grad_fn for value in values if isinstance(value, Tensor)]
        while todo:
            node = todo.pop()
            if node is None or node in self._known:
                continue
            self._known.add(node)
            if layer is not None:
                self._follow(node, layer)
            todo += [before for before, _ in node.next_functions]
        self.clock.pop()

    def _follow(self, node: Node, layer: str) -> None:
        """Put the node's backward into a span, and follow what that makes: it may be differentiated
        again."""

        def before(gradients: tuple[Tensor | None, ...]) -> None:
            self._claim(gradients, None)
            self.clock.push((layer, "backward"))

        def after(outputs: tuple[Tensor | None, ...], _: Any) -> None:
            self.clock.pop()
            self._claim(outputs, layer)

        hooks: list[tuple[Callable[..., Any], Callable[..., None]]] = [
            (node.register_prehook, before),
            (node.register_hook, after),
        ]
        self._handles += [register(hook) for register, hook in hooks]
