"""How what is wrong with a part of the user's own is told."""

from typing import Any, NoReturn

from torch import Tensor

from ganvas import own_code
from ganvas.engine.device import is_out_of_memory
from ganvas.errors import UsageError, UserError


def fail(what: str, error: Exception, function: Any = None, place: str | None = None) -> NoReturn:
    """Raise what went wrong in the user's code as a UsageError, from the original.

    Args:
        what: failed, such as "your loss 'mine' failed on scores [4]".
        error: that was raised.
        function: whose definition is named where no line of the user's was running.
        place: to name instead.
    """
    if isinstance(error, UserError) or is_out_of_memory(error):
        raise error
    said = own_code.described(error)
    if own_code.place(error) is None:
        place = place or own_code.definition(function)
        said += f" ({place})" if place else ""
    raise UsageError(f"{what}: {said}") from error


def described(value: object) -> str:
    """What a part returned: a shape, its type where that is not float32."""
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        return f"{list(value.shape)}" + (f" of {kind}" if kind != "float32" else "")
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {', '.join(map(described, value)) or 'nothing'}"
    return "nothing (None)" if value is None else f"a {type(value).__name__}"
