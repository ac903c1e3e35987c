"""A sampler is its network, differentiable and in network form; what it finishes is for people."""

import copy
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from ganvas.domains import Image, Points
from ganvas.errors import UsageError
from ganvas.networks.compact import CompactGenerator
from ganvas.networks.style import StyleGenerator
from ganvas.sampling.conditions import Conditions
from ganvas.sampling.item_space import ItemSpace
from ganvas.sampling.latent_space import LatentSpace
from ganvas.sampling.request import Request
from ganvas.sampling.sampler import Sampler
from ganvas.sampling.sampler_base import SamplerBase
from ganvas.sampling.sampler_config import from_config
from ganvas.sampling.translator import Translator

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:FutureWarning")

SHAPE = (1, 16, 16)
CLASSES = Conditions(("cat", "dog", "cow"), True, torch.eye(3).byte(), torch.tensor([5, 1, 2]))
TRAITS = Conditions(
    ("Old", "Hat"), False, torch.tensor([[0, 0], [1, 0]]).byte(), torch.tensor([3, 1])
)


def sampler(known: Conditions | None = None, kind: type = CompactGenerator) -> Sampler:
    torch.manual_seed(0)
    network = kind(latent=6, width=4).build(SHAPE, 0 if known is None else len(known.names))
    return Sampler(network.eval(), Image(*SHAPE), LatentSpace(6), known)


@given(st.floats(-1.2, 1.2))
def test_bytes_are_the_nearest_to_the_value(value: float) -> None:
    byte = Image(1, 1, 1).finish(torch.tensor(value).view(1, 1, 1, 1)).item()
    exact = min(255.0, max(0.0, (value + 1) * 127.5))
    assert abs(byte - exact) <= 0.5 + 1e-4


@torch.no_grad()
def test_samples_are_the_composition_by_hand() -> None:
    whole = sampler()
    values = whole.network(LatentSpace(6).draw(3, 5))
    assert torch.equal(whole(LatentSpace(6).draw(3, 5)), values)
    expected = values.add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1)
    assert torch.equal(whole.sample(Request(5, seed=3)), expected)
    assert torch.equal(whole.sample(Request(seeds=[3, 8]))[0], expected[0])


@torch.no_grad()
def test_conditions_and_truncation_reach_the_network() -> None:
    whole, latents = sampler(CLASSES), LatentSpace(6).draw(1, 4)
    rows = torch.eye(3)[1].expand(4, -1)
    squeezed = LatentSpace(6).truncated(latents, 0.5)
    expected = whole.finish(whole.network(squeezed, rows))
    asked = Request(4, seed=1, truncation=0.5, label="dog")
    assert torch.equal(whole.sample(asked), expected)
    ((_, labels),) = whole.stream(asked)
    assert labels is not None and labels.tolist() == [1] * 4
    assert torch.equal(whole(latents, rows, 0.5), whole.network(squeezed, rows))


def test_attributes_are_set_and_others_come_as_in_the_data() -> None:
    rows = sampler(TRAITS).sample_conditions(Request(50, attributes={"Hat": True}))
    assert rows is not None and rows[:, 1].all() and 0 < rows[:, 0].sum() < 50
    assert torch.equal(rows[:, 0], TRAITS.sample(0, 50)[:, 0])
    with pytest.raises(UsageError, match="attributes"):
        sampler(TRAITS).sample(Request(1, label="Hat"))
    with pytest.raises(UsageError, match="trained without conditions"):
        sampler().sample(Request(1, label="Hat"))


def test_a_stream_gives_what_sample_gives(monkeypatch) -> None:
    monkeypatch.setattr("ganvas.sampling.sampler_base.STREAMED", 4)
    whole = sampler(CLASSES)
    chunks = list(whole.stream(Request(10, seed=2)))
    assert [len(items) for items, _ in chunks] == [4, 4, 2]
    monkeypatch.setattr("ganvas.sampling.sampler_base.STREAMED", 100)
    assert torch.equal(torch.cat([items for items, _ in chunks]), whole.sample(Request(10, seed=2)))


def test_samples_are_made_in_evaluation_mode_and_the_mode_is_put_back() -> None:
    network = nn.Sequential(nn.Linear(3, 12), nn.Dropout(0.9), nn.Unflatten(1, (3, 2, 2)))
    network[0].eval()
    whole = Sampler(network, Image(3, 2, 2), LatentSpace(3))
    latents = torch.randn(250, 3)
    images = whole.make(latents)
    assert images.shape == (250, 2, 2, 3) and images.dtype == torch.uint8
    assert torch.equal(images, whole.make(latents))
    assert network.training and whole.training and not network[0].training


@pytest.mark.parametrize("truncation", [None, 0.7])
@pytest.mark.parametrize("kind", [CompactGenerator, StyleGenerator])
def test_a_latent_is_sought_by_its_gradient(kind: type, truncation: float | None) -> None:
    whole = sampler(kind=kind).requires_grad_(False)
    wanted = whole(LatentSpace(6).draw(0, 1), truncation=truncation)
    found = LatentSpace(6).draw(1, 1).requires_grad_()
    first = (whole(found, truncation=truncation) - wanted).square().mean().item()
    optimiser = torch.optim.Adam([found], lr=0.1)
    for _ in range(100):
        optimiser.zero_grad()
        loss = (whole(found, truncation=truncation) - wanted).square().mean()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.5 * first


class StyleLike(nn.Module):
    """Doubles latents; drawn towards its average of 1, where that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, z: Tensor) -> Tensor:
        return (self.weight * z).clamp(-1, 1)[:, :, None, None]

    def truncated(self, z: Tensor, psi: float) -> Tensor:
        return torch.ones_like(z).lerp(self.forward(z)[..., 0, 0], psi)[:, :, None, None]


def test_a_style_based_generator_is_truncated_in_its_own_way() -> None:
    latents = torch.linspace(-0.4, 0.4, 9)[:, None]
    whole = Sampler(StyleLike(), Image(1, 1, 1), LatentSpace(1))
    found = whole(latents, truncation=0.25).flatten()
    torch.testing.assert_close(found, 0.75 + 0.25 * 2 * latents.flatten())
    assert torch.equal(whole(latents).flatten(), 2 * latents.flatten())
    with pytest.raises(UsageError, match="more than 0"):
        whole(latents, truncation=0)


def test_it_says_what_it_takes() -> None:
    latents = torch.randn(2, 6)
    with pytest.raises(UsageError, match=r"this sampler takes latents \[N, 6\]"):
        sampler()(torch.randn(2, 5))
    with pytest.raises(UsageError, match=r"sampler\(latents, conditions\), float32 \[N, 3\]"):
        sampler(CLASSES)(latents, truncation=0.5)
    with pytest.raises(UsageError, match=r"\[N, 6\]"):
        sampler()(truncation=0.5, latents=torch.randn(2, 5))


@pytest.mark.parametrize("kind", [CompactGenerator, StyleGenerator])
@pytest.mark.parametrize("known", [None, CLASSES])
def test_it_traces_and_exports(kind: type, known: Conditions | None) -> None:
    whole = sampler(known, kind).requires_grad_(False)
    example, other = (whole.inputs(Request(count, seed=1)) for count in (2, 5))
    traced = torch.jit.trace(whole, example)
    torch.testing.assert_close(traced(*other), whole(*other))
    exported = torch.export.export(whole, example).module()
    torch.testing.assert_close(exported(*example), whole(*example))


def test_a_loop_passes_through_the_samples() -> None:
    whole = sampler(CLASSES)
    way = whole.loop(Request(3, seed=1), steps=4)
    assert len(way) == 12 and torch.equal(way[::4], whole.sample(Request(3, seed=1)))
    with pytest.raises(UsageError, match="at least 2"):
        whole.loop(Request(1))


def test_a_sheet_has_a_row_for_each_class() -> None:
    sheet = sampler(CLASSES).sheet(0)
    latents, rows = sheet.inputs
    assert sheet.columns == 8 and torch.equal(latents[:8], latents[8:16])
    assert rows.argmax(1).tolist() == [0] * 8 + [1] * 8 + [2] * 8
    plain = sampler().sheet(0)
    assert plain.columns is None and torch.equal(plain.inputs[0], LatentSpace(6).draw(0, 64))


@pytest.mark.parametrize("known", [None, CLASSES, TRAITS])
def test_a_sampler_comes_back_from_its_config(known: Conditions | None) -> None:
    whole = sampler(known)
    config = json.loads(json.dumps(whole.config()))
    again = from_config(config, whole.network)
    request = Request(12, seed=3, truncation=0.8)
    assert isinstance(again, Sampler) and again.config() == whole.config()
    assert torch.equal(again.sample(request), whole.sample(request))
    assert torch.equal(copy.deepcopy(whole).sample(request), whole.sample(request))
    if known is not None:
        assert config["conditions"]["names"] == list(known.names)
        assert config["conditions"]["exclusive"] == known.exclusive


def translator() -> Translator:
    """Two channels of points to three of colour; its items are 50 points."""
    torch.manual_seed(0)
    points = ItemSpace(Points(), torch.rand(50, 2, 1, 1) * 2 - 1)
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.Dropout(0.5), nn.Tanh())
    return Translator(network, Points(), Image(3, 1, 1)).of(points)


@torch.no_grad()
def test_a_translator_makes_samples_of_items() -> None:
    whole = translator()
    assert whole.items is not None
    network = copy.deepcopy(whole.network).eval()
    expected = whole.finish(network(whole.items.draw(3, 70)))
    assert expected.shape == (70, 1, 1, 3)
    assert torch.equal(whole.sample(Request(70, seed=3)), expected)
    assert torch.equal(whole.sample(Request(seeds=[3]))[0], expected[0])
    ((_, labels),) = whole.stream(Request(3))
    assert labels is None and whole.training


def test_a_translator_shows_what_went_in_above_what_came_out() -> None:
    space = ItemSpace(Image(3, 4, 4), torch.full((9, 3, 4, 4), 255, dtype=torch.uint8))
    whole = Translator(Inverse(), Image(3, 4, 4), Image(3, 4, 4), space)
    sheet = whole.sheet(0)
    (items,) = sheet.inputs
    picture = whole.picture(sheet, whole.make(*sheet.inputs), whole.finish(items))
    pixels = torch.tensor([picture.getpixel((4, 6 * row + 4)) for row in range(16)])
    assert torch.equal(pixels[0::2], torch.full((8, 3), 255))
    assert torch.equal(pixels[1::2], torch.zeros(8, 3, dtype=pixels.dtype))


class Inverse(nn.Module):
    """White to black."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(-1.0))

    def forward(self, items: Tensor) -> Tensor:
        return self.weight * items


def test_a_translator_refuses_what_only_latents_have() -> None:
    whole = translator()
    for asked in ({"truncation": 0.5}, {"label": 0}, {"attributes": {"Hat": True}}):
        with pytest.raises(UsageError, match="translates items"):
            whole.sample(Request(2, **asked))
    with pytest.raises(UsageError, match="translates items"):
        whole.loop(Request(2))
    with pytest.raises(UsageError, match="say `data`"):
        Translator(whole.network, Points(), Image(3, 1, 1)).sample(Request(2))
    assert whole.sample_conditions(Request(2)) is None


def test_a_translator_traces_and_comes_back_from_its_config() -> None:
    whole = translator().eval().requires_grad_(False)
    assert whole.items is not None
    config = json.loads(json.dumps(whole.config()))
    again = from_config(config, whole.network)
    assert isinstance(again, SamplerBase) and again.config() == whole.config()
    items = whole.items.draw(0, 4)
    assert torch.equal(again(items), whole(items))
    torch.testing.assert_close(torch.jit.trace(whole, items[:2])(items), whole(items))
