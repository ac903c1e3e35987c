"""What each recipe is for, how long it takes and what it scored: for a list to choose from."""

from dataclasses import dataclass

UNKNOWN = "not yet run to its end"


@dataclass(frozen=True)
class About:
    """task: what it does, on which data. size: of its images. minutes: of one CPU core with
    bfloat16, measured or by a measured speed; None where only a GPU would do. expect: what it
    reached when it was run, or that it was not."""

    task: str
    size: str
    minutes: float | None
    expect: str = UNKNOWN

    @property
    def time(self) -> str:
        """``5 minutes``, ``20 seconds``, ``7 hours``, ``a GPU``."""
        if self.minutes is None:
            return "a GPU"
        if self.minutes < 1.5:
            return f"{round(60 * self.minutes)} seconds"
        if self.minutes < 100:
            return f"{round(self.minutes)} minutes"
        return f"{round(self.minutes / 60)} hours"


MNIST, COLOUR, OWN = "28x28 grey", "28x28 colour", "64 pixels"

ABOUT: dict[str, About] = {
    "mnist": About("digits", MNIST, 4, "10 of 10 digits, distance 8x to 13x the floor"),
    "mnist-conditional": About(
        "digits on demand", MNIST, 5, "99% are the digit asked for; distance 2.1x the floor"
    ),
    "attributes": About("your pictures, by a table of attributes", OWN, 25),
    "cgan": About("digits on demand, by concatenation", MNIST, 5),
    "acgan": About("digits on demand, by a classifier", MNIST, 5),
    "infogan": About("digits by codes that nobody labelled", MNIST, 5),
    "wgan": About("digits, by a clipped critic", MNIST, 4),
    "wgan-gp": About("digits, by a critic of slope one", MNIST, 5),
    "stacked-mnist": About(
        "three digits in one: 1,000 modes", COLOUR, 30, "1,000 of 1,000 modes, reverse KL 0.055"
    ),
    "r1": About("1,000 modes, by a flat discriminator", COLOUR, 3),
    "pacgan": About("1,000 modes, judged two at a time", COLOUR, 2),
    "minibatch-discrimination": About("1,000 modes, by distances in a batch", COLOUR, 2),
    "minibatch-deviation": About("1,000 modes, by how a batch varies", COLOUR, 2),
    "mode-seeking": About("1,000 modes, by latents kept apart", COLOUR, 2),
    "unrolled": About("1,000 modes, by a look ahead", COLOUR, 10),
    "warm-up": About("digits, after pre-training", MNIST, 4),
    "resnet-sngan": About("digits, spectrally normalised", MNIST, 20),
    "sagan": About("digits, with self-attention", MNIST, 30),
    "stylegan2": About("digits, or your pictures, by styles", MNIST, 40),
    "r3gan-tiny": About("CIFAR-10, or your pictures", "32x32 colour", 80),
    "r3gan-small": About("CIFAR-10, or your pictures", "32x32 colour", None),
    "r3gan-base": About("CIFAR-10, or your pictures", "32x32 colour", None),
    "began": About("digits, in equilibrium", MNIST, 4),
    "ebgan": About("digits, by energies", MNIST, 4),
    "vae-gan": About("digits, and an encoder", MNIST, 5),
    "aae": About("digits, and an encoder", MNIST, 4),
    "progressive": About("digits, or your pictures, growing", MNIST, 5),
    "playground-ring": About("8 Gaussians in the plane", "points", 0.5),
    "playground-grid": About(
        "25 Gaussians in the plane", "points", 0.5, "25 of 25 modes, 98.8% within 3 sigma"
    ),
    "playground-spiral": About("two spiral arms", "points", 0.7),
    "folder": About("your pictures", OWN, 20, "cats recognisable from 164 pictures"),
    "few-shot": About("a hundred pictures of yours", OWN, 35),
    "projected": About("your pictures, through ImageNet features", OWN, 40),
    "fashion-mnist": About(
        "clothes", MNIST, 10, "10 of 10 kinds of clothes, distance 17x the floor"
    ),
    "cifar10": About("ten kinds of pictures, on demand", "32x32 colour", 30),
    "tutorial-mnist": About("tutorial B, corrected", MNIST, 65),
    "tutorial-cifar10": About("tutorial A, corrected", "32x32 colour", 120),
    "tutorial-cifar10-wgan-gp": About("tutorial A with its penalty", "32x32 colour", 420),
}
