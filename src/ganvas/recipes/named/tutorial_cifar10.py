"""Tutorial A, corrected: a DCGAN on CIFAR-10, in two forms of its gradient penalty."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.games.gan import GAN, Penalty
from ganvas.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.recipes.recipe import Data, Every, Recipe


def tutorial_cifar10() -> Recipe:
    """The first tutorial's networks, loss, penalty, optimiser and length, its defects corrected.

    Command: ``ganvas train tutorial-cifar10``. On one CPU core with bfloat16: two hours for the
    tutorial's 15 epochs, by its speed; it has not been run to its end here. Expect blots in the
    set's colours after half an epoch.

    Corrections: the generator is trained through the discriminator (it printed
    ``D(fake.detach())``); the interpolates require a gradient and the penalty is differentiable;
    its slope is taken over the whole image, with one epsilon an image; it acts on scores, not on
    probabilities; checkpoints hold everything, so runs continue. Kept: BatchNorm in the
    discriminator (it couples the images that the penalty looks at: see the next recipe), halves
    averaged, weight 10, the generator trained on the discriminator's fake batch.
    """
    optimiser = Adam(lr=2e-4, betas=(0.5, 0.999))
    return Recipe(
        name="tutorial-cifar10",
        sources={"train": Data("cifar10")},
        networks={"generator": DCGANGenerator(), "discriminator": DCGANDiscriminator()},
        game=GAN(
            loss="non-saturating",
            penalties=(Penalty("gradient", 10.0),),
            score_weight=0.5,
            reuse_fakes=True,
        ),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        batch=128,
        images=15 * 50_000,
        every=Every(log=25_600, samples=50_000, checkpoint=50_000),
    )


def tutorial_cifar10_wgan_gp() -> Recipe:
    """The same with the penalty as its paper meant it (Gulrajani et al. 2017, algorithm 1).

    Command: ``ganvas train tutorial-cifar10-wgan-gp``. On one CPU core with
    bfloat16: 7 hours for as many generator turns (15 epochs x 5 discriminator turns), by its
    speed; it has not been run to its end here.

    Wasserstein loss, no normalisation in the discriminator, five discriminator turns for one of
    the generator, Adam 1e-4 with betas (0, 0.9), fresh fakes.
    """
    optimiser = Adam(lr=1e-4, betas=(0.0, 0.9))
    return replace(
        tutorial_cifar10(),
        name="tutorial-cifar10-wgan-gp",
        networks={
            "generator": DCGANGenerator(),
            "discriminator": DCGANDiscriminator(norm="none"),
        },
        game=GAN(loss="wasserstein", penalties=(Penalty("gradient", 10.0),), critic_turns=5),
        optimisers={"generator": optimiser, "discriminator": optimiser},
        images=15 * 50_000 * 5,
    )
