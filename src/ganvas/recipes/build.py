"""From a recipe to an engine ready to play: data, networks and a game joined."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import nn

from ganvas import keys
from ganvas.data import Dataset, ItemStream, load_dataset
from ganvas.engine.device import (
    available_threads,
    choose_device,
    choose_memory_format,
    choose_precision,
    keep_memory,
    repeatable,
)
from ganvas.engine.engine import Engine
from ganvas.engine.graph import GraphEngine
from ganvas.errors import UsageError
from ganvas.features import FEATURES
from ganvas.games.setup import GameSetup, PlayerSettings
from ganvas.metrics.metric_table import METRICS
from ganvas.networks.operators import forms
from ganvas.recipes.freeze import freeze
from ganvas.recipes.parts import FAMILIES, kind_of
from ganvas.recipes.recipe import (
    DiscriminatorSettings,
    EncoderSettings,
    Evaluations,
    GeneratorSettings,
    Recipe,
)
from ganvas.sampling.conditions import Conditions


@dataclass(frozen=True)
class Choices:
    """What ``auto`` became on this machine. Written into the run and used again on resume.

    graph: rounds are recorded as CUDA graphs. forms: how products of convolutions are computed,
    by shape, where that was measured. why: what a trial found, for a screen.
    """

    device: str
    precision: Literal["fp32", "bf16"]
    memory_format: Literal["contiguous", "channels-last"]
    threads: int
    graph: bool = False
    forms: dict[str, str] = field(default_factory=dict)
    why: str = ""

    def words(self) -> str:
        """For a screen: ``cpu, bf16, channels-last, 1 thread``."""
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''}"
        graph = ["CUDA graphs"] if self.graph else []
        return ", ".join([self.device, self.precision, self.memory_format, threads, *graph])

    def sentence(self) -> str:
        """The words, and why."""
        return f"on {self.words()}" + (f" ({self.why})" if self.why else "")


def choose(recipe: Recipe) -> Choices:
    """Decide by rule everything that a recipe leaves to the machine.

    Raises:
        UsageError: a device that is not there, or ``compile`` without a CUDA device.
    """
    device = choose_device(recipe.device)
    if recipe.compile and device.type != "cuda":
        raise UsageError(
            "`compile` records whole rounds as CUDA graphs, and this run is on the "
            f"{device.type}: leave it away, or say `device=cuda`"
        )
    return Choices(
        device=str(device),
        precision=choose_precision(recipe.precision, device),
        memory_format=choose_memory_format(recipe.memory_format),
        threads=recipe.threads or available_threads(),
        graph=bool(recipe.compile),
    )


@contextmanager
def playing(choices: Choices) -> Iterator[None]:
    """Set up this process to play as chosen; threads and forms are put back afterwards."""
    threads, before = torch.get_num_threads(), forms.TABLE.measured
    torch.set_num_threads(choices.threads)
    forms.use(choices.forms)
    keep_memory()
    try:
        with repeatable():
            yield
    finally:
        torch.set_num_threads(threads)
        forms.use(before)


def load_data(
    recipe: Recipe, source: Any = None, progress: Any = None, channels: int | None = None
) -> Dataset:
    """The recipe's training images; ``source`` replaces what its ``data.source`` names, and
    ``channels`` what its ``data.channels`` says.

    Raises:
        DataError: what is there cannot be read or used.
        UsageError: fewer images than one batch.
    """
    data = recipe.data
    images = load_dataset(
        data.source if source is None else source,
        split=data.split,
        size=data.size,
        channels=data.channels if channels is None else channels,
        fit=data.fit,
        white=data.white,
        limit=data.limit,
        progress=progress,
    )
    check_batch(recipe, images)
    return images


def check_batch(recipe: Recipe, images: Dataset) -> None:
    """Raise UsageError where a batch is more than all images; it says what would do."""
    if recipe.batch <= len(images):
        return
    alone = replace(recipe, accumulate=1)
    if batch := largest_batch(recipe, len(images)):
        advice = f"say `batch={batch}`, or give more images"
    elif batch := largest_batch(alone, len(images)):
        advice = f"say `batch={batch} accumulate=1`, or give more images"
    else:
        advice = f"give at least {least_batch(alone)} images"
    raise UsageError(
        f"a batch of {recipe.batch} is more than the {len(images):,} images of {images.name}: "
        f"{advice}"
    )


def least_batch(recipe: Recipe) -> int:
    """The smallest batch that a recipe can be played with: BatchNorm needs two images at a time."""
    multiple = recipe.game.multiple
    return recipe.accumulate * multiple * -(-2 // multiple)


def largest_batch(recipe: Recipe, count: int) -> int:
    """The largest batch of at most ``count`` images that the recipe can be played with; 0: none."""
    step = recipe.accumulate * recipe.game.multiple
    batch = count // step * step
    return batch if batch >= least_batch(recipe) else 0


def with_fewer(recipe: Recipe, images: Dataset) -> tuple[Recipe, str]:
    """The recipe with a batch that its images suffice for, and a sentence where it had another.

    Raises:
        UsageError: no batch would do.
    """
    batch = largest_batch(recipe, len(images))
    if recipe.batch <= len(images) or not batch:
        check_batch(recipe, images)
        return recipe, ""
    why = f"batch {batch} instead of {recipe.batch}: there are {len(images)} images"
    return replace(recipe, batch=batch), why


def conditions_of(recipe: Recipe, images: Dataset) -> Conditions | None:
    """What the networks of a recipe are told of these images; None where they are told nothing.

    Raises:
        DataError: the images have no classes, or not the attributes asked for.
    """
    return None if recipe.condition is None else recipe.condition.conditions(images)


def build_networks(
    recipe: Recipe, shape: tuple[int, int, int], conditions: int = 0
) -> dict[str, nn.Module]:
    """The networks with their first weights, which the seed alone determines.

    Args:
        recipe: its generator, its discriminator, and an encoder where it has one.
        shape: (C, H, W) of an image.
        conditions: numbers that generator and discriminator are told beside their input.

    Raises:
        UsageError: settings that make no network, such as a width of 0, or one that cannot be
            told anything.
    """
    discriminator_input = recipe.game.discriminator_input(shape, recipe.generator.latent)
    also = (conditions,) if conditions else ()
    wanted: dict[str, tuple[Any, ...]] = {
        "generator": (shape, *also),
        "discriminator": (discriminator_input, *also),
    }
    if recipe.encoder is not None:
        wanted["encoder"] = (shape, recipe.generator.latent)
    networks = {}
    for name, arguments in wanted.items():
        settings = getattr(recipe, name)
        _check_settings(name, settings, conditions)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(keys.key(recipe.seed, "weights", name))
            try:
                networks[name] = settings.build(*arguments)
            except (ValueError, RuntimeError, ZeroDivisionError) as error:
                raise UsageError(f"{name} {settings} cannot be built: {error}") from error
    freeze(networks["discriminator"], recipe.freeze)
    return networks


def _check_settings(name: str, settings: Any, conditions: int) -> None:
    # Some fields may be 0, which turns a part off; a width and its like may not.
    for key, value in vars(settings).items():
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        least = 1 if key in ("width", "latent", "hidden", "depth") else 0
        if value < least:
            raise UsageError(f"{name}.{key} must be at least {least}, not {value}")
    if conditions and name in SIDES and not _can_be_told(settings):
        able = [kind for kind, part in FAMILIES[SIDES[name]].items() if _can_be_told(part)]
        named = " or ".join([f"`{name}.kind={able[0]}`", *able[1:]])
        raise UsageError(
            f"the {name} {kind_of(settings)} cannot be told a condition: choose {named}, or leave "
            f"`condition` away"
        )


SIDES: dict[str, Any] = {
    "generator": GeneratorSettings,
    "discriminator": DiscriminatorSettings,
}


def _can_be_told(part: Any) -> bool:
    return "conditions" in inspect.signature(part.build).parameters


def build_engine(recipe: Recipe, images: Dataset, choices: Choices) -> Engine:
    """The game of ``recipe`` on ``images``, at the start of its clock."""
    device = torch.device(choices.device)
    layout = torch.channels_last if choices.memory_format == "channels-last" else None
    condition = recipe.condition
    source = None if condition is None else condition.condition_source(images)
    networks = build_networks(recipe, images.shape, source.count if source else 0)
    for network in networks.values():
        network.to(device=device)
        if layout is not None:
            network.to(memory_format=layout)  # pyright: ignore[reportCallIssue]
    setup = GameSetup(
        networks,
        recipe.generator.latent,
        generator=PlayerSettings(
            recipe.generator_optimiser, recipe.half_life, recipe.clip_gradient
        ),
        discriminator=PlayerSettings(recipe.discriminator_optimiser, None, recipe.clip_gradient),
        condition_source=source,
        augment=recipe.augment,
        strength=recipe.strength,
    )
    try:
        game = recipe.game.build(setup)
    except ValueError as error:
        raise UsageError(f"game: {error}") from None
    stream = ItemStream(
        images, recipe.seed, device, flip=recipe.data.flip, shuffle=recipe.data.shuffle
    )
    return (GraphEngine if choices.graph else Engine)(
        game,
        {"train": stream},
        batch=recipe.batch,
        seed=recipe.seed,
        device=device,
        bf16=choices.precision == "bf16",
        accumulate=recipe.accumulate,
    )


def check(recipe: Recipe) -> None:
    """Raise UsageError for numbers that cannot be a run."""
    if recipe.images < 1 or recipe.batch < 1 or recipe.accumulate < 1:
        raise UsageError("images, batch and accumulate must be at least 1")
    if recipe.batch % recipe.accumulate:
        raise UsageError(f"batch {recipe.batch} does not divide by accumulate {recipe.accumulate}")
    if min(recipe.every.log, recipe.every.samples, recipe.every.checkpoint, recipe.keep) < 1:
        raise UsageError("every.log, every.samples, every.checkpoint and keep must be at least 1")
    if recipe.evaluation is not None:
        check_evaluation(recipe.evaluation)
    missing = [name for name in recipe.game.needs if getattr(recipe, name) is None]
    if missing:
        raise UsageError(
            f"the game {kind_of(recipe.game)} needs `{missing[0]}.kind`: one of "
            f"{', '.join(FAMILIES[EncoderSettings])}"
        )
    if recipe.batch // recipe.accumulate % recipe.game.multiple:
        raise UsageError(
            f"batch {recipe.batch // recipe.accumulate} does not divide by the "
            f"{recipe.game.multiple} images that the discriminator sees together (game.pack)"
        )
    if recipe.augment is None and recipe.strength != 1.0:
        raise UsageError(
            "strength is of an augmentation, and there is none: set `augment.kind=diffaugment` "
            "or ada, or `strength=1`"
        )
    if recipe.freeze < 0:
        raise UsageError("freeze must be 0 or more")
    if recipe.batch // recipe.accumulate < 2:
        raise UsageError("BatchNorm needs at least 2 images at a time: raise batch")
    if recipe.threads is not None and recipe.threads < 1:
        raise UsageError("threads must be at least 1")
    if recipe.clip_gradient is not None and not recipe.clip_gradient > 0:
        raise UsageError("clip_gradient must be more than 0")
    if recipe.minutes is not None and not recipe.minutes > 0:
        raise UsageError("minutes must be more than 0")


MOST = 50_000
"""Samples of an evaluation during training: they are held while it trains."""


def check_evaluation(settings: Evaluations) -> None:
    """Raise UsageError for an evaluation during training that cannot be made."""
    if settings.every < 1 or not 2 <= settings.count <= MOST:
        raise UsageError(
            f"evaluation.every must be at least 1, evaluation.count from 2 to {MOST:,}"
        )
    unknown = [name for name in settings.metrics if name not in METRICS]
    if unknown or not settings.metrics:
        raise UsageError(f"evaluation.metrics {unknown}: there are {', '.join(METRICS)}")
    if settings.features not in ("auto", *FEATURES):
        raise UsageError(
            f"evaluation.features {settings.features!r}: there are auto, {', '.join(FEATURES)}"
        )
