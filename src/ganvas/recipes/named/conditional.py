"""Digits on demand: four ways to condition a GAN; and faces by their attributes."""

from dataclasses import replace

from ganvas.engine.optimiser import Adam
from ganvas.games.parts.classifier import Classifier
from ganvas.networks.compact import CompactDiscriminator, CompactGenerator
from ganvas.recipes.condition_settings import ByAttributes, ByClass, Codes
from ganvas.recipes.named.folder import folder
from ganvas.recipes.named.mnist import mnist
from ganvas.recipes.recipe import Recipe


def mnist_conditional() -> Recipe:
    """Handwritten digits, each the one asked for.

    Command: ``ganvas train mnist-conditional``, then ``ganvas sample RUN`` with ``label=7
    out=7.png``. On one CPU core with bfloat16: about five minutes.

    As ``mnist``; the digit conditions the generator through the gain and bias of its BatchNorms (de
    Vries et al. 2017), the discriminator by a projection (Miyato & Koyama 2018).
    """
    return replace(mnist(), name="mnist-conditional", condition=ByClass())


def cgan() -> Recipe:
    """Conditional GAN (Mirza & Osindero 2014): the digit is appended to the inputs of both.

    Command: ``ganvas train cgan``, then ``ganvas sample RUN`` with ``label=7 out=7.png``. On one
    CPU core with bfloat16: about five minutes.

    As ``mnist-conditional``, but for how the condition enters: beside the latent, and as planes
    beside the image.
    """
    return replace(
        mnist_conditional(),
        name="cgan",
        networks={
            "generator": CompactGenerator(condition="concatenation"),
            "discriminator": CompactDiscriminator(condition="concatenation"),
        },
    )


def acgan() -> Recipe:
    """AC-GAN (Odena et al. 2017): the discriminator also classifies the digit.

    Command: ``ganvas train acgan``, then ``ganvas sample RUN`` with ``label=7 out=7.png``. On one
    CPU core with bfloat16: about five minutes.

    As ``mnist-conditional``, but the discriminator is not given the digit: a classifier on its
    features learns it, and the generator's loss asks, with a small weight, that its fakes are
    classified as the digits asked for. The paper's classifier learns from fakes too
    (``game.terms=[{kind: classifier, on: both}]``); early fakes are not yet the digits asked for,
    and after 60,000 images 65% of the samples were classified as asked, instead of 99%.
    """
    recipe = mnist_conditional()
    return replace(
        recipe,
        name="acgan",
        networks={**recipe.networks, "discriminator": CompactDiscriminator(condition="classifier")},
        game=replace(recipe.game, terms=(Classifier(generator_weight=0.1, on="reals"),)),
    )


def infogan() -> Recipe:
    """InfoGAN (Chen et al. 2016): ten codes without labels come to mean something.

    Command: ``ganvas train infogan``, then ``ganvas sample RUN`` with ``label=code3 out=3.png``. On
    one CPU core with bfloat16: about five minutes. ``ganvas evaluate RUN`` with ``metrics=purity``
    says how far each code means one digit, and which.

    As ``acgan``, but no label is ever read: codes are drawn at random, and a classifier on the
    discriminator's features must recover them from the fakes. The learning rates are the paper's:
    with those of ``mnist`` codes came to mean strokes, not digits. Codes are appended to the
    latent, as in the paper.
    """
    recipe = acgan()
    return replace(
        recipe,
        name="infogan",
        condition=Codes(10),
        networks={**recipe.networks, "generator": CompactGenerator(condition="concatenation")},
        game=replace(recipe.game, terms=(Classifier(on="fakes"),)),
        optimisers={
            "generator": Adam(lr=1e-3, betas=(0.5, 0.99)),
            "discriminator": Adam(lr=2e-4, betas=(0.5, 0.99)),
        },
    )


def attributes() -> Recipe:
    """Pictures with a table of attributes: faces that smile when asked to.

    Command: ``ganvas train attributes`` with ``data=faces/``, a folder with a ``labels.csv``
    (columns ``image,Smiling,Eyeglasses``); then ``ganvas sample RUN`` with ``attributes=Smiling=1
    out=a.png``. On one CPU core with bfloat16: about 25 minutes for 200,000 images at 64 pixels.

    As ``folder``; the attributes condition the generator through the gain and bias of its
    BatchNorms, the discriminator by a projection. ``condition.columns=[Smiling, Eyeglasses]`` takes
    these two only.
    """
    return replace(folder(), name="attributes", condition=ByAttributes())
