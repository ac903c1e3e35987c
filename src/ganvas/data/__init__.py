"""Sources of images, draws from them, and a look at what is in them."""

from ganvas.data.images import Images
from ganvas.data.inspect.inspection import Inspection, contact_sheet, inspect_source
from ganvas.data.plane import portrait
from ganvas.data.source import load_images
from ganvas.data.stream import Batch, Draws

__all__ = [
    "Batch",
    "Draws",
    "Images",
    "Inspection",
    "contact_sheet",
    "inspect_source",
    "load_images",
    "portrait",
]
