"""Randomness as a pure function of seed, stream and position: a key in, a generator out.

No sampler and no noise source keeps state. Whatever is drawn at image ``i`` of stream ``s`` under
seed ``k`` is drawn from a generator keyed by the tuple ``(k, s, i)``, so a resumed run draws what
the uninterrupted run would have drawn, and ranks or micro-batches are slices of one global draw.
"""

import hashlib

import torch


def key(*parts: str | int) -> int:
    """A key in [0, 2^63) from a tuple of strings and integers.

    The tuple is hashed, never added up, so neighbouring seeds and streams have unrelated keys.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(*parts: str | int) -> torch.Generator:
    """A CPU generator seeded by the key of ``parts``: its draws depend on nothing else."""
    return torch.Generator("cpu").manual_seed(key(*parts))
