"""Sources of images or points, endless streams of batches from them, and what is in them."""

from ganvas.data.dataset import Dataset
from ganvas.data.inspect.contact_sheet import contact_sheet
from ganvas.data.inspect.inspect_source import inspect_source
from ganvas.data.inspect.inspection import Inspection
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
