"""A network of the user's own: module:callable."""

import hashlib
import sys

import pytest
import torch

from ganvas.errors import UsageError
from ganvas.features import extract, load_features

SOURCE = """
import torch

VERSION = 3

def means(images):
    return images.mean((2, 3))

def both(images):
    return images.mean((2, 3)), images.flatten(1)

def scalar(images):
    return images.mean()

def too_few(images):
    return images[1:].mean((2, 3))

class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(2.0))
        self.drop = torch.nn.Dropout()

    def forward(self, images):
        return self.drop(self.weight * images.flatten(1))

scaled = Scaled()
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my_features.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("my_features", None)


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (6, 3, 5, 7), generator=generator, dtype=torch.uint8)


def test_a_function_reads_images_as_they_are(here, images):
    path = list(sys.path)
    network = load_features("my_features:means")
    assert sys.path == path
    found = extract(network, images)
    expected = (images.float() / 127.5 - 1).mean((2, 3))
    torch.testing.assert_close(found.features, expected)
    assert found.logits is None
    digest = hashlib.sha256((here / "my_features.py").read_bytes()).hexdigest()
    assert network.origin.hash == f"sha256:{digest}"
    assert network.name == "my_features:means" and network.origin.size is None


def test_a_pair_is_features_and_logits(here, images):
    found = extract(load_features("my_features:both"), images)
    assert found.features.shape == (6, 3) and found.logits.shape == (6, 105)


def test_a_module_is_put_into_evaluation_mode_and_its_weights_are_found(here, images):
    network = load_features("my_features:scaled")
    assert len(list(network.parameters())) == 1  # so that it moves to a device
    found = extract(network, images)
    torch.testing.assert_close(found.features, 2 * (images.float() / 127.5 - 1).flatten(1))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:f", "No module named 'no_such_module'"),
        ("my_features:f", "has no attribute 'f'"),
        (":f", "Empty module name"),
        ("my_features:VERSION", "`features=my_features:VERSION` is not callable"),
    ],
)
def test_what_cannot_be_called_is_refused(here, name, words):
    with pytest.raises(UsageError, match=words):
        load_features(name)


def test_a_function_of_a_file_is_hashed_and_read_anew_once_it_changed(here, images):
    path = here / "below" / "mine.py"
    path.parent.mkdir()
    path.write_text("def level(images):\n    return images.mean((2, 3))\n")
    name = f"{path}:level"
    first = load_features(name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (first.name, first.origin.hash, first.reads) == (name, f"sha256:{digest}", None)
    path.write_text("def level(images):\n    return 2 * images.mean((2, 3))\n")
    second = load_features(name)
    assert second.origin.hash != first.origin.hash
    torch.testing.assert_close(
        extract(second, images).features, 2 * extract(first, images).features
    )
    path.write_text("x = 1\ny = nothing\n")
    with pytest.raises(UsageError, match=r"NameError: .* \(mine\.py, line 2: y = nothing"):
        load_features(name)
    with pytest.raises(UsageError, match=r"no_such\.py"):
        load_features("no_such.py:level")


@pytest.mark.parametrize("name", ["scalar", "too_few"])
def test_what_is_not_features_is_refused(here, images, name):
    with pytest.raises(
        UsageError, match=rf"`features=my_features:{name}` must return features \[N, d\]"
    ):
        extract(load_features(f"my_features:{name}"), images)
