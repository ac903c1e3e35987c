"""Out-of-memory errors, as a sentence that says what to try."""

from collections.abc import Iterator
from contextlib import contextmanager

from ganvas.engine.device import is_out_of_memory
from ganvas.errors import UserError


@contextmanager
def memory_explained() -> Iterator[None]:
    """Turn an error that says that memory ran out into a UserError."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory(error) from error


def out_of_memory(error: BaseException) -> UserError:
    """The error with a sentence that says what to try."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"out of memory ({first}). Begin a new run with half the batch (--batch), or with the "
        f"same batch cut into micro-batches (--accumulate 2), or let --batch auto find what fits"
    )
