"""A run on disk, opened for looking and sampling: plain modules, plain uint8 images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ganvas.data.builtin.builtin_table import BUILTIN
from ganvas.domains import Domain
from ganvas.errors import CheckpointError, DataError, UsageError
from ganvas.recipes import recipe_table, yaml
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.recipe import Recipe
from ganvas.sampling import generate, inputs
from ganvas.sampling.conditions import Conditions, from_plain
from ganvas.sampling.interpolation import lerp, loop, slerp
from ganvas.store import checkpoint, plugins, record, run_folder
from ganvas.store.log import read_log
from ganvas.store.status import Status, read_status

IN_MEMORY = "in memory"
"""What a recipe says of images that were given as a tensor, an array or a Dataset."""

CHUNK = 500
"""Images that are drawn at a time."""


def check_seeds(seeds: Iterable[int], seed: int | None, count: int | None) -> list[int]:
    """The seeds as a list, one image for each, unless other arguments contradict them.

    Raises:
        UsageError: there are none; a ``seed`` beside them, or another ``count`` than theirs.
    """
    seeds = list(seeds)
    if not seeds:
        raise UsageError("`seeds` names no image")
    if seed is not None:
        raise UsageError(f"`seeds` names a seed for each image: leave `seed={seed}` away")
    if count not in (None, len(seeds)):
        raise UsageError(f"`seeds` names {len(seeds)} images: leave `count={count}` away")
    return seeds


class Run:
    """A run folder, read only.

    Args:
        path: the run folder.
        at: images seen of the checkpoint to open, or ``best`` for that of the best evaluation;
            ``None`` for the newest that is whole.
        plugin: the Python file of the user's own parts, where the run was made with one.

    Raises:
        UsageError: there is no run at ``path``, or no evaluation that was the best.
        CheckpointError: nothing there can be restored.
    """

    def __init__(
        self,
        path: str | Path,
        at: int | Literal["best"] | None = None,
        plugin: str | Path | None = None,
    ) -> None:
        self.path = run_folder.find(path)
        if plugin is not None:
            plugins.load_file(plugin)
        self.record = record.read(self.path)
        self._at = self._best_clock() if at == "best" else at

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}: {self.images:,} images)"

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe it was trained by."""
        plugins.require(self.record.plugins)
        return recipe_table.from_plain(self.settings, str(self.path / "recipe.yaml"))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The recipe as plain data, which needs no part of anybody's own."""
        file = self.path / "recipe.yaml"
        return yaml.read(file.read_text(encoding="utf-8"), str(file))

    @property
    def images(self) -> int:
        """The clock of the opened checkpoint, in images seen."""
        if "_checkpoint" in self.__dict__:  # what was loaded, whatever has been saved since
            return self._checkpoint[1]["images"]
        if self._at is not None:
            return self._at
        return checkpoint.last_clock(self.path / "checkpoints")

    @property
    def seconds(self) -> float:
        """Seconds trained until the opened checkpoint, over all sessions."""
        place = self.path / "checkpoints"
        return checkpoint.seconds(place, self._at)

    @property
    def best(self) -> dict[str, Any] | None:
        """Metric, value and clock (``images``) of the best evaluation during training, if any."""
        return checkpoint.best(self.path / "checkpoints")

    def _best_clock(self) -> int:
        best = self.best
        if best is None:
            raise UsageError(
                f"{self.path} was not evaluated while it trained, so no checkpoint is its best: "
                f"train with `evaluation.every=N`"
            )
        return best["images"]

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log's records, oldest first."""
        return read_log(self.path / "log.jsonl")

    @property
    def status(self) -> Status | None:
        """How it is at this moment: training, stopped, lost; None for runs of older versions."""
        return read_status(self.path)

    @property
    def generator(self) -> nn.Module:
        """The generator in evaluation mode: its EMA copy, where the run keeps one."""
        return self.networks["generator"]

    @property
    def discriminator(self) -> nn.Module:
        """The discriminator in evaluation mode."""
        return self.networks["discriminator"]

    def sample(
        self,
        count: int | None = None,
        *,
        seed: int | None = None,
        seeds: Iterable[int] | None = None,
        truncation: float | None = None,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
    ) -> Tensor:
        """Draw images: uint8 [count, H, W, C]; of a run on points, points: float32 [count, 2].

        Image i of a seed is the same in every call, points but for their last bits.

        Args:
            count: how many, by default 64.
            seed: from which they all come, by default 0.
            seeds: one image for each of these instead.
            truncation: for less variety and fewer failures, latents are squeezed into
                [-truncation, truncation]; a style-based generator moves w towards its average by
                this factor instead. None changes nothing.
            label: the class of all of them, by name or number; by default as often as in the data.
            attributes: those to set, ``{"Smiling": True}``; others as they come in the data.

        Raises:
            UsageError: a condition for a run that has none, or has another kind, or does not know
                this name; or what contradicts ``seeds``.
        """
        asked: dict[str, Any] = {"seed": seed, "seeds": seeds}
        asked |= {"label": label, "attributes": attributes}
        chunks = self.stream(count, truncation=truncation, **asked)
        return torch.cat([drawn for drawn, _ in chunks])

    def stream(
        self,
        count: int | None = None,
        *,
        seed: int | None = None,
        seeds: Iterable[int] | None = None,
        truncation: float | None = None,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """What ``sample`` draws, ``CHUNK`` at a time, with the classes int64 [n] that were asked
        for, where the run knows any: for more images than memory holds."""
        seeds = None if seeds is None else check_seeds(seeds, seed, count)
        total = len(seeds) if seeds is not None else 64 if count is None else count
        for first in range(0, max(1, total), CHUNK):
            size = min(CHUNK, total - first)
            part = None if seeds is None else seeds[first : first + size]
            latent, rows = self._inputs(size, None, seed, part, label, attributes, first)
            drawn = generate.sample(self.domain, self.generator, latent, rows, truncation)
            known = self.conditions
            yield drawn, None if known is None or rows is None else known.labels(rows)

    def loop(
        self,
        count: int | None = None,
        *,
        steps: int = 16,
        seed: int | None = None,
        seeds: Iterable[int] | None = None,
        truncation: float | None = None,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
    ) -> Tensor:
        """A way through samples and back to the first: of images, uint8 [count * steps, H, W, C].

        Every ``steps``-th image is one that ``sample`` draws; between them latents turn
        (``slerp``), and conditions, where there are any, pass over into each other.

        Args:
            count: samples on the way, by default 8.
            steps: images from one to the next.
            seed, seeds, truncation, label, attributes: as for ``sample``.

        Raises:
            UsageError: as ``sample``; fewer than two samples.
        """
        stations, rows = self._inputs(8, count, seed, seeds, label, attributes)
        if len(stations) < 2 or steps < 1:
            raise UsageError("an animation needs at least 2 images to pass through, and 1 step")
        conditions = None if rows is None else loop(rows, steps, lerp)
        way = loop(stations, steps, slerp)
        return generate.sample(self.domain, self.generator, way, conditions, truncation)

    def _inputs(
        self,
        usual: int,
        count: int | None,
        seed: int | None,
        seeds: Iterable[int] | None,
        label: str | int | None,
        attributes: Mapping[str, bool] | None,
        first: int = 0,
    ) -> tuple[Tensor, Tensor | None]:
        """Latents and conditions of what was asked for, from the ``first`` of a seed on.

        usual: how many, where neither ``count`` nor ``seeds`` says.

        Raises:
            UsageError: arguments that contradict each other.
        """
        size = self.recipe.latent
        if seeds is None:
            count = usual if count is None else count
            if count < 1:
                raise UsageError(f"`count` must be at least 1, not {count}")
            latent = generate.latents(seed or 0, count, size, first)
        else:
            seeds = check_seeds(seeds, seed, count)
            latent = generate.latents_of(seeds, size)
        asked: dict[str, Any] = {"label": label, "attributes": attributes}
        rows = self.sample_conditions(
            len(latent), seed=seed or 0, seeds=seeds, first=first, **asked
        )
        return latent, rows

    def check_place(self) -> None:
        """Raise DataError if the images it was trained on are not where they were."""
        source = self.settings["data"]["source"]
        if source not in (*BUILTIN, IN_MEMORY) and not Path(source).exists():
            raise DataError(
                f"{source}, which {self.path} was trained on, is not there: say `data` with where "
                f"it lies now (`ganvas resume` then keeps that place)"
            )

    @property
    def domain(self) -> Domain:
        """What its items are."""
        return self.record.domain

    def sample_conditions(
        self,
        count: int,
        *,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        first: int = 0,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
    ) -> Tensor | None:
        """The conditions [count, K] that ``sample`` gives its images from ``first`` on, or, where
        there are ``seeds``, its image of each; or None."""
        known = self.conditions
        if label is not None and attributes:
            raise UsageError("no run knows both: say `label` or `attributes`, not both")
        if known is None:
            if label is not None or attributes:
                raise UsageError(
                    f"{self.path} was trained without conditions: train one with "
                    f"`condition.kind=class` (or attributes)"
                )
            return None
        if label is not None:
            return known.of_label(str(label)).expand(count, -1)
        rows = (
            known.sample(seed, count, first)
            if seeds is None
            else torch.cat([known.sample(each, 1) for each in seeds])
        )
        return known.with_attributes(rows, attributes) if attributes else rows

    @cached_property
    def conditions(self) -> Conditions | None:
        """The conditions that its networks were trained with; None without."""
        plain = self.record.conditions
        return None if plain is None else from_plain(plain)

    @cached_property
    def _checkpoint(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        place = self.path / "checkpoints"
        if self._at is not None:
            return checkpoint.load(place / f"{self._at:09d}")
        _, tensors, numbers, _ = checkpoint.load_newest(place)
        return tensors, numbers

    @cached_property
    def networks(self) -> Mapping[str, nn.Module]:
        """All networks by role, in evaluation mode: their EMA copies, where the run keeps any.

        Raises:
            CheckpointError: the opened checkpoint lacks weights of one.
        """
        count = 0 if self.conditions is None else len(self.conditions.names)
        networks = build_networks(self.recipe, self._shapes, count)
        for name, role in self.recipe.game.roles.items():
            network = networks[name].eval().requires_grad_(False)
            self._restore(name, network)
            if role.conditioned:
                latent = getattr(self.recipe.networks[name], "latent", None)
                inputs.watch(network, name, latent, self.conditions)
        return networks

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {self.recipe.game.sources[0]: self.record.shape}

    def _restore(self, name: str, network: nn.Module) -> None:
        """Copy a network's weights from the opened checkpoint into it: the average, if any."""
        into, (tensors, _) = network.state_dict(), self._checkpoint
        saved = checkpoint.weights(tensors, name, "average")
        saved = saved or checkpoint.weights(tensors, name, "network")
        if into and not saved:
            raise CheckpointError(f"{self.path} has no weights for its {name}")
        checkpoint.restore(into, saved, str(self.path))
