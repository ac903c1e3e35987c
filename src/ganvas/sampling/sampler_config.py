"""A sampler or translator from what its ``config`` gave, and its network."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from ganvas import domains
from ganvas.sampling import conditions
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.sampler import Sampler
from ganvas.sampling.translator import Translator


def from_config(config: Mapping[str, Any], network: nn.Module) -> Sampler | Translator:
    """What ``Sampler.config`` or ``Translator.config`` described, also after a journey through
    JSON, around its network; a translator without items.

    Raises:
        KeyError: the config lacks something.
    """
    domain = domains.from_plain(config["domain"])
    if config["kind"] == "translator":
        return Translator(network, domains.from_plain(config["takes"]), domain)
    plain = config["conditions"]
    known = None if plain is None else conditions.from_plain(plain)
    return Sampler(network, domain, LatentSpace(config["latent"]), known)
