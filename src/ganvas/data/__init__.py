"""Sources of images, draws from them, and a look at what is in them."""

from ganvas.data.dataset import Dataset
from ganvas.data.inspect.inspection import Inspection, contact_sheet, inspect_source
from ganvas.data.plane import portrait
from ganvas.data.source import load_dataset
from ganvas.data.stream import Batch, ItemStream

__all__ = [
    "Batch",
    "Dataset",
    "Inspection",
    "ItemStream",
    "contact_sheet",
    "inspect_source",
    "load_dataset",
    "portrait",
]
