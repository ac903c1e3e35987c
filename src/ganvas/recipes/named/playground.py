"""Points in the plane: GANs that train in seconds and can be looked at whole."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.engine.schedule import Geometric, Linear
from ganvas.games.gan import GAN, Penalty
from ganvas.games.parts.unrolled import Unrolled
from ganvas.networks.mlp import MLPDiscriminator, MLPGenerator
from ganvas.recipes.recipe import Data, EvaluationSettings, Every, Recipe

BATCH = 256


def playground_ring() -> Recipe:
    """Eight small Gaussians on a circle: the classic picture of mode collapse, and its absence.

    Command: ``ganvas train playground-ring``. On one CPU core: 0.3 minutes. Expect all 8 modes
    and 84 to 92% of the points within 3 sigma of one; the time-lapse shows the discriminator's
    scores over the plane and the samples moving.
    """
    return _playground("ring", rounds=2_000)


def playground_grid() -> Recipe:
    """25 small Gaussians on a grid: the usual benchmark of mode collapse.

    Command: ``ganvas train playground-grid``. On one CPU core: 0.6 minutes. Expect all 25
    modes, 97% of the points within 3 sigma of one (a perfect sampler: 98.9%), and each mode 0.88 to
    1.1 times as wide as the real one.

    Non-saturating loss with R1 and R2, whose weights fall with the learning rate: first
    smooth scores balance the modes, then sharp ones shape each. The latent is cut into 256 codes,
    since a continuous map would draw bridges between modes, and the discriminator's input is
    expanded in sines and cosines.
    """
    return _playground("grid", rounds=4_000)


def playground_spiral() -> Recipe:
    """Two spiral arms, entangled: a set of points without separate modes.

    Command: ``ganvas train playground-spiral``. On one CPU core: 0.5 minutes. Expect both arms
    from end to end.
    """
    return _playground("spiral", rounds=3_000)


def unrolled() -> Recipe:
    """Unrolled GAN (Metz et al. 2017) on the ring: the generator answers a discriminator five
    steps later, after it has learnt from the present fakes.

    Command: ``ganvas train unrolled``. On one CPU core: 1.4 minutes. Expect samples at all eight
    modes, as many at each, twice as wide as the real ones. With ``game.unrolled=null`` the samples
    stay at one to three modes, and move from mode to mode for as long as it trains.

    As in the paper's toy problem the discriminator learns ten times slower than the generator, both
    by Adam with betas (0.5, 0.999), and the unrolled steps are Adam's too. Unlike the paper:
    networks, batch and length are smaller; rates are three times as high and fall in the second
    half, both to 1e-4; and the generator minimises its own half of the unrolled loss, where the
    paper's minimises the whole value (``game.unrolled.objective=value``).
    """
    rounds, batch = 2_000, 64
    images = rounds * batch
    half = images // 2

    def adam(lr: float) -> Adam:
        return Adam(lr=Linear(lr, 1e-4, until=images, begin=half), betas=(0.5, 0.999))

    return replace(
        _playground("ring", rounds),
        name="unrolled",
        networks={
            "generator": MLPGenerator(latent=16, width=64, depth=2, spread=0.1, bounded=False),
            "discriminator": MLPDiscriminator(width=64, depth=2),
        },
        game=GAN(unrolled=Unrolled(steps=5, inner="adam")),
        optimisers={"generator": adam(3e-3), "discriminator": adam(3e-4)},
        half_life=None,
        batch=batch,
        images=images,
        every=Every(log=images // 50, samples=images // 25, checkpoint=images // 2),
        evaluation=EvaluationSettings(every=images // 4, count=10_000, best="near"),
    )


def _playground(source: str, rounds: int) -> Recipe:
    images = rounds * BATCH
    slope = Geometric(0.1, 1e-4, until=images)
    return Recipe(
        name=f"playground-{source}",
        sources={"train": Data(source)},
        networks={
            "generator": MLPGenerator(latent=3, width=64, depth=2, codes=256, bounded=False),
            "discriminator": MLPDiscriminator(width=64, depth=2, waves=128, fast=120.0),
        },
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("r1", slope), Penalty("r2", slope)),
            reuse_fakes=True,
        ),
        optimisers={"generator": _adam(5e-3, images), "discriminator": _adam(1e-2, images)},
        half_life=Linear(0.0, 0.03 * images, until=images),
        batch=BATCH,
        images=images,
        precision="fp32",  # bfloat16 rounds a place by a third of a mode
        threads=1,
        every=Every(log=images // 50, samples=images // 25, checkpoint=images // 2),
        evaluation=EvaluationSettings(every=images // 4, count=10_000, best="near"),
    )


def _adam(lr: float, images: int) -> Adam:
    return Adam(lr=Geometric(lr, lr / 200, until=images), betas=(0.0, 0.999))
