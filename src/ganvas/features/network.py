"""What a feature network is: a function of items that says where it came from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.domains import DOMAINS, Domain
from ganvas.errors import UsageError, UserError

BICUBIC = "bicubic, antialiased, in float"


class Reading(NamedTuple):
    """Features [N, d] and, where the network classifies, logits [N, K]."""

    features: Tensor
    logits: Tensor | None = None


@dataclass(frozen=True)
class Origin:
    """What a figure must say of the network it was measured with.

    name: of the network.
    version: of the network.
    hash: "sha256:…" of its weights.
    size: (height, width) at which it reads images; None for their own, and for other items.
    resize: the rule by which images get that size.
    classes: what its logits stand for; empty where it does not classify.
    """

    name: str
    version: str
    hash: str
    size: tuple[int, int] | None
    resize: str
    classes: tuple[str, ...] = ()


class FeatureNetwork(nn.Module):
    """Items in network form [N, ...] to a ``Reading``; in evaluation mode.

    Of images these are float [N, C, H, W] in [-1, 1], of any size.

    Args:
        origin: where it comes from.
        read: items, of which images have the network's size, to a Reading.
        channels: 1 or 3 where it takes no other images; grey is repeated for a network of 3.
        smooth: whether gradients and small differences of items pass through ``read``.
        reads: the name of the domain whose items it reads; None for whatever it is given.
    """

    def __init__(
        self,
        origin: Origin,
        read: Callable[[Tensor], Reading],
        channels: int | None = None,
        *,
        smooth: bool = True,
        reads: str | None = "image",
    ) -> None:
        super().__init__()
        self.origin = origin
        self.channels = channels
        self.smooth = smooth
        self.reads = reads
        self._read = read
        self.eval().requires_grad_(False)

    @property
    def name(self) -> str:
        """The network's name, as an evaluation states it."""
        return self.origin.name

    def check_reads(self, domain: Domain) -> None:
        """Raise UsageError unless the network reads such items."""
        if self.reads not in (None, domain.name):
            kind = DOMAINS.get(str(self.reads))
            raise UsageError(
                f"the feature network {self.name} reads {kind.noun if kind else self.reads}, and "
                f"these are {domain.noun}: choose another with `features`"
            )

    def forward(self, items: Tensor) -> Reading:
        """Items in network form [N, ...] to features [N, d] and logits [N, K] or None.

        Raises:
            UsageError: colour images for a network that reads grey ones.
        """
        items = fit_channels(items, self.channels, self.name)
        if self.origin.resize == BICUBIC and self.origin.size is not None:
            items = resize(items, self.origin.size)
        return self._read(items)


def fit_channels(images: Tensor, channels: int | None, name: str) -> Tensor:
    """Grey images [N, 1, H, W] repeated for a network of three channels; other images as they are.

    Raises:
        UsageError: colour images for a network of one channel.
    """
    if channels is None or images.shape[1] == channels:
        return images
    found = images.shape[1]
    if found == 1:
        return images.expand(-1, channels, -1, -1)
    wanted = "grey images" if channels == 1 else f"images of {channels} channels"
    raise UsageError(
        f"the feature network {name} reads {wanted}, and these have {found} channels: "
        f"choose another with `features`, such as efficientnet-lite0 or pixels"
    )


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images [N, C, H, W] in [-1, 1] at another size; images of that size are left as they are.

    Bicubic, antialiased, in float, clamped to [-1, 1]: the rule of Parmar et al. 2022.
    """
    if images.shape[2:] == size:
        return images
    return F.interpolate(images, size, mode="bicubic", antialias=True).clamp(-1, 1)


def file_hash(path: Path) -> str:
    """The text "sha256:…" of a file's bytes."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def check_hash(path: Path, expected: str) -> str:
    """The file's hash.

    Raises:
        UserError: there is no file, or its hash does not begin with ``expected``.
    """
    try:
        found = file_hash(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): install again") from None
    if not found.startswith(expected):
        raise UserError(
            f"{path} is damaged or is another file: its hash is {found[:23]}…, not "
            f"{expected[:23]}…; delete it and put the right one there"
        )
    return found


def to_float(pixels: Tensor) -> Tensor:
    """Pixels uint8, 0 to 255, to float32 in [-1, 1]."""
    return pixels.to(torch.float32).div(127.5).sub(1)
