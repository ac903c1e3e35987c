"""What an item is: an image, a point in the plane, tokens, a clip, a vector; one kind a file.

A domain owns everything that differs from kind to kind. Code elsewhere calls its methods and never
asks which kind it is.
"""

from ganvas.domains.clip import Clip
from ganvas.domains.domain import Domain
from ganvas.domains.domain_table import DOMAINS, check_known, from_plain, of_shape
from ganvas.domains.image import Image
from ganvas.domains.points import Points
from ganvas.domains.tokens import Tokens
from ganvas.domains.vector import Vector

__all__ = [
    "DOMAINS",
    "Clip",
    "Domain",
    "Image",
    "Points",
    "Tokens",
    "Vector",
    "check_known",
    "from_plain",
    "of_shape",
]
