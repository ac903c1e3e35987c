"""Pictures of points in the plane, as a canvas of float numbers that dots are blended into.

A canvas is float64 [side, side, 3], 0 to 255, and reaches ``REACH`` from the origin in every
direction: x grows to the right, y upwards.
"""

import numpy as np
from PIL import Image
from torch import Tensor

SIDE = 480
"""Pixels of a picture's side."""

REACH = 1.1
"""The largest coordinate in a picture, so that what should lie within [-1, 1] may miss a little."""

PAPER = (255, 255, 255)
INK = (15, 23, 42)
COLOURS = (
    (37, 99, 235), (220, 38, 38), (5, 150, 105), (217, 119, 6), (124, 58, 237), (8, 145, 178),
    (190, 24, 93), (77, 124, 15),
)  # fmt: skip
"""Of modes, in turn."""

Colour = tuple[int, int, int]


def blank(side: int = SIDE, colour: Colour = PAPER) -> np.ndarray:
    """A canvas of one colour."""
    return np.full((side, side, 3), colour, np.float64)


def dots(
    canvas: np.ndarray, points: Tensor, colour: Colour, radius: float = 1.5, opacity: float = 0.6
) -> None:
    """Blend round dots at points [N, 2] into a canvas; where many lie, their colour is full.

    Args:
        canvas: it is changed in place.
        points: (x, y). Those that are not in the picture, or no numbers, are left out.
        colour: of the dots.
        radius: in pixels; edges are smooth, and dots stand between pixels where points do.
        opacity: of one dot, 0 to 1.
    """
    side = len(canvas)
    places = pixels(points, side)
    there = np.isfinite(places).all(1) & (np.abs(places - side / 2) < side).all(1)
    places = places[there]
    # Layers multiply what they let through, so their logarithms add up, in whatever order.
    let_through = np.zeros((side, side))
    reach = int(np.ceil(radius + 0.5))
    corner = np.floor(places).astype(np.int64)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            x, y = corner[:, 0] + right, corner[:, 1] + down
            far = np.hypot(x + 0.5 - places[:, 0], y + 0.5 - places[:, 1])
            inked = np.clip(radius + 0.5 - far, 0, 1) * min(opacity, 0.9999)
            inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
            np.add.at(let_through, (y[inside], x[inside]), np.log1p(-inked[inside]))
    blend(canvas, 1 - np.exp(let_through), colour)


def blend(canvas: np.ndarray, share: np.ndarray, colour: Colour) -> None:
    """Mix a colour into a canvas; share: of the colour, [side, side], 0 to 1."""
    canvas += share[..., None] * (np.asarray(colour, np.float64) - canvas)


def pixels(points: Tensor, side: int) -> np.ndarray:
    """Where points [N, 2] lie in a picture: (x, y) from its upper left corner, in pixels."""
    x, y = points.detach().cpu().double().numpy().T
    return np.stack([(x / REACH + 1) / 2 * side, (1 - y / REACH) / 2 * side], 1)


def finished(canvas: np.ndarray) -> Image.Image:
    """The canvas as a picture, mode RGB."""
    return Image.fromarray(np.clip(np.rint(canvas), 0, 255).astype(np.uint8))


def scatter(points: Tensor, labels: Tensor | None = None, side: int = SIDE) -> Image.Image:
    """Points [N, 2] on paper: in ink, or in a colour a class where labels int64 [N] say which."""
    canvas = blank(side)
    # Few dots are drawn dark, many lightly: how dense they lie shall show.
    opacity = min(0.8, max(0.08, 600 / max(1, len(points))))
    if labels is None:
        dots(canvas, points, INK, opacity=opacity)
        return finished(canvas)
    for label in range(int(labels.max()) + 1):
        colour = COLOURS[label % len(COLOURS)]
        dots(canvas, points[labels == label], colour, opacity=opacity)
    return finished(canvas)
