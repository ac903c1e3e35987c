"""What a network must be able to do, by name; and what it may say of itself.

Networks are called with tensors: N items, C channels, H x W pixels, K numbers of a condition. The
interfaces here are structural: a network that has the methods of one implements it, a user's own
module too, which need not inherit from anything. ``implements`` asks whether it does.

What its methods do not say, a layer declares as an attribute of its class, such as
``couples_batch = True``, and a function of the same name asks all layers of a network. PyTorch's
own layers can declare nothing: they stand in a list here.
"""

import inspect
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeGuard, TypeVar

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrizations

from ganvas.networks.shape import Shape


class ScoresAndLogits(NamedTuple):
    """The output of a discriminator with a classifier: scores [N], and logits [N, K] of conditions.

    Both are unbounded.
    """

    scores: Tensor
    logits: Tensor


class Generator(Protocol):
    """From latents to images."""

    def __call__(self, latents: Tensor, conditions: Tensor | None = None, /) -> Tensor:
        """Latents [N, L], and conditions [N, K] where it has any, to images [N, C, H, W].

        Images of data lie in [-1, 1]; a generator without a bound may leave that range a little.
        """
        ...


class Discriminator(Protocol):
    """From images to scores, which are unbounded and never probabilities."""

    def __call__(
        self, images: Tensor, conditions: Tensor | None = None, /
    ) -> Tensor | ScoresAndLogits:
        """Images [N, C, H, W] in [-1, 1], and conditions [N, K] where it has any, to scores.

        These are [N], or [N, ...] where an image has several; losses reduce all axes but the first.
        """
        ...


class Encoder(Protocol):
    """From images to where their latents lie."""

    def __call__(self, images: Tensor, /) -> Tensor:
        """Images [N, C, H, W] in [-1, 1] to [N, 2 * L]: means of latents, then log-variances."""
        ...


class Translator(Protocol):
    """From images of one kind to images of another."""

    def __call__(self, images: Tensor, /) -> Tensor:
        """Images [N, C, H, W] in [-1, 1] to images of the other kind's shape."""
        ...


class Truncatable(Protocol):
    """A generator that trades variety for quality in a way of its own."""

    def truncated(self, latents: Tensor, psi: float, conditions: Tensor | None = None, /) -> Tensor:
        """Latents [N, L] to images [N, C, H, W]; psi 1 changes none, 0 gives one image for all."""
        ...


class Styled(Protocol):
    """A generator with intermediate latents w, one [N, W] for each of its S layers."""

    def ws(self, latents: Tensor, conditions: Tensor | None = None, /) -> Tensor:
        """Latents [N, L], and conditions [N, K] where it has any, to [N, S, W]."""
        ...

    def synthesis(self, ws: Tensor, /) -> Tensor:
        """Intermediate latents [N, S, W] to images [N, C, H, W]."""
        ...


class AveragingStyles(Styled, Protocol):
    """A generator that keeps an average of w. Games move it, by what they observed of their fakes
    (``games/parts/fakes.py``)."""

    def follow(self, ws: Tensor, /) -> None:
        """Move the average by the w [N, W] of the images of one turn."""
        ...


class Autoencoding(Protocol):
    """A network that reconstructs images, such as the discriminator of BEGAN and EBGAN."""

    def __call__(self, images: Tensor, /) -> Tensor:
        """Images [N, C, H, W] in [-1, 1] to the same shape: ``decode`` of what ``encode`` gives."""
        ...

    def encode(self, images: Tensor, /) -> Tensor:
        """Images [N, C, H, W] in [-1, 1] to features [N, D]."""
        ...

    def decode(self, features: Tensor, /) -> Tensor:
        """Features [N, D] to images [N, C, H, W], unbounded."""
        ...


class FeatureDiscriminator(Protocol):
    """A discriminator whose last features may be looked at; see ``features_and_head``."""

    def features_and_head(self) -> tuple[nn.Module, nn.Module]:
        """Modules from images to features [N, ...], and from features to scores [N, ...].

        Both take conditions [N, K] beside their input where the network has any.
        """
        ...


class Growing(Protocol):
    """A network of several resolutions, which are trained one after another (progressive GAN).

    growth: the stage reached [], 0 to ``stages`` - 1; between s - 1 and s, stage s is faded in.
    """

    growth: Tensor

    @property
    def stages(self) -> int:
        """How many resolutions there are; each doubles the one before."""
        ...

    def at(self, stage: int, /) -> nn.Module:
        """The same weights as far as this stage, with images of its resolution."""
        ...


class Conditioned(nn.Module):
    """A layer whose ``forward`` takes (input, conditions [N, K])."""


class GeneratorSettings(Protocol):
    """A generator's settings::

    @register(kind="one-layer")
    @dataclass(frozen=True)
    class OneLayer:
        latent: int = 16

        def build(self, shape):
            layer = nn.Linear(self.latent, math.prod(shape))
            return nn.Sequential(layer, nn.Tanh(), nn.Unflatten(1, shape))
    """

    @property
    def latent(self) -> int:
        """L, the number of numbers in a latent; at least 1."""
        ...

    def build(self, shape: Shape) -> nn.Module:
        """A ``Generator`` of images of this shape; settings that are ``conditional`` take
        ``build(shape, conditions)``, with K, or 0 for none."""
        ...


class DiscriminatorSettings(Protocol):
    """A discriminator's settings::

    @register(kind="one-score")
    @dataclass(frozen=True)
    class OneScore:
        def build(self, shape):
            return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 1))
    """

    def build(self, shape: Shape) -> nn.Module:
        """A ``Discriminator`` of images of this shape; settings that are ``conditional`` take
        ``build(shape, conditions)``, with K, or 0 for none."""
        ...


class EncoderSettings(Protocol):
    """An encoder's settings."""

    def build(self, shape: Shape, latent: int) -> nn.Module:
        """An ``Encoder`` from images of this shape to latents of L = ``latent`` numbers."""
        ...


class TranslatorSettings(Protocol):
    """A translator's settings."""

    def build(self, from_shape: Shape, to_shape: Shape) -> nn.Module:
        """A ``Translator`` from images of one shape to images of another."""
        ...


P = TypeVar("P")

COUPLES_BATCH = (_BatchNorm,)
"""PyTorch's layers through which, in training, the images of a batch depend on each other."""

MOVES_BUFFERS = (_BatchNorm, parametrizations._SpectralNorm)
"""PyTorch's layers whose buffers change in a training forward."""


def implements(network: object, interface: type[P]) -> TypeGuard[P]:
    """Whether a network has all methods and attributes that an interface of this page names, and
    those that it extends.

    Unlike ``isinstance`` it finds those that are layers of the network.
    """
    return all(hasattr(network, name) for name in _named(interface))


@cache
def _named(interface: type) -> tuple[str, ...]:
    """The methods and attributes of an interface; kept, since games ask in every turn."""
    kinds = [each for each in interface.__mro__ if each not in (Protocol, Generic, object)]
    names = {name for each in kinds for name in (*vars(each), *inspect.get_annotations(each))}
    return tuple(name for name in names if not name.startswith("_") or name == "__call__")


def couples_batch(network: nn.Module) -> bool:
    """Whether through some layer the images of a batch depend on each other in training."""
    return _declared(network, "couples_batch", COUPLES_BATCH)


def moves_buffers(network: nn.Module) -> bool:
    """Whether some layer changes its buffers in a training forward, as BatchNorm does."""
    return _declared(network, "moves_buffers", MOVES_BUFFERS)


def classifies(network: nn.Module) -> bool:
    """Whether a discriminator has a classifier of conditions: it returns ``ScoresAndLogits``."""
    return _declared(network, "classifies")


def needs_nonzero_conditions(network: nn.Module) -> bool:
    """Whether an image with a condition of zeros, such as no attribute, always scores 0."""
    return _declared(network, "needs_nonzero_conditions")


def takes_conditions(network: nn.Module) -> bool:
    """Whether some layer is ``Conditioned``: the network cannot be called without conditions."""
    return any(isinstance(layer, Conditioned) for layer in network.modules())


def layers_in_order(network: nn.Module) -> bool:
    """Whether a network's layers stand in the order in which images pass them.

    So it is unless the network declares ``layers_in_order = False``.
    """
    return getattr(network, "layers_in_order", True)


def conditional(settings: Any) -> bool:
    """Whether settings, or their class, make networks that take conditions.

    The class that has ``build`` declares ``conditional``. Where it does not, as a user's own class
    need not, ``build`` is one that takes ``conditions``.
    """
    kind = settings if isinstance(settings, type) else type(settings)
    for each in kind.__mro__:
        if "conditional" in vars(each):
            return settings.conditional
        if "build" in vars(each):  # a new ``build`` is not what the classes above it declare
            break
    return "conditions" in inspect.signature(settings.build).parameters


def features_and_head(network: nn.Module) -> tuple[nn.Module, nn.Module] | None:
    """A discriminator as its features and its head; see ``FeatureDiscriminator``.

    The head of an ``nn.Sequential`` is its last layer with weights and what follows. None for any
    other network without a method of that name, and where fewer than two layers have weights.
    """
    if implements(network, FeatureDiscriminator):
        return network.features_and_head()
    layers = list(network) if isinstance(network, nn.Sequential) else []
    weighted = [i for i, layer in enumerate(layers) if any(True for _ in layer.parameters())]
    if len(weighted) < 2 or not isinstance(network, nn.Sequential):
        return None
    return network[: weighted[-1]], network[weighted[-1] :]


def _declared(network: nn.Module, name: str, torch_layers: tuple[type, ...] = ()) -> bool:
    """Whether a layer of the network declares it, or is one of PyTorch's that would."""
    return any(getattr(layer, name, isinstance(layer, torch_layers)) for layer in network.modules())
