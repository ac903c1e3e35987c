"""Every registered network, small: its settings in each form, and what it is called with."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import product
from typing import Any

import pytest
import torch
from _pytest.mark import ParameterSet
from torch import Tensor, nn

from ganvas.features.projected import ProjectedDiscriminator
from ganvas.networks.autoencoder import CompactAutoencoder
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.networks.dcgan import DCGANDiscriminator
from ganvas.networks.fastgan import FastGANGenerator
from ganvas.networks.mlp import MLPDiscriminator, MLPGenerator
from ganvas.networks.protocols import conditional, takes_conditions
from ganvas.networks.r3gan import R3GANDiscriminator, R3GANGenerator
from ganvas.networks.resnet import ResNetDiscriminator, ResNetGenerator
from ganvas.recipes.parts import DISCRIMINATORS, ENCODERS, GENERATORS

SHAPE = (3, 16, 16)

LATENT = 8

CONDITIONS = 3

SMALL: dict[str, Any] = {
    "latent": LATENT,
    "width": 4,
    "widest": 8,
    "hidden": 8,
    "intermediate": 8,
    "depth": 2,
    "widths": (8, 4),
    "blocks": 1,
}
"""Settings that make a network small, for those that have them."""

FORMS: dict[type, list[dict[str, Any]]] = {
    CompactAutoencoder: [{"norm": "batch"}],
    CompactGenerator: [{}, {"condition": "concatenation"}],
    CompactDiscriminator: [
        {},
        {"condition": "concatenation"},
        {"condition": "classifier"},
        {"diversity": "deviation"},
        {"diversity": "discrimination"},
    ],
    DCGANDiscriminator: [{"norm": "batch"}, {"norm": "spectral"}],
    FastGANGenerator: [{"spectral": True, "sphere": True}],
    MLPGenerator: [{"codes": 4}],
    MLPDiscriminator: [{"waves": 4, "deviation": True}],
    ProjectedDiscriminator: [{"size": 32}],
    R3GANGenerator: [{"group": 4}],
    R3GANDiscriminator: [{"group": 4}],
    ResNetGenerator: [{"attention": 8, "norm": "spectral"}],
    ResNetDiscriminator: [{"attention": 8}],
}
"""Forms beside the usual one, or in place of it, that compute in another way."""


def cases(table: dict[str, type]) -> Iterator[ParameterSet]:
    """Settings of each kind in each of its forms, without conditions and with them."""
    for kind, part in table.items():
        small = {field.name: SMALL[field.name] for field in fields(part) if field.name in SMALL}
        counts = (0, CONDITIONS) if table is not ENCODERS and conditional(part) else (0,)
        for form, count in product(FORMS.get(part, [{}]), counts):
            if count or "condition" not in form:
                yield pytest.param(part(**small | form), count, id=f"{kind}-{count}-{form}")


EVERY = [case for table in (GENERATORS, DISCRIMINATORS, ENCODERS) for case in cases(table)]
"""Arguments of a test: settings, and how many conditions to build them with."""


def build(settings: Any, conditions: int) -> nn.Module:
    """A generator or discriminator of images of ``SHAPE``, or an encoder of them."""
    if type(settings) in ENCODERS.values():
        return settings.build(SHAPE, LATENT)
    return settings.build(SHAPE, *([conditions] if conditions else []))


def inputs(settings: Any, network: nn.Module, count: int) -> tuple[Tensor, ...]:
    """``count`` latents or images, and conditions for a network that takes any."""
    size = (settings.latent,) if hasattr(settings, "latent") else SHAPE
    rows = torch.eye(CONDITIONS)[torch.arange(count) % CONDITIONS]
    return (torch.randn(count, *size), *([rows] if takes_conditions(network) else []))
