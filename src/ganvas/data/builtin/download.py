"""Fetch one file into the cache: resumed where it broke off, checked by pooch, then renamed."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from ganvas.errors import DataError

TIMEOUT = 30  # seconds without a byte
BLOCK = 1 << 14  # bytes: what a broken connection may lose


def fetched(path: Path, url: str, md5: str) -> Path:
    """``path``, downloaded from ``url`` if it is not there or not whole, its MD5 checked.

    Raises:
        DataError: that cannot be done; it names the file, its place and the URL.
    """
    from pooch import retrieve  # here, because it takes a moment and is seldom needed

    part = path.with_name(path.name + ".part")
    begun = part.exists()
    try:
        try:
            retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=_appending_to(part))
        except ValueError:  # a server that knows no ranges sent all of it once more
            if not begun:
                raise
            retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=_appending_to(part))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path.name} could not be fetched ({_reason(error)}): download {url} yourself and put "
            f"it at {path}"
        ) from None
    return path


def _appending_to(part: Path) -> Any:
    """A downloader for pooch that gets what is missing of ``part``, which outlives a failure."""

    def download(url: str, output: str, _: object) -> None:
        from pooch import HTTPDownloader
        from requests import HTTPError

        with open(part, "ab") as file:
            have = file.tell()
            ask = {"Range": f"bytes={have}-"} if have else {}
            bar: Any = ProgressLine(url, have)
            get = HTTPDownloader(bar, BLOCK, headers=ask, timeout=TIMEOUT)
            try:
                get(url, file, None)
            except HTTPError as error:
                answer: Any = error.response
                answer.close()
                if not have or answer.status_code != 416:  # nothing is missing
                    raise
        os.replace(part, output)

    return download


class ProgressLine:
    """A progress bar as pooch wants it: one line on a terminal, silence in a log."""

    def __init__(self, url: str, done: int) -> None:
        self.url, self.done, self.total = url, done, 0
        self._next = time.monotonic() + 1

    def update(self, more: int) -> None:
        """So many bytes more have come."""
        self.done += more
        if sys.stderr.isatty() and time.monotonic() > self._next:
            self._next = time.monotonic() + 1
            print(f"\r{self.url}: {self.done / 1e6:.0f} MB", end="", file=sys.stderr)

    def reset(self) -> None:
        """pooch counts whole blocks and begins anew at the end."""

    def close(self) -> None:
        """Nothing to put away."""


def _reason(error: Exception) -> str:
    """A library's error on one line, without its inner parts."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return text if len(text) <= 200 else f"{text[:200]}…"
