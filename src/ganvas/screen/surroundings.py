"""Where Python runs: in a terminal, in a notebook, or where nobody looks on."""

import os
import sys


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return hasattr(shell, "kernel")


def is_wanted(show: bool | None) -> bool:
    """Whether a screen shall be shown: as ``show`` says.

    None shows one in a terminal and in a notebook, and none where the output goes to a file, nor
    under pytest.
    """
    if show is not None:
        return show
    if "PYTEST_CURRENT_TEST" in os.environ:
        return False
    # stdout is None in a process that began without one.
    return in_notebook() or (sys.stdout is not None and sys.stdout.isatty())
