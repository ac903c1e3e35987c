"""The ground under points: a discriminator's scores over the plane, as colours and a line."""

import numpy as np
from PIL import Image

from ganvas.domains.plane import Colour, blend

SAMPLED = 240
"""Scores a side: waves of a hundredth of the plane are still seen, at a quarter of the time."""

DRAWN, UNKNOWN, REAL = (37, 99, 190), (176, 184, 198), (224, 92, 62)
LINE = (250, 250, 252)
STEPS = 12
"""Shades from grey to either colour: bands like a map's, and animations a third of the size."""

KEY: list[tuple[Colour, str]] = [
    (REAL, "red: the discriminator takes points here for real"),
    (DRAWN, "blue: for drawn"),
    (UNKNOWN, "grey: it cannot tell, least of all on the white line"),
]
"""What the colours mean."""


def filled(coarse: np.ndarray, side: int) -> np.ndarray:
    """Scores float32 [n, n] smoothly filled in between: float64 [side, side]."""
    fine = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(fine, np.float64)


def paint(canvas: np.ndarray, scores: np.ndarray) -> None:
    """Lay scores [side, side] over a canvas: its colours, and the line where they are 0.

    The shade is tanh(score / 2), which is 2p - 1 where the score is the logit of p.
    """
    shade = np.tanh(np.nan_to_num(scores) / 2)
    steps = np.rint(shade * STEPS) / STEPS
    blend(canvas, np.clip(steps, 0, 1), REAL)
    blend(canvas, np.clip(-steps, 0, 1), DRAWN)
    down, right = np.gradient(scores)
    # To first order this is how many pixels away the score is 0.
    away = np.abs(scores) / np.maximum(np.hypot(down, right), 1e-9)
    blend(canvas, np.clip(1.2 - away, 0, 1) * 0.8, LINE)
