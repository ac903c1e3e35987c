"""The plain loop plays the recipe's own game: same weights and draws, same losses."""

import pytest
import torch
from torch import nn

from ganvas import keys
from ganvas.bench.plain import Pictures, PlainLoop, plain_form, playable
from ganvas.errors import UsageError
from ganvas.networks.layers.spectral import spectral
from ganvas.networks.operators.convolution import Conv2d
from ganvas.recipes.build.networks import build_networks
from ganvas.recipes.recipe_table import RECIPES, find

from .small_recipes import engine_of, random_images, tiny

CPU = torch.device("cpu")
GAMES = [
    {"game__penalties": []},
    {"game__penalties": [{"kind": "r1", "weight": 3.0}]},
    {"game__penalties": [{"kind": "r1", "weight": 3.0, "every": 4}]},
    {"game__penalties": [{"kind": "r2", "weight": 2.0, "every": 2}], "game__loss": "hinge"},
    {"game__penalties": [], "game__loss": "relativistic", "game__score_weight": 0.5},
]


@pytest.mark.parametrize("game", GAMES)
def test_the_first_discriminator_loss_is_the_engines(game) -> None:
    recipe = tiny(**game)
    images = random_images()
    engine = engine_of(recipe, images)
    real = engine.sources["train"].batch(0, 8)["image"]
    noise = torch.randn(8, 8, generator=keys.generator(0, "latent", "discriminator.0", 0))
    engine.round()
    found = engine.meter.read()
    lazy = sum(value for name, value in found.items() if name.startswith("loss/penalty"))

    plain = PlainLoop(recipe, images, CPU)
    loss = plain.discriminator_loss(real, plain.generator(noise).detach())
    assert loss.item() == pytest.approx(found["loss/discriminator"] + lazy, rel=1e-4)


@pytest.mark.parametrize("kind", ["gradient", "dragan", "r1", "r2"])
@pytest.mark.parametrize("critic_turns", [1, 2])
def test_every_kind_of_game_is_played_and_moves_every_weight(kind, critic_turns) -> None:
    penalties = [{"kind": kind, "every": 2}]
    recipe = tiny(
        game__penalties=penalties, game__critic_turns=critic_turns, augment={},
        game__weight_clip=10.0, clip_gradient=5.0, data__flip=True,
    )  # fmt: skip
    plain = PlainLoop(recipe, random_images((3, 16, 16)), CPU)
    networks = (plain.generator, plain.discriminator)
    before = [p.detach().clone() for net in networks for p in net.parameters()]
    for _ in range(2):
        plain.round()
    after = [p for net in networks for p in net.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert plain.losses[0] != 0 and plain.losses[1] != 0


def test_a_penalty_is_left_out_of_the_rounds_between() -> None:
    plain = PlainLoop(tiny(game__penalties=[{"kind": "r1", "every": 2}]), random_images(), CPU)
    real, fake = torch.zeros(8, 1, 16, 16), torch.zeros(8, 1, 16, 16)
    with_penalty = plain.discriminator_loss(real, fake).item()
    plain.rounds = 1
    assert plain.discriminator_loss(real, fake).item() < with_penalty


@pytest.mark.parametrize(
    "settings",
    [
        {"game__loss": "relativistic", "game__fresh_reals": True, "game__reuse_fakes": False},
        {"game__penalties": [{"kind": "r1", "every": 2}], "game__lazy": "apart"},
        {"game__penalties": [{"kind": "r1", "through": "images"}], "augment": {}},
    ],
)
def test_settings_that_a_plain_loop_does_not_know_are_refused(settings) -> None:
    with pytest.raises(UsageError, match="no plain loop"):
        playable(tiny(**settings))


def is_plain(name: str) -> bool:
    try:
        return bool(playable(find(name)))
    except UsageError:
        return False


PLAIN = [name for name in RECIPES if is_plain(name) and find(name).data.source]


def test_a_plain_loop_refuses_what_it_cannot_play() -> None:
    assert {"mnist", "wgan-gp", "tutorial-cifar10"} <= set(PLAIN)
    for name in ("mnist-conditional", "acgan", "pacgan", "unrolled"):
        with pytest.raises(UsageError, match="no plain loop"):
            playable(find(name))


@pytest.mark.parametrize("name", PLAIN)
def test_the_plain_form_is_torchs_own_and_computes_the_same(name) -> None:
    recipe = find(name)
    side = {"cifar10": 32}.get(recipe.data.source, 28)
    shape = (1 if side == 28 else 3, side, side)
    ours, plain = build_networks(recipe, {"train": shape}), build_networks(recipe, {"train": shape})
    for key, given in {
        "generator": (4, recipe.latent),
        "discriminator": (4, *shape),
    }.items():
        network = plain_form(plain[key])
        known = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        assert all(type(module).__module__.startswith("torch.") for module in known)
        x = torch.randn(given)
        made = network(x)
        assert made.is_contiguous()
        torch.testing.assert_close(made, ours[key](x), rtol=1e-4, atol=1e-4)


def test_spectral_norm_survives_the_plain_form() -> None:
    torch.manual_seed(0)
    network = spectral(nn.Sequential(Conv2d(3, 4, 3, padding=1))).eval()
    x = torch.randn(2, 3, 8, 8)
    expected = network(x)
    assert plain_form(network)[0].__class__.__bases__ == (nn.Conv2d,)  # pyright: ignore
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_normalised_as_draws_are(channels) -> None:
    images = random_images((channels, 16, 16), count=4)
    expected = images.pixels.float() / 127.5 - 1
    pictures = Pictures(images, flip=False)
    found = torch.stack([pictures[index] for index in range(len(pictures))])
    torch.testing.assert_close(found, expected)
