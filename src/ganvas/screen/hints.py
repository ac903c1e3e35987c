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
    return _call(verb, repr(str(run)), run, more)


def begun_with(run: Path, **more: object) -> str:
    """``ganvas.train(start='runs/0001-mnist')``, a new run with the weights of this one, with the
    plug-ins that this one was made with.

    Args:
        run: the run folder.
        more: further arguments.
    """
    return _call("train", f"start={str(run)!r}", run, more)


def _call(verb: str, first: str, run: Path, more: dict[str, object]) -> str:
    files = record.read(run).code.files()
    if files:
        more["plugin"] = files if files[1:] else files[0]
    given = "".join(f", {name}={value!r}" for name, value in more.items())
    return f"ganvas.{verb}({first}{given})"
