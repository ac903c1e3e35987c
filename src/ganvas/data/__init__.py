"""Sources of items, endless streams of batches from them, and what is in them."""

from ganvas.data.dataset import Dataset, Field, make_dataset
from ganvas.data.inspect.contact_sheet import contact_sheet
from ganvas.data.inspect.inspect_source import inspect_source
from ganvas.data.inspect.inspection import Inspection
from ganvas.data.source import load_dataset
from ganvas.data.stream import ItemStream

__all__ = [
    "Dataset",
    "Field",
    "Inspection",
    "ItemStream",
    "contact_sheet",
    "inspect_source",
    "load_dataset",
    "make_dataset",
]
