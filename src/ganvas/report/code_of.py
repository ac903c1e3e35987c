"""Which code of a user's own a run was made with, in short."""

from pathlib import Path

from ganvas.store.own.plugins import hash_of
from ganvas.store.run import Run

DIGITS = 12
"""Of a hash: enough to see whether two runs had the same code."""


def code_of(run: Run) -> dict[str, str]:
    """The beginning of the hash of each file and part, such as ``code of mine.py`` to
    ``5db726914c0e``; of a part that a script registered and of which no source is known, ``?``."""
    code, parts = run.record.code, run.record.own_parts
    files = {Path(file).name: digest for file, digest in code.plugins.items()}
    others = {f"{part.what} {part.kind}": _hash(part.code(run.path)) for part in parts}
    return {
        f"code of {name}": digest.removeprefix("sha256:")[:DIGITS]
        for name, digest in {**files, **code.modules, **others}.items()
    }


def _hash(code: dict[str, str] | None) -> str:
    """The hash of the code of a part."""
    return "?" if code is None else hash_of("\n\n".join(code.values()).encode())
