"""What a feature network reads in real items, kept on disk: they are the same every time."""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ganvas.cache import cache_path
from ganvas.disk import replace_file
from ganvas.features import FeatureNetwork, Reading, extract
from ganvas.features.extract import ToNetwork
from ganvas.features.feature_table import BUILT_IN
from ganvas.features.network import to_float


def cached_reading(
    name: str,
    network: FeatureNetwork,
    items: Tensor,
    progress: Callable[[int, int], None] | None,
    to_network: ToNetwork = to_float,
) -> Reading:
    """The network's reading of items known by ``name``, from the cache folder where it is there.

    A network of the user's own is always asked: its file's hash may not tell all it depends on.

    Args:
        name: tells these items from all others.
        network: reads them.
        items: in stored form [N, ...]; images are uint8 [N, C, H, W].
        progress: called with (done, total) while they are read.
        to_network: as for ``extract``.
    """
    if network.name not in BUILT_IN:
        return extract(network, items, progress, to_network)
    digest = hashlib.sha256(f"{name} {network.origin}".encode()).hexdigest()
    path = cache_path("features", f"{digest[:32]}.safetensors")
    found = _load(path, len(items))
    if found is not None:
        return found
    found = extract(network, items, progress, to_network)
    tensors = {"features": found.features}
    if found.logits is not None:
        tensors["logits"] = found.logits
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        replace_file(path, save(tensors, {"sha256": _hash(tensors)}))
    return found


def _load(path: Path, count: int) -> Reading | None:
    """What the cache holds of ``count`` items, if it is whole."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            digest = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError):
        return None
    if "features" not in tensors or len(tensors["features"]) != count or digest != _hash(tensors):
        return None
    return Reading(tensors["features"], tensors.get("logits"))


def _hash(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].contiguous().numpy().data)
    return digest.hexdigest()
