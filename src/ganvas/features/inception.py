"""The Inception network of the FID, by way of torch-fidelity: the one figure papers compare."""

import io
import os
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor, nn

from ganvas.cache import cache_path
from ganvas.errors import UserError
from ganvas.features.network import FeatureNetwork, Origin, Reading, check_hash

FILE = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
HASH = "sha256:6726825d"
RESIZE = "bilinear as in TensorFlow 1, not antialiased, in the network"


def inception(weights: str | Path | None = None) -> FeatureNetwork:
    """2,048 features and 1,008 classes of the 2015 Inception network, of images at 299x299.

    A Fréchet distance in these features is the FID (Heusel et al. 2017). The network resizes by
    TensorFlow 1's rule, which the published figures contain.

    Args:
        weights: the file, where it lies elsewhere than in the cache folder.

    Raises:
        UserError: torch-fidelity is not installed; the file is damaged or cannot be fetched.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError:
        raise UserError(
            "the feature network inception needs an extra: pip install 'ganvas[inception]'"
        ) from None
    path = cache_path(FILE) if weights is None else Path(os.path.expanduser(weights))
    if not path.is_file():
        if weights is not None:
            raise UserError(f"no such file: {path}; give that of {URL}")
        _fetch(path)
    digest = check_hash(path, HASH)

    class Unpickled(FeatureExtractorInceptionV3):
        """torch-fidelity would unpickle any file; this one is given an empty one of ours."""

        def load_state_dict(self, *_args, **_more):
            return None

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    network = Unpickled("inception", ["2048", "logits_unbiased"], nothing)
    saved = torch.load(path, map_location="cpu", weights_only=True)
    nn.Module.load_state_dict(network, saved)
    origin = Origin(
        "inception", "2015-12-05", digest, (299, 299), RESIZE, tuple(map(str, range(1008)))
    )
    return FeatureNetwork(origin, EightBit(network), channels=3, smooth=False)


class EightBit(nn.Module):
    """torch-fidelity's network takes uint8 and resizes by itself."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Reading:
        """Images [N, 3, H, W] in [-1, 1] to features [N, 2048] and logits [N, 1008]."""
        pixels = images.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return Reading(*self.network(pixels))


def _fetch(path: Path) -> None:
    """Download the weights to ``path``, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(part), hash_prefix=HASH[7:], progress=True)
        os.replace(part, path)
    except (OSError, RuntimeError, HTTPException) as error:
        with suppress(OSError):
            part.unlink()
        text = " ".join(str(error).split())
        raise UserError(
            f"the Inception weights could not be fetched ({text}): put {URL} at {path}, or say "
            f"`features=inception=FILE`; without it, `features=efficientnet-lite0` needs "
            f"no download (its distances are no FID)"
        ) from None
