"""A network of a user's own: how it is named, built and called."""

import re
import traceback
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganvas import own_code
from ganvas.data import Dataset
from ganvas.errors import UsageError
from ganvas.games.roles import Role, Spec
from ganvas.networks.protocols import (
    DiscriminatorSettings,
    GeneratorSettings,
    TranslatorSettings,
)
from ganvas.recipes.build.networks import build_arguments, first_weights
from ganvas.recipes.check.refusal import described, fail
from ganvas.recipes.parts import FAMILY_NAMES, kind_of
from ganvas.sampling.conditions import Conditions

COUNT = 2
"""Items that a network is called with first."""

MAKES_ITEMS = (GeneratorSettings, TranslatorSettings)
"""Families whose networks return items."""

FORWARD_LINE = re.compile(r'File "([^"]+)", line (\d+)')
"""A line of the traceback that PyTorch keeps of a forward pass."""


@dataclass(frozen=True)
class Items:
    """Items that stand for those of some shape, and what they are called.

    values: [N, ...], in network form.
    name: such as "images of mnist"; "items" where no source has such ones.
    """

    values: Tensor
    name: str

    @classmethod
    def of(
        cls, shape: tuple[int, ...], datasets: Mapping[str, Dataset], count: int = COUNT
    ) -> "Items":
        """Noise like the items of the source that has this shape; else within [-1, 1]."""
        draws = torch.Generator().manual_seed(0)
        for dataset in datasets.values():
            domain = dataset.domain
            if tuple(domain.shape) == tuple(shape):
                values = domain.to_network(domain.noise(count, draws))
                return cls(values, f"{domain.noun} of {dataset.name}")
        return cls(torch.rand(count, *shape, generator=draws) * 2 - 1, "items")

    def detached(self) -> "Items":
        """The same without a gradient."""
        return Items(self.values.detach(), self.name)

    def on(self, device: torch.device) -> "Items":
        """The same on a device."""
        return Items(self.values.to(device), self.name)


@dataclass(frozen=True)
class OwnNetwork:
    """A network of a user's own, as a recipe has it.

    name: of its role.
    role: in the game.
    settings: of the network.
    spec: what it is built for.
    seed: of the run, which its first weights are drawn by.
    datasets: of the run's sources.
    known: what the run's networks are conditioned on; None where this one takes no conditions.
    count: items that it is called with.
    device: where it is called.
    """

    name: str
    role: Role
    settings: Any
    spec: Spec
    seed: int
    datasets: Mapping[str, Dataset]
    known: Conditions | None = None
    count: int = COUNT
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __str__(self) -> str:
        noun = FAMILY_NAMES.get(self.role.family, "network")
        place = "" if noun == self.name else f" (of the role {self.name})"
        return f"your {noun} {kind_of(self.settings)!r}{place}"

    @property
    def shapes(self) -> tuple[Any, ...]:
        """What its role gives to ``build``: as a rule, the shapes of what goes in and comes out."""
        return self.role.arguments(self.spec)

    @property
    def conditions(self) -> tuple[Tensor, ...]:
        """What it is given beside its input, to unpack into a call: () or ([count, K],)."""
        if self.known is None:
            return ()
        return (self.known.sample(0, self.count).to(self.device),)

    @property
    def is_discriminator(self) -> bool:
        """Whether it scores items."""
        return self.role.family is DiscriminatorSettings

    def reals(self) -> Items:
        """Items like those that it is to make."""
        return Items.of(self.shapes[-1], self.datasets, self.count)

    def input(self) -> Items:
        """What it is called with."""
        if self.role.family is not GeneratorSettings:
            return Items.of(self.shapes[0], self.datasets, self.count).on(self.device)
        latent = getattr(self.settings, "latent", None)
        if not isinstance(latent, int):
            raise UsageError(
                f"{self} has no field `latent`, the number of numbers in its latents: give its "
                f"settings one, such as `latent: int = 64`"
            )
        draws = torch.Generator().manual_seed(0)
        return Items(torch.randn(self.count, latent, generator=draws), "latents").on(self.device)

    def given(self, items: Items) -> str:
        """What it is called with, in words: "latents [2, 64] and conditions [2, 10]"."""
        noun = items.name.partition(" ")[0]
        rows = [f" and conditions {list(each.shape)}" for each in self.conditions]
        return f"{noun} {list(items.values.shape)}{''.join(rows)}"

    def built(self) -> nn.Module:
        """The network with its first weights.

        Raises:
            UsageError: it cannot be built.
        """
        arguments = build_arguments(self.name, self.role, self.settings, self.spec)
        call = f"build({', '.join(map(str, arguments))})"
        try:
            network = first_weights(self.name, self.settings, arguments, self.seed)
        except Exception as error:
            fail(f"{self} failed in {call}", error, self.settings.build)
        if not isinstance(network, nn.Module):
            raise UsageError(
                f"{self}: {call} returned {described(network)}, wanted a torch.nn.Module"
            )
        return network.to(self.device)

    def output(self, network: nn.Module, items: Items) -> Any:
        """What the network returns.

        Raises:
            UsageError: it fails.
        """
        try:
            return network(items.values, *self.conditions)
        except Exception as error:
            what = f"{self} failed on {self.given(items)}{_failed_layer(error, network)}"
            fail(what, error, self._calls(network))

    def gradients(
        self, loss: Tensor, weights: list[Tensor], again: Callable[[], Tensor]
    ) -> list[Tensor | None]:
        """Gradients of a number []; None where it does not depend on a tensor.

        again: makes the number anew, where the line is sought at which the backward pass failed.

        Raises:
            UsageError: the backward pass fails.
        """
        try:
            return list(torch.autograd.grad(loss, weights, allow_unused=True))
        except Exception as error:
            place = _forward_place(lambda: torch.autograd.grad(again(), weights, allow_unused=True))
            fail(f"{self} failed in its backward pass", error, None, place)

    def _calls(self, network: nn.Module) -> Any:
        """What a call of the network runs: its ``forward``, or, of a module of PyTorch's, the
        ``build`` that made it."""
        own = own_code.definition(type(network).forward)
        return type(network).forward if own else self.settings.build


def tensors(output: Any) -> list[Tensor]:
    """What a network returned, one tensor or several, as a list."""
    return [output] if isinstance(output, Tensor) else list(output)


def _failed_layer(error: Exception, network: nn.Module) -> str:
    """The innermost layer that was running, such as " in layer 0, Linear(in_features=7, …)"; empty
    where only the network itself was."""
    names = {id(layer): name for name, layer in network.named_modules()}
    running = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
    layers = [each for each in running if isinstance(each, nn.Module) and id(each) in names]
    if not layers or not names[id(layers[-1])]:
        return ""
    text = repr(layers[-1]).split("(\n")[0]  # of one that has others, its class alone
    return f" in layer {names[id(layers[-1])]}, {text}"


def _forward_place(play: Callable[[], object]) -> str | None:
    """The user's line that made what a backward pass fails at, as PyTorch's own search finds it.

    play: a forward and the backward pass that fails.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with torch.autograd.detect_anomaly(check_nan=False), suppress(Exception):
            play()
    texts = [str(each.message) for each in said]
    lines = [line for text in texts for line in FORWARD_LINE.findall(text)]
    own = [(file, int(line)) for file, line in lines if own_code.is_own(file)]
    return own_code.in_words(*own[-1]) if own else None
