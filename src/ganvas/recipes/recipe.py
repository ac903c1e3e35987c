"""The recipe: a typed description that determines a run completely."""

from dataclasses import dataclass, field
from typing import Literal

from ganvas.engine.device import Device, MemoryFormat, Precision
from ganvas.engine.player import Adam
from ganvas.engine.schedule import Schedule
from ganvas.games.gan import GAN
from ganvas.games.parts.strength import Adaptive, Augment
from ganvas.games.setup import GameSettings
from ganvas.networks.protocols import DiscriminatorSettings, EncoderSettings, GeneratorSettings
from ganvas.recipes.conditions import Condition


@dataclass(frozen=True)
class Data:
    """What to train on.

    source: a built-in name, a folder, an archive, an idx or npz file. split: ``train``, ``test``,
    ``all`` or positions such as ``0:50000``. size: the shorter side in pixels, or [height, width];
    nothing keeps the images' own. channels: 1 or 3; nothing decides by what the images are. fit:
    ``keep`` (the set's own aspect ratio), ``crop``, ``pad`` or ``stretch`` (to a square). white:
    the value, in the files, that becomes white, such as 4095 of 12 bits in 16-bit files; nothing
    takes the largest that they could hold. limit: use the first so many. flip: mirror half of the
    images drawn. shuffle: a new order each epoch.
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
    """How many images lie between two log lines, sample grids and checkpoints."""

    log: int = 2_000
    samples: int = 20_000
    checkpoint: int = 100_000


@dataclass(frozen=True)
class Evaluations:
    """What is measured during training, and how often.

    every: images between two evaluations; the first comes before training, the last at its end.
    features: a feature network of the table; ``auto`` takes the one that knows the data, and
    measures nothing where none does. metrics: names of the table. count: samples, and real images,
    of each. best: the figure by which the best checkpoint is kept.
    """

    every: int = 100_000
    features: str = "auto"
    metrics: tuple[str, ...] = ("frechet", "modes")
    count: int = 5_000
    best: str = "frechet"


@dataclass(frozen=True)
class Recipe:
    """All that a run is made of; every field may be overridden from the command line or YAML.

    images: total images seen, rounded up to whole batches. minutes: stop earlier when they are
    over. fit_minutes: where there are minutes, shorten the run once to what they allow: after
    their first tenth its total, and with it the end of every schedule that ends with the total,
    becomes what will have been seen by then; ``images`` is the most. batch: images a turn;
    accumulate: micro-batches it is cut into. half_life: of the generator's EMA copy, in images;
    nothing keeps no copy. clip_gradient: largest gradient norm. condition: what both networks are
    told; nothing tells them nothing. encoder: of games that have one. start: a run whose weights to
    begin with. freeze: layers of the discriminator, from the images on, that stay as they are
    (FreezeD, Mo et al. 2020). augment: of all the discriminator sees. strength: of that, the
    probability of each transformation: a number, a schedule, or ``adaptive``. keep: checkpoints
    kept, beside the best. threads: CPU threads. compile: record whole rounds as CUDA graphs.
    evaluation: during training; nothing measures none. What is left to the machine (device,
    precision, threads, compile) a short trial decides where a rule cannot.
    """

    name: str
    generator: GeneratorSettings
    discriminator: DiscriminatorSettings
    images: int
    data: Data = field(default_factory=Data)
    game: GameSettings = field(default_factory=GAN)
    condition: Condition | None = None
    encoder: EncoderSettings | None = None
    start: str | None = None
    freeze: int = 0
    generator_optimiser: Adam = field(default_factory=Adam)
    discriminator_optimiser: Adam = field(default_factory=Adam)
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
    evaluation: Evaluations | None = None
    keep: int = 3
