"""What each recipe is for, how long it takes and what it reached: for a list to choose from."""

from dataclasses import dataclass

UNKNOWN = "not yet run to its end"


@dataclass(frozen=True)
class About:
    """What to know of a recipe before it is chosen.

    task: what it does, on which data.
    size: of its images.
    minutes: it takes on one CPU core with bfloat16, measured or by a measured speed; None where
        only a GPU would do.
    expect: what it reached when it was run, or that it was not.
    """

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
    "mnist": About("digits", MNIST, 4, "10 of 10 digits, 8x to 13x the floor"),
    "mnist-conditional": About(
        "digits on demand", MNIST, 5, "99% are the digit asked for, 2.1x the floor"
    ),
    "attributes": About(
        "your pictures, by a table of attributes",
        OWN,
        25,
        "32 pixels: as asked in 86% (Male), 66% (Smiling)",
    ),
    "cgan": About(
        "digits on demand, by concatenation", MNIST, 5, "60,000 images: 95% as asked, 13x the floor"
    ),
    "acgan": About(
        "digits on demand, by a classifier",
        MNIST,
        5,
        "60,000 images: 99.6% as asked, 4.1x the floor",
    ),
    "infogan": About(
        "digits by codes that nobody labelled",
        MNIST,
        5,
        "60,000 images: 230x the floor, purity 0.39",
    ),
    "wgan": About("digits, by a clipped critic", MNIST, 4, "60,000 images: 450x the floor"),
    "wgan-gp": About("digits, by a critic of slope one", MNIST, 5, "60,000 images: 260x the floor"),
    "stacked-mnist": About(
        "three digits in one: 1,000 modes", COLOUR, 30, "1,000 of 1,000 modes, reverse KL 0.055"
    ),
    "r1": About(
        "1,000 modes, by slopes kept low at reals", COLOUR, 3, "824 to 864 modes, three seeds"
    ),
    "pacgan": About(
        "1,000 modes, scored two at a time", COLOUR, 2, "768 to 809 modes, three seeds"
    ),
    "minibatch-discrimination": About(
        "1,000 modes, by distances in a batch", COLOUR, 2, "867 to 909 modes, three seeds"
    ),
    "minibatch-deviation": About(
        "1,000 modes, by how a batch varies", COLOUR, 2, "786 to 877 modes, three seeds"
    ),
    "mode-seeking": About(
        "1,000 modes, by latents kept apart", COLOUR, 2, "874 to 883 modes, three seeds"
    ),
    "unrolled": About(
        "8 Gaussians in the plane, by a look ahead",
        "points",
        1.4,
        "all 8 modes held alike, 8 to 16% within 3 sigma",
    ),
    "warm-up": About("digits, after pre-training", MNIST, 4, "60,000 images: 96x the floor"),
    "resnet-sngan": About(
        "digits, spectrally normalised", MNIST, 15, "30,000 images: 200x the floor"
    ),
    "sagan": About("digits, with self-attention", MNIST, 25, "30,000 images: 390x the floor"),
    "stylegan2": About(
        "digits, or your pictures, by styles", MNIST, 15, "30,000 images: 300x the floor"
    ),
    "r3gan-tiny": About(
        "CIFAR-10, or your pictures", "32x32 colour", 60, "30,000 digits: 260x the floor"
    ),
    "r3gan-small": About("CIFAR-10, or your pictures", "32x32 colour", None),
    "r3gan-base": About("CIFAR-10, or your pictures", "32x32 colour", None),
    "began": About(
        "digits, by an autoencoder in balance", MNIST, 4, "60,000 images: 210x the floor"
    ),
    "ebgan": About(
        "digits, by how badly they are rebuilt", MNIST, 4, "60,000 images: 200x the floor"
    ),
    "vae-gan": About("digits, and an encoder", MNIST, 5, "60,000 images: 150x the floor"),
    "aae": About("digits, and an encoder", MNIST, 4, "60,000 images: 120x the floor"),
    "progressive": About(
        "digits, or your pictures, growing", MNIST, 5, "60,000 images: 110x the floor"
    ),
    "playground-ring": About(
        "8 Gaussians in the plane", "points", 0.5, "8 of 8 modes, 84 to 92% within 3 sigma"
    ),
    "playground-grid": About(
        "25 Gaussians in the plane", "points", 0.5, "25 of 25 modes, 97.5 to 98.7% within 3 sigma"
    ),
    "playground-spiral": About("two spiral arms", "points", 0.7, "both arms, 97% near them"),
    "folder": About("your pictures", OWN, 20, "cats recognisable from 164 pictures"),
    "few-shot": About("a hundred pictures of yours", OWN, 35),
    "projected": About(
        "your pictures, through ImageNet features",
        OWN,
        25,
        "4,000 images: sharp parts of cats, no whole ones: no help so early",
    ),
    "fashion-mnist": About("clothes", MNIST, 10, "10 of 10 kinds of clothes, 17x the floor"),
    "cifar10": About(
        "ten kinds of pictures, on demand",
        "32x32 colour",
        30,
        "5.0x the floor, a ninth of tutorial A's in equal time",
    ),
    "tutorial-mnist": About("tutorial B, corrected", MNIST, 65, "9 of 10 digits, 162x the floor"),
    "tutorial-cifar10": About(
        "tutorial A, corrected", "32x32 colour", 120, "after a quarter: 28x the floor"
    ),
    "tutorial-cifar10-wgan-gp": About("tutorial A with its penalty", "32x32 colour", 420),
}
