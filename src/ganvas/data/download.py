"""Fetch one file into the cache: resumed where it broke off, checked, then renamed."""

import hashlib
import os
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from ganvas.errors import DataError

TIMEOUT = 30  # seconds without a byte
BLOCK = 1 << 20


def fetched(path: Path, url: str, md5: str) -> Path:
    """``path``, downloaded from ``url`` if need be, its MD5 checked.

    Errors: DataError, naming the file, its place and the URL, where that cannot be done.
    """
    if not path.is_file():
        partial = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            download(url, partial)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise DataError(
                f"{path.name} could not be fetched ({reason}): download {url} yourself "
                f"and put it at {path}"
            ) from None
        check(partial, md5, url)
        os.replace(partial, path)
    check(path, md5, url)
    return path


def download(url: str, partial: Path) -> None:
    """Append what is missing of ``url`` to ``partial``."""
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is missing: the checksum will tell
            return
        raise
    with response, open(partial, "ab" if have and response.status == 206 else "wb") as file:
        total = int(response.headers.get("Content-Length") or 0) + file.tell()
        shown = time.monotonic()
        while block := response.read(BLOCK):
            file.write(block)
            if time.monotonic() - shown > 1:
                shown = time.monotonic()
                tell(url, file.tell(), total)
        if file.tell() < total:
            raise OSError(f"the connection ended at {file.tell():,} of {total:,} bytes")


def tell(url: str, done: int, total: int) -> None:
    """One line on a terminal; silence in a log."""
    if sys.stderr.isatty():
        print(f"\r{url}: {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr)


def check(path: Path, md5: str, url: str) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    if digest.hexdigest() != md5:
        if path.suffix == ".part":
            path.unlink()
        raise DataError(
            f"{path}: damaged, its MD5 is {digest.hexdigest()} and not {md5}; "
            f"delete it and get it again from {url}"
        )
