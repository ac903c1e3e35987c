"""A network of a user's own, called once: what it returns, and what its weights learn from.

What would keep it from training is an error; what merely looks wrong, or may be meant so in a game
of the user's own, is a warning.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from ganvas.errors import UsageError
from ganvas.networks.protocols import (
    Autoencoding,
    DiscriminatorSettings,
    EncoderSettings,
    classifies,
    implements,
)
from ganvas.recipes.check.habits import habits
from ganvas.recipes.check.own_network import MAKES_ITEMS, Items, OwnNetwork, tensors
from ganvas.recipes.check.refusal import described

MOST_NAMES = 4
"""Names of weights in a message."""


class NetworkCheck:
    """Calls a network of a user's own.

    Args:
        own: the network.
        is_known_game: whether the game is one of ganvas, so that it is known what it needs.
    """

    def __init__(self, own: OwnNetwork, *, is_known_game: bool) -> None:
        self.own = own
        self.is_known_game = is_known_game
        self.warnings: list[str] = []

    def run(self) -> list[str]:
        """Build the network, call it, and look at all of it.

        Returns:
            What looks wrong, a sentence each.

        Raises:
            UsageError: it cannot be trained as it is.
        """
        network = self.own.built()
        if self.own.role.family not in (*MAKES_ITEMS, EncoderSettings, DiscriminatorSettings):
            return []  # nobody knows what a family of the user's own takes
        items = self.own.input()
        if self.own.is_discriminator and items.values.is_floating_point():
            items.values.requires_grad_()
        output = self._output(network, items)
        self._check_weights(network)
        self._check_output(network, output, items)
        self._check_finite(output)
        if not self.own.role.frozen:
            self._check_gradients(network, output, items)
        first = tensors(output)[0].detach()
        return self.warnings + habits(
            self.own, network, items.detached(), first, is_known_game=self.is_known_game
        )

    def _output(self, network: nn.Module, items: Items) -> Any:
        # A copy: fakes too are no leaves, so that a network may change what it got in place.
        return self.own.output(network, Items(items.values.clone(), items.name))

    def _check_weights(self, network: nn.Module) -> None:
        for name, weights in network.named_parameters():
            if isinstance(weights, UninitializedParameter):
                self._wrong(f"never used its lazy layer {name!r}, which so has no size")
            elif not _finite(weights):
                self._wrong(f"begins with weights that are not finite: {name!r}")

    def _check_output(self, network: nn.Module, output: Any, items: Items) -> None:
        """The shape and type of what it returned."""
        family = self.own.role.family
        if family in MAKES_ITEMS:
            self._check_items(output, items)
        elif family is EncoderSettings:
            size = 2 * self.own.shapes[1]
            wanted = f"[{self.own.count}, {size}] (means and log-variances of {size // 2} numbers)"
            self._check_tensor(output, [self.own.count, size], wanted, items)
        elif implements(network, Autoencoding):
            shape = list(items.values.shape)
            self._check_tensor(output, shape, f"{shape} ({items.name}, again)", items)
        else:
            self._check_scores(network, output, items)

    def _check_items(self, output: Any, items: Items) -> None:
        """Items of the shape that the role is to make, of the type that networks take."""
        like = self.own.reals()
        shape = list(like.values.shape)
        if not like.values.is_floating_point() and isinstance(output, Tensor):
            if output.ndim > len(shape):  # a row of numbers a token stands for it
                shape = list(output.shape[:1]) + shape[1:] + list(output.shape[len(shape) :])
        elif isinstance(output, Tensor) and output.dtype == torch.float64 != like.values.dtype:
            self._wrong(
                "returned float64, which no other network takes: leave `.double()` away, or end "
                "with `.float()`"
            )
        self._check_tensor(output, shape, f"{shape} ({like.name})", items)

    def _check_scores(self, network: nn.Module, output: Any, items: Items) -> None:
        """Scores, perhaps with logits; a game of the user's own may want several maps."""
        scores = output if isinstance(output, tuple | list) else [output]
        count = self.own.count
        wanted = f"scores [{count}], or [{count}, ...] where an item has several"
        if len(scores) > 2 and self.is_known_game:
            wanted = f"one tensor of {wanted}; or ScoresAndLogits"
            self._wrong(f"returned {described(output)}, wanted {wanted}", items)
        for each in scores:
            if not isinstance(each, Tensor) or each.shape[:1] != (count,):
                self._wrong(f"returned {described(output)}, wanted {wanted}", items)
        if not all(each.is_floating_point() for each in scores):
            self._wrong(f"returned {described(output)}, wanted real numbers", items)
        if len(scores) == 2 and self.is_known_game and not classifies(network):
            self.warnings.append(
                f"{self.own} returned {described(output)}: the first are taken for scores, and the "
                f"others are not used (a classifier says `classifies = True`)"
            )

    def _check_tensor(self, output: Any, shape: list[int], wanted: str, items: Items) -> None:
        if not isinstance(output, Tensor) or list(output.shape) != shape:
            self._wrong(f"returned {described(output)}, wanted {wanted}", items)

    def _check_finite(self, output: Any) -> None:
        if not all(map(_finite, tensors(output))):
            self._wrong("returned numbers that are not finite, with its first weights")

    def _check_gradients(self, network: nn.Module, output: Any, items: Items) -> None:
        """A gradient for every weight, and, of what is scored, for the items."""
        if not any(each.is_floating_point() for each in tensors(output)):
            return  # tokens that were chosen have no derivative
        named = {name: each for name, each in network.named_parameters() if each.requires_grad}
        if not named:
            self._problem("has no weights that could be trained")
            return
        if not any(each.requires_grad for each in tensors(output)):
            self._problem(f"{_detached('its weights')}, so it would never learn")
            return
        leaves = [items.values] if items.values.requires_grad else []
        gradients = self.own.gradients(
            _number(output),
            [*named.values(), *leaves],
            lambda: _number(self._output(network, items)),
        )
        if leaves and gradients.pop() is None:
            self._problem(f"{_detached('what it scores')}, so no generator could learn from it")
        self._check_each(dict(zip(named, gradients, strict=True)))

    def _check_each(self, gradients: dict[str, Tensor | None]) -> None:
        without = [name for name, each in gradients.items() if each is None]
        broken = [
            name for name, each in gradients.items() if each is not None and not _finite(each)
        ]
        if len(without) == len(gradients):
            self._problem(f"{_detached('its weights')}, so it would never learn")
        elif without:
            self.warnings.append(
                f"{self.own} returns nothing that depends on {_listed(without)} ({len(without)} of "
                f"its {len(gradients)} tensors of weights): they will not learn from it"
            )
        if broken:
            self._problem(f"has gradients that are not finite, such as that of {broken[0]!r}")

    def _problem(self, text: str) -> None:
        """An error in a game of ganvas; a game of the user's own may mean it so."""
        if self.is_known_game:
            self._wrong(text)
        self.warnings.append(f"{self.own} {text}")

    def _wrong(self, text: str, items: Items | None = None) -> None:
        got = "" if items is None else f"; it got {self.own.given(items)}"
        raise UsageError(f"{self.own} {text}{got}")


def _number(output: Any) -> Tensor:
    """A number that depends on all that a network returned."""
    parts = [each for each in tensors(output) if each.requires_grad]
    return torch.stack([(each * torch.randn_like(each)).sum() for each in parts]).sum()


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values.detach()).all())


def _detached(what: str) -> str:
    return f"returns nothing that depends on {what} (is it detached, or within torch.no_grad()?)"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(f"{name!r}" for name in names[:MOST_NAMES]) + more
