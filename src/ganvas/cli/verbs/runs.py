"""``ganvas runs``: list them, or delete some with care."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from ganvas.cli.wording import worded
from ganvas.data.names import printable
from ganvas.errors import UsageError, UserError
from ganvas.screen.console import new_table, show_table
from ganvas.store import checkpoint, record, run_folder
from ganvas.store.own import plugins
from ganvas.store.status import read_status


def execute(options: argparse.Namespace) -> None:
    """List the runs of a folder, or delete those that are named."""
    plugins.load(options.plugin)
    if options.action == "delete":
        _delete(options)
    else:
        _list(options)


def _list(options: argparse.Namespace) -> None:
    if options.names or options.yes:
        raise UsageError("`ganvas runs list` takes no names and no --yes; --out says which folder")
    out = Path(options.out or "runs")
    found = run_folder.all_runs(out)
    if not found:
        print(f"no runs in {out}: begin with `ganvas train`")
        return
    table = new_table()
    for column in ("run", "recipe", "images", "MB"):
        side = "right" if column in ("images", "MB") else "left"
        table.add_column(column, justify=side, no_wrap=True)
    states = [_state(path) for path in found]
    if any(states):  # runs that are at their end, or of older versions, have nothing to say
        table.add_column("state", no_wrap=True, min_width=max(map(len, states)))
    for path, state in zip(found, states, strict=True):
        table.add_row(str(path), *_row(path), *[state] * any(states))
    show_table(table)


def _state(path: Path) -> str:
    """What a run's process does, or why it does no more; empty where there is nothing to say."""
    status = read_status(path)
    if status is None or status.state == "ended":
        return ""
    return "failed" if status.state == "failed" else printable(status.words())


def _row(path: Path) -> tuple[str, str, str]:
    """A run's recipe, images seen and size in MB."""
    size = f"{run_folder.size(path) / 1e6:,.1f}"
    try:
        with suppress(UsageError):  # a part of the user's own that is not known here
            record.read(path)
        name = run_folder.settings(path)["name"]
        return str(name), f"{checkpoint.last_clock(path / 'checkpoints'):,}", size
    except (UserError, KeyError, TypeError) as error:
        return f"unreadable: {worded(str(error))}", "", size


def _delete(options: argparse.Namespace) -> None:
    if not options.names:
        raise UsageError("name the runs to delete, such as `ganvas runs delete runs/0001-mnist`")
    if options.out is not None:
        raise UsageError(f"name the folders to delete whole, such as {options.out}/0001-mnist")
    paths = [run_folder.find(name) for name in options.names]
    if not options.yes and not _agreed(paths):
        print("nothing was deleted")
        return
    for path in paths:
        run_folder.delete(path)
        print(f"deleted {path}")


def _agreed(paths: list[Path]) -> bool:
    """Whether the user says yes to the question.

    Raises:
        UsageError: nobody can be asked.
    """
    if sys.stdin is None or not sys.stdin.isatty():  # None: it was closed (`<&-`)
        raise UsageError("nothing was deleted: say --yes, or answer in a terminal")
    question = f"delete {', '.join(str(path) for path in paths)} for good? [y/N] "
    print(question, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
