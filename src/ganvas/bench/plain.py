"""The loop that tutorials print, with a recipe's networks, loss and penalties: to compare with."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from torch.optim import Optimizer
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as MapStyle
from torchvision import transforms

from ganvas.data import Dataset
from ganvas.engine.game import Turn
from ganvas.engine.schedule import at
from ganvas.errors import UsageError
from ganvas.games.gan import GAN
from ganvas.games.parts.augmentation import Adaptive, DiscriminatorAugmentation
from ganvas.games.parts.augmented_discriminator import AugmentedDiscriminator
from ganvas.games.parts.penalty import require_slopes
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.parts import kind_of
from ganvas.recipes.recipe import Recipe

OWN_OPERATORS = {"r3gan", "resnet", "style", "progressive", "projected", "fastgan"}
"""Kinds of networks with layers that are not PyTorch's under a faster form."""

MOST = 10_000
"""Images it uses: the first so many, or one batch if that is more."""

NOT_AUGMENTED = AugmentedDiscriminator(DiscriminatorAugmentation(None, 1.0))
"""How penalties get images here, which are augmented before."""


class Items(MapStyle[Tensor]):
    """Items of any kind, in network form from the start."""

    def __init__(self, dataset: Dataset, flip: bool, most: int = MOST) -> None:
        self.items = dataset.domain.to_network(dataset.pixels[:most])

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Tensor:
        return self.items[index]


class Pictures(MapStyle[Tensor]):
    """PIL images, each converted and normalised when its turn comes, as torchvision's data sets do
    it."""

    def __init__(self, dataset: Dataset, flip: bool, most: int = MOST) -> None:
        pixels = dataset.pixels[:most].permute(0, 2, 3, 1).contiguous().numpy()
        self.arrays = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
        half = [0.5] * dataset.shape[0]
        steps = [transforms.ToTensor(), transforms.Normalize(half, half)]
        self.transform = transforms.Compose(
            [transforms.RandomHorizontalFlip(), *steps] if flip else steps
        )

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(Image.fromarray(self.arrays[index]))  # pyright: ignore[reportReturnType]


LOADED = {"image": Pictures}
"""How a tutorial loads items of a domain, by its name; others as ``Items``."""


class PlainDraw:
    """The noise that a penalty asks for, from PyTorch's default generator."""

    def __init__(self, count: int, device: torch.device) -> None:
        self.count, self.device = count, device

    def uniform(self, _: str, *shape: int) -> Tensor:
        """Numbers from 0 to 1, [count, *shape]."""
        return torch.rand(self.count, *shape, device=self.device)

    def normal(self, _: str, *shape: int) -> Tensor:
        """Standard normal numbers, [count, *shape]."""
        return torch.randn(self.count, *shape, device=self.device)


class PlainLoop:
    """float32, contiguous, PyTorch's own layers, a DataLoader, its default optimiser; no network is
    frozen.

    Each round it plays the moves of the recipe's game. It keeps no EMA copy and cuts no batch
    into micro-batches; schedules stay where they begin.

    Args:
        recipe: its networks, loss and penalties.
        dataset: its first ``MOST`` images are played with.
        device: where.
        workers: processes of its DataLoader; 0 loads in this one.

    Raises:
        UsageError: it does not know how to play the recipe: ask ``playable`` first.
    """

    def __init__(
        self, recipe: Recipe, dataset: Dataset, device: torch.device, workers: int = 0
    ) -> None:
        self.game, self.recipe, self.device = playable(recipe), recipe, device
        networks = build_networks(recipe, {"train": dataset.shape})
        self.generator, self.discriminator = (
            plain_form(networks[name]).to(device) for name in ("generator", "discriminator")
        )
        self.g_optimiser, self.d_optimiser = (
            recipe.optimisers[name].plain(list(network.parameters()))
            for name, network in (
                ("generator", self.generator),
                ("discriminator", self.discriminator),
            )
        )
        self.loss = self.game.adversarial
        load = LOADED.get(dataset.domain.name, Items)
        loader = DataLoader(
            load(dataset, recipe.data.flip, max(MOST, recipe.batch)),
            recipe.batch,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=device.type == "cuda",
        )
        self.reals = _endless(loader)
        self.rounds = 0
        self.losses = (0.0, 0.0)

    def round(self) -> None:
        """Play the discriminator's turns, then the generator's; read both losses."""
        for turn in range(self.game.critic_turns):
            real = next(self.reals).to(self.device)
            fake = self.create(len(real))
            self.d_optimiser.zero_grad()
            d_loss = self.discriminator_loss(real, fake.detach())
            d_loss.backward()
            self._step(self.discriminator, self.d_optimiser)
            if turn + 1 == self.game.critic_turns:
                self.losses = d_loss.item(), self._generator_turn(real, fake)
        self.rounds += 1

    def create(self, count: int) -> Tensor:
        """Fakes [count, C, H, W] from fresh noise."""
        return self.generator(torch.randn(count, self.recipe.latent, device=self.device))

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """The loss of a batch with every penalty that is due in this round, one number."""
        real, fake = self._augmented(real), self._augmented(fake)
        due = [p for p in self.game.penalties if self.rounds % p.every == 0]
        turn = self._turn(len(real))
        reals, fakes = NOT_AUGMENTED.inputs(turn, real, fake)
        require_slopes(due, reals, fakes)
        scores = self.discriminator(real), self.discriminator(fake)
        total = self.game.score_weight * self.loss.discriminator(*scores).mean()
        for penalty in due:
            value = penalty.value(turn, reals, fakes, scores)
            total = total + at(penalty.weight, 0) * penalty.every * value.mean()
        return total

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """The loss of a batch, one number."""
        fake_scores = self.discriminator(self._augmented(fake))
        real_scores = fake_scores
        if self.loss.needs_reals:
            real_scores = self.discriminator(self._augmented(real))
        return self.loss.generator(real_scores, fake_scores).mean()

    def _generator_turn(self, real: Tensor, fake: Tensor) -> float:
        self.g_optimiser.zero_grad()
        if not self.game.reuse_fakes:
            fake = self.create(len(real))
        loss = self.generator_loss(real.detach(), fake)
        loss.backward()
        self._step(self.generator, self.g_optimiser)
        return loss.item()

    def _step(self, network: nn.Module, optimiser: Optimizer) -> None:
        if self.recipe.clip_gradient is not None:
            nn.utils.clip_grad_norm_(network.parameters(), self.recipe.clip_gradient)
        optimiser.step()
        if network is self.discriminator and self.game.weight_clip is not None:
            with torch.no_grad():
                for weights in network.parameters():
                    weights.clamp_(-self.game.weight_clip, self.game.weight_clip)

    def _augmented(self, images: Tensor) -> Tensor:
        if self.recipe.augment is None:
            return images
        strength = at(self.recipe.strength, 0)  # pyright: ignore[reportArgumentType]
        return self.recipe.augment(images, PlainDraw(len(images), self.device).uniform, strength)

    def _turn(self, count: int) -> Turn:
        """As much of a turn as a penalty looks at."""
        draw = PlainDraw(count, self.device)
        return Turn(draw, {"discriminator": self.discriminator}, {}, {}, {}, lambda _, make: make())  # pyright: ignore[reportArgumentType]


def plain_form(network: nn.Module) -> nn.Module:
    """The network, in place, with PyTorch's own class for each layer that only makes one faster.

    Such a layer has the name of the class that it extends. What any other layer that is not
    PyTorch's hands on is made contiguous.
    """
    for module in network.modules():
        module.__class__ = _plain_class(type(module))
        foreign = not type(module).__module__.startswith("torch.")
        if foreign and not any(True for _ in module.children()) and not is_parametrized(module):
            module.register_forward_hook(lambda _, args, out: out.contiguous())
    return network


def _plain_class(kind: type) -> type:
    if kind.__name__.startswith("Parametrized"):  # made by torch for this one layer
        own = {k: v for k, v in vars(kind).items() if k not in ("__dict__", "__weakref__")}
        return type(kind.__name__, (_plain_class(kind.__bases__[0]),), own)
    known = getattr(nn, kind.__name__, None)
    return known if isinstance(known, type) and issubclass(kind, known) else kind


def playable(recipe: Recipe) -> GAN:
    """The game of a recipe that a plain loop can play.

    Raises:
        UsageError: it is another game, or one with more in it than losses and penalties.
    """
    game = recipe.game
    simple = type(game) is GAN and game == replace(
        game,
        terms=(),
        pack=1,
        unrolled=None,
        warm_up=None,
        fresh_reals=False,
        lazy="together",
    )
    more = recipe.condition is not None or isinstance(recipe.strength, Adaptive)
    if not isinstance(game, GAN) or not simple or more or _differentiates_augmentation(recipe):
        raise UsageError("no plain loop plays this recipe: it has more than losses and penalties")
    kinds = set(map(kind_of, recipe.networks.values()))
    if kinds & OWN_OPERATORS:
        raise UsageError(
            "no plain loop plays this recipe: its networks have operators of their own"
        )
    return game


def _differentiates_augmentation(recipe: Recipe) -> bool:
    penalties = recipe.game.penalties if isinstance(recipe.game, GAN) else ()
    return recipe.augment is not None and any(each.through == "images" for each in penalties)


def _endless(loader: DataLoader[Tensor]) -> Iterator[Tensor]:
    while True:
        yield from loader
