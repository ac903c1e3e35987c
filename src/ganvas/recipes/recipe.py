"""The recipe: a typed description that determines a run completely.

Settings check themselves: one that could not be a run raises a UsageError as soon as it is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ganvas.engine.device import Device, MemoryFormat, Precision
from ganvas.engine.optimiser import Adam, OptimiserSettings
from ganvas.engine.schedule import Schedule
from ganvas.errors import UsageError, unknown
from ganvas.features import FEATURES
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Adaptive, Augment
from ganvas.games.setup import GameSettings
from ganvas.metrics.metric_table import METRICS, unknown_metric
from ganvas.recipes.condition_settings import ConditionSettings
from ganvas.recipes.parts import FAMILIES, kind_of
from ganvas.recipes.reading import from_plain

LEAST_TOGETHER = 2
"""Images that go through a network at a time: BatchNorm needs a variance."""

MOST_SAMPLES = 50_000
"""Samples of an evaluation during training: they are held while it trains."""


@dataclass(frozen=True)
class Data:
    """What to train on.

    source: a built-in name, a folder, an archive, an idx or npz file.
    split: ``train``, ``test``, ``all`` or positions such as ``0:50000``.
    size: the shorter side in pixels, or [height, width]; None keeps the images' own.
    channels: 1 or 3; None decides by what the images are.
    fit: how images become one shape: ``keep`` (the set's own aspect ratio), ``crop``, ``pad`` or
        ``stretch`` (to a square).
    white: the value, in the files, that becomes white, such as 4095 of 12 bits in 16-bit files;
        None takes the largest that the files could hold.
    limit: use the first so many images; None uses all.
    flip: mirror half of the images drawn.
    shuffle: a new order each epoch.
    """

    source: str = "mnist"
    split: str = "train"
    size: int | tuple[int, int] | None = None
    channels: int | None = None
    fit: Literal["keep", "crop", "pad", "stretch"] = "keep"
    white: int | None = None
    limit: int | None = None
    flip: bool = False
    shuffle: bool = True


@dataclass(frozen=True)
class Every:
    """How often a run writes something, in images seen; each is 1 or more.

    log: images from one log line to the next.
    samples: images from one sample grid to the next.
    checkpoint: images from one checkpoint to the next.
    """

    log: int = 2_000
    samples: int = 20_000
    checkpoint: int = 100_000

    def __post_init__(self) -> None:
        if min(self.log, self.samples, self.checkpoint) < 1:
            raise UsageError("every.log, every.samples and every.checkpoint must be at least 1")


@dataclass(frozen=True)
class EvaluationSettings:
    """What is measured during training, and how often.

    every: images between two evaluations, 1 or more; the first comes before training, the last at
        its end.
    features: a feature network of the table, or a registered one; ``auto`` takes the one that knows
        the data. Where none does, metrics that need features are not measured.
    metrics: names of metrics, one or more; of the usual ones, those that apply.
    count: samples, and real items, of each evaluation: from 2 to ``MOST_SAMPLES``.
    best: the figure by which the best checkpoint is kept; where metrics and this one are the usual
        ones, and there is no such figure, the first that there is.
    """

    every: int = 100_000
    features: str = "auto"
    metrics: tuple[str, ...] = ("frechet", "modes")
    count: int = 5_000
    best: str = "frechet"

    def __post_init__(self) -> None:
        if self.every < 1 or not 2 <= self.count <= MOST_SAMPLES:
            raise UsageError(
                f"evaluation.every must be at least 1, evaluation.count from 2 to {MOST_SAMPLES:,}"
            )
        if not self.metrics:
            raise UsageError(f"evaluation.metrics is empty: choose some of {', '.join(METRICS)}")
        for name in self.metrics:
            if name not in METRICS:
                raise UsageError(f"evaluation.metrics: {unknown_metric(name, METRICS)}")
        networks = ("auto", *FEATURES)
        if self.features not in networks:
            text = unknown(self.features, networks, "feature network")
            raise UsageError(f"evaluation.features: {text}")

    @property
    def usual(self) -> bool:
        """Whether nobody said what to measure, and by what to choose the best."""
        usual = EvaluationSettings
        return (self.metrics, self.best) == (usual.metrics, usual.best)


@dataclass(frozen=True)
class Recipe:
    """All that a run is made of; every field may be overridden from the command line or YAML::

        register(
            Recipe(
                "small-digits",
                networks={"generator": "compact", "discriminator": {"kind": "dcgan", "width": 24}},
                sources={"train": Data("mnist")},
                images=300_000,
            )
        )

    What is left to the machine (device, precision, threads, compile) a short trial decides where a
    rule cannot.

    name: of the recipe, and of a run's folder.
    networks: the settings of each network, by its role in the game; or its kind, alone or with
        settings, as in a file: ``{"generator": "dcgan"}``, ``{"generator": {"kind": "dcgan",
        "width": 24}}``.
    images: total images seen, rounded up to whole batches.
    sources: what to train on, by the names that the game gives its sources; one that is left out
        is the usual ``Data``.
    game: which losses the networks play for, and in which turns; or its kind, in the same way.
    condition: what the networks are conditioned on, such as the class; None for nothing.
    start: a run whose weights to begin with; None begins with new ones.
    freeze: layers of a discriminator, from the images on, that stay as they are (FreezeD, Mo et al.
        2020); 0 trains all.
    optimisers: the settings of each player's optimiser, by the player's name; a player that is left
        out has the usual ``Adam``, or that of another player, if the game says so.
    half_life: of the EMA copies that the game keeps, as a rule of the generator, in images; None
        keeps no copy.
    augment: changes all images that the discriminator is given; None changes none.
    strength: of the augmentation, the probability of each transformation from 0 to 1: a number, a
        schedule, or ``adaptive``.
    clip_gradient: the largest norm that a player's gradient may have, more than 0; None leaves
        gradients as they are.
    batch: images a turn.
    accumulate: micro-batches that a batch is cut into; it must divide by their number.
    minutes: stop when so many are over, even before ``images``; None sets no limit.
    fit_minutes: where there are minutes, shorten the run once to what they allow: after their first
        tenth its total, and with it the end of every schedule that ends with the total, becomes
        what will have been seen by then; ``images`` is the most.
    seed: of everything random.
    device: where to play; ``auto`` takes a GPU where there is one.
    precision: of the losses; ``auto`` is decided here.
    memory_format: of images and feature maps; ``auto`` is channels-last.
    threads: CPU threads; None is decided here.
    compile: record whole rounds as CUDA graphs; None is decided here.
    every: how often a run writes something.
    evaluation: what is measured during training; None measures nothing.
    keep: newest checkpoints kept, 1 or more, beside the best.
    """

    name: str
    networks: Mapping[str, Any]
    images: int
    sources: Mapping[str, Data] = field(default_factory=dict)
    game: GameSettings = field(default_factory=GAN)
    condition: ConditionSettings | None = None
    start: str | None = None
    freeze: int = 0
    optimisers: Mapping[str, OptimiserSettings] = field(default_factory=dict)
    half_life: Schedule | None = None
    augment: Augment | None = None
    strength: Schedule | Adaptive = 1.0
    clip_gradient: float | None = None
    batch: int = 64
    accumulate: int = 1
    minutes: float | None = None
    fit_minutes: bool = False
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    memory_format: MemoryFormat = "auto"
    threads: int | None = None
    compile: bool | None = None
    every: Every = field(default_factory=Every)
    evaluation: EvaluationSettings | None = None
    keep: int = 3

    def __post_init__(self) -> None:
        self._read_names()
        self._check_ranges()
        self._check_batch()
        players = self.game.players.items()
        self._put_in_order("networks", dict.fromkeys(self.game.roles))
        # Only the usual source has a usual place: another one would be trained on unasked.
        self._put_in_order(
            "sources", {name: Data() if name == "train" else Data("") for name in self.game.sources}
        )
        self._put_in_order(
            "optimisers", {name: Adam() if other is None else None for name, other in players}
        )
        self._check_networks()
        self._check_used()

    @property
    def latent(self) -> int:
        """How many numbers a latent has; 0 where samples are made of something else."""
        return getattr(self.networks[self.game.samples_by], "latent", 0)

    @property
    def data(self) -> Data:
        """The main source."""
        return self.sources[self.game.sources[0]]

    def optimiser(self, player: str) -> OptimiserSettings:
        """The settings of a player's optimiser: its own, or those of the player whose it takes."""
        own, other = self.optimisers.get(player), self.game.players[player]
        if own is not None:
            return own
        assert other is not None
        return self.optimiser(other)

    def _read_names(self) -> None:
        """Make a game and networks of the names that may stand for them.

        Raises:
            UsageError: an unknown name, or settings that cannot be.
        """
        if isinstance(self.game, str | Mapping):
            object.__setattr__(self, "game", from_plain(GameSettings, self.game, "game"))
        networks = dict(self.networks)
        for name, role in self.game.roles.items():
            if isinstance(networks.get(name), str | Mapping):
                networks[name] = from_plain(role.family, networks[name], name)
        object.__setattr__(self, "networks", networks)

    def _put_in_order(self, mapping: str, usual: Mapping[str, Any]) -> None:
        """Bring one of the mappings into the game's order, with what is usual where it lacks
        something; what is None is left out.

        Raises:
            UsageError: it has a name that the game does not know.
        """
        given: Mapping[str, Any] = getattr(self, mapping)
        for name in given:
            if name not in usual:
                what = f"name in {mapping} of the game {kind_of(self.game)}"
                raise UsageError(unknown(name, usual, what))
        whole = {name: given.get(name) or each for name, each in usual.items()}
        known = {name: each for name, each in whole.items() if each is not None}
        object.__setattr__(self, mapping, known)

    def _check_networks(self) -> None:
        for name, role in self.game.roles.items():
            if name not in self.networks:
                kinds = ", ".join(FAMILIES.get(role.family, ()))
                raise UsageError(
                    f"the game {kind_of(self.game)} needs `{name}.kind`: one of {kinds}"
                )

    def _check_used(self) -> None:
        """Nothing is set that would change nothing."""
        if self.half_life is not None and not set(self.game.averaged) & set(self.game.players):
            raise UsageError(
                f"the game {kind_of(self.game)} keeps no EMA copy: set `half_life=null`"
            )
        if self.augment is None and self.strength != 1.0:
            raise UsageError(
                "strength is of an augmentation, and there is none: set `augment.kind=diffaugment` "
                "or ada, or `strength=1`"
            )

    def _check_ranges(self) -> None:
        if self.images < 1 or self.batch < 1 or self.accumulate < 1:
            raise UsageError("images, batch and accumulate must be at least 1")
        if self.keep < 1:
            raise UsageError("keep must be at least 1")
        if self.freeze < 0:
            raise UsageError("freeze must be 0 or more")
        if self.threads is not None and self.threads < 1:
            raise UsageError("threads must be at least 1")
        if self.clip_gradient is not None and not self.clip_gradient > 0:
            raise UsageError("clip_gradient must be more than 0")
        if self.minutes is not None and not self.minutes > 0:
            raise UsageError("minutes must be more than 0")

    def _check_batch(self) -> None:
        if self.batch % self.accumulate:
            raise UsageError(f"batch {self.batch} does not divide by accumulate {self.accumulate}")
        together = self.batch // self.accumulate
        if together % self.game.multiple:
            raise UsageError(
                f"batch {together} does not divide by the {self.game.multiple} images that the "
                f"discriminator sees together (game.pack)"
            )
        if together < LEAST_TOGETHER:
            raise UsageError(
                f"BatchNorm needs at least {LEAST_TOGETHER} images at a time: raise batch"
            )
