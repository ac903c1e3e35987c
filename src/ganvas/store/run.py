"""A run on disk, opened for looking and sampling: plain modules, plain uint8 images."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from ganvas.data import Dataset
from ganvas.data.source_names import is_named
from ganvas.domains import Domain
from ganvas.domains.writers import Chunk
from ganvas.errors import CheckpointError, DataError, UsageError
from ganvas.recipes import recipe_table
from ganvas.recipes.build.data import load_data
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.build.sampler import build_sampler, items_of
from ganvas.recipes.flat import source_setting
from ganvas.recipes.recipe import Recipe
from ganvas.sampling import inputs
from ganvas.sampling.conditions import Conditions, from_plain
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.request import Request
from ganvas.sampling.sampler import Sampler
from ganvas.sampling.translator import Translator
from ganvas.store import checkpoint, record, run_folder
from ganvas.store.log import read_log
from ganvas.store.own import plugins, registered
from ganvas.store.own.change import Change, blaming
from ganvas.store.status import Status, read_status
from ganvas.words import duration

IN_MEMORY = "in memory"
"""What a recipe says of images that were given as a tensor, an array or a Dataset."""


class Run:
    """A run folder, read only.

    Args:
        path: the run folder.
        at: images seen of the checkpoint to open, or ``best`` for that of the best evaluation;
            ``None`` for the newest that is whole.
        plugin: the Python file of the user's own parts, where the run was made with one; or
            several. It is executed.

    Raises:
        UsageError: there is no run at ``path``, or no evaluation that was the best.
        CheckpointError: nothing there can be restored.
    """

    def __init__(
        self,
        path: str | Path,
        at: int | Literal["best"] | None = None,
        plugin: plugins.PluginFiles = None,
    ) -> None:
        self.path = run_folder.find(path)
        self._named = plugins.load(plugin)
        self.record = record.read(self.path, self._named)
        self._at = self._best_clock() if at == "best" else at
        self._own_items: ItemSpace | None = None
        self._changes_are_accepted = False

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}: {self.images:,} images)"

    def _repr_html_(self) -> str:
        """Its newest sample sheet, and what it is, for a notebook."""
        of = f"{self.images:,} of {self.settings['images']:,} images seen"
        facts = f"{self.path}: recipe {self.settings['name']}, {of} in {duration(self.seconds)}"
        return run_folder.as_html(self.path, facts)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe it was trained by.

        Raises:
            UsageError: a plug-in of the run has not been named, or a part that was registered by a
                script or a notebook has not been registered again.
        """
        for change in () if self._changes_are_accepted else self.changes:
            # From one place, so that it is shown once, however often the run is opened.
            warnings.warn(f"{change.words()}: what it builds now is used", RuntimeWarning, 1)
        registered.check(self.record.own_parts, self.path, self._named)
        with blaming(self.changes):
            return recipe_table.from_plain(self.settings, str(self.path / "recipe.yaml"))

    @cached_property
    def changes(self) -> list[Change]:
        """What of the user's own code is not what the run was made with.

        Raises:
            UsageError: a plug-in of the run has not been named.
        """
        return self.record.changes(self.path)

    def accept_changes(self) -> None:
        """Take what of the user's own code has changed as it is: no warning tells of it."""
        self._changes_are_accepted = True

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The recipe as plain data, which needs no part of anybody's own."""
        return run_folder.settings(self.path)

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
        return checkpoint.seconds(self.path / "checkpoints", self._at)

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
        return self._network("generator")

    @property
    def discriminator(self) -> nn.Module:
        """The discriminator in evaluation mode."""
        return self._network("discriminator")

    @cached_property
    def sampler(self) -> Sampler | Translator:
        """All that makes samples, as one module: ``run.sampler(latents)`` is differentiable and
        stays in network form, ``run.sampler.finish`` gives what ``sample`` does."""
        network = self.networks[self.recipe.game.samples_by]
        return build_sampler(self.recipe, network, self._domains, self.conditions)

    def sample(
        self,
        count: int | None = None,
        *,
        seed: int | None = None,
        seeds: Iterable[int] | None = None,
        truncation: float | None = None,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
        data: Any = None,
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
            data: items to translate, for a run whose samples are made of items: a path, a tensor,
                an array or a Dataset; by default those that it was trained on.

        Raises:
            DataError: items that are missing, or not such as the run takes.
            UsageError: a condition for a run that has none, or has another kind, or does not know
                this name; or what contradicts ``seeds``.
        """
        request = Request(count, seed, seeds, truncation, label, attributes)
        return self._sampler_of(data).sample(request)

    def stream(
        self,
        count: int | None = None,
        *,
        seed: int | None = None,
        seeds: Iterable[int] | None = None,
        truncation: float | None = None,
        label: str | int | None = None,
        attributes: Mapping[str, bool] | None = None,
        data: Any = None,
    ) -> Iterator[Chunk]:
        """What ``sample`` draws, some at a time, with the classes int64 [n] that were asked for,
        where the run knows any: for more images than memory holds."""
        request = Request(count, seed, seeds, truncation, label, attributes)
        return self._sampler_of(data).stream(request)

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
        request = Request(count, seed, seeds, truncation, label, attributes)
        return self.sampler.loop(request, steps)

    def check_place(self, source: str | None = None) -> None:
        """Raise DataError if the images of a source, by default of the main one, are not where they
        were."""
        name = self.recipe.game.sources[0] if source is None else source
        place = self.recipe.sources[name].source
        if place != IN_MEMORY and not is_named(place) and not Path(place).exists():
            raise DataError(
                f"{place}, which {self.path} was trained on, is not there: say "
                f"`{source_setting(name)}` with where it lies now (`ganvas resume` then keeps that "
                f"place)"
            )

    def load_source(self, source: str, given: Any = None, progress: Any = None) -> Dataset:
        """The items of a source, read as they were read for training; nobody checks yet that these
        are the same.

        Args:
            source: its name.
            given: a path, a tensor, an array or a Dataset to take instead.
            progress: called with (done, total) while they are read.

        Raises:
            DataError: they are not there, or cannot be read.
            UsageError: they were in memory, and are not given.
        """
        settings = self.recipe.sources[source]
        if given is None and settings.source == IN_MEMORY:
            again = "data=..." if source == "train" else f"data={{{source!r}: ...}}"
            noun = self.record.known(source).domain.noun
            raise UsageError(
                f"this run was trained on {noun} in memory: in Python, give them again as {again}"
            )
        if given is None:
            self.check_place(source)
        settings = replace(settings, **self.record.known(source).domain.reading())
        return load_data(settings, given, progress)

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
        given = None if seeds is not None else seed
        request = Request(count, given, seeds, None, label, attributes, first)
        return self.sampler.sample_conditions(request)

    def _sampler_of(self, data: Any) -> Sampler | Translator:
        """The sampler; of a run whose samples are made of items, with items to make them of."""
        sampler, source = self.sampler, self.recipe.game.samples_from
        if isinstance(sampler, Sampler) or source is None:
            if data is not None:
                raise UsageError("this run makes samples of latents: leave `data` away")
            return sampler
        if isinstance(data, dict):  # as ``train`` was given its sources
            data = data.get(source)
        if data is not None:
            return sampler.of(items_of(self.load_source(source, data)))
        if self._own_items is None:
            dataset = self.record.check_data(self.load_source(source), source)
            self._own_items = items_of(dataset)
        return sampler.of(self._own_items)

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
        shapes = {name: domain.shape for name, domain in self._domains.items()}
        with blaming(self.changes):
            return self._restored(build_networks(self.recipe, shapes, count))

    def _restored(self, networks: Mapping[str, nn.Module]) -> Mapping[str, nn.Module]:
        """These networks with the weights of the opened checkpoint, in evaluation mode."""
        for name, role in self.recipe.game.roles.items():
            network = networks[name].eval().requires_grad_(False)
            self._restore(name, network)
            if role.conditioned:
                latent = getattr(self.recipe.networks[name], "latent", None)
                inputs.watch(network, name, latent, self.conditions)
        return networks

    def _network(self, name: str) -> nn.Module:
        if name not in self.networks:
            raise UsageError(
                f"this run has no {name}: its networks are {', '.join(self.networks)} "
                f"(run.networks has each by its name)"
            )
        return self.networks[name]

    @property
    def _domains(self) -> dict[str, Domain]:
        return {name: self.record.known(name).domain for name in self.recipe.game.sources}

    def _restore(self, name: str, network: nn.Module) -> None:
        """Copy a network's weights from the opened checkpoint into it: the average, if any."""
        into, (tensors, _) = network.state_dict(), self._checkpoint
        saved = checkpoint.weights(tensors, name, "average")
        saved = saved or checkpoint.weights(tensors, name, "network")
        if into and not saved:
            raise CheckpointError(f"{self.path} has no weights for its {name}")
        checkpoint.restore(into, saved, str(self.path))
