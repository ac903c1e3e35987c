"""What of a user's own code has changed since a run was made with it."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ganvas.errors import UserError

DIFF_LINES = 12
"""Lines of a difference that an error shows, at most."""


@dataclass(frozen=True)
class Change:
    """A file or a part of the user's own whose code has changed since a run was made with it.

    what: the file, by its place below the folder of its plug-in; or the part, such as ``loss
        'mine'``.
    kept: the run's copy; None for older runs, which kept none.
    file: what was executed in this process, as it can be said.
    then, now: the two codes that are compared; ``then`` is None without a copy.
    can_be_named: whether the copy is a whole file, which can be named as a plug-in.
    """

    what: str
    kept: Path | None
    file: str
    then: str | None
    now: str
    can_be_named: bool = True

    def words(self) -> str:
        """What has changed, and where the copy lies, in words."""
        copy = "" if self.kept is None else f" (as it was, it lies in {self.kept})"
        return f"{self.what} has changed since this run was trained{copy}"

    def difference(self) -> str:
        """The first lines that differ, in code without comments; empty without a copy."""
        if self.then is None:
            return ""
        names = (str(self.kept), self.file)
        pair = (self.then.splitlines(), self.now.splitlines())
        lines = list(difflib.unified_diff(*pair, *names, n=1, lineterm=""))
        more = [f"… and {len(lines) - DIFF_LINES} lines more"] * (len(lines) > DIFF_LINES)
        return "\n".join([*lines[:DIFF_LINES], *more])


@contextmanager
def blaming(changes: Iterable[Change]) -> Iterator[None]:
    """Errors within say, if there are changes, that these may be the cause, and what to do."""
    try:
        yield
    except UserError as error:
        kept = dict.fromkeys(c.kept for c in changes if c.kept is not None and c.can_be_named)
        copies = [f"`plugin={each}`" for each in kept]
        said = "; ".join(f"{change.what} has changed since it was trained" for change in changes)
        if not said:
            raise
        help_ = f": as it was, it can be named with {' '.join(copies)}" if copies else ""
        raise type(error)(f"{error}; {said}{help_}") from error
