"""Calls of Python that a user may type next, for texts that say how to go on with a run."""

from pathlib import Path

from ganvas.store import record


def call(verb: str, run: Path, **more: object) -> str:
    """``ganvas.resume('runs/0001-mnist')``, with the plug-ins that the run was made with.

    Args:
        verb: the function, such as ``resume``.
        run: the run folder.
        more: further arguments.
    """
    own = list(record.read(run).plugins)
    if own:
        more["plugin"] = own[0] if len(own) == 1 else own
    given = "".join(f", {name}={value!r}" for name, value in more.items())
    return f"ganvas.{verb}({str(run)!r}{given})"
