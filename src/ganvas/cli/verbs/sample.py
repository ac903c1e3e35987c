"""``ganvas sample``."""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ganvas.disk import explain
from ganvas.domains.writers import Chunk
from ganvas.errors import UsageError
from ganvas.sampling.outputs import check_output
from ganvas.sampling.request import Request
from ganvas.store.run import Run

MOST = 1_000_000
"""Samples of one call, at most."""

STATIONS = 200
"""Images that an animation passes through, at most."""


def execute(options: argparse.Namespace) -> None:
    """Draw samples into a file or a folder."""
    check_count(options.count)
    seeds = None if options.seeds is None else read_seeds(options.seeds)
    asked: dict[str, Any] = {"seed": options.seed, "seeds": seeds, "truncation": options.truncation}
    asked |= {"label": options.label, "attributes": read_attributes(options.attr or [])}
    Request(options.count, **asked)  # what contradicts itself says so before the run is opened
    run = Run(options.run, at=options.at, plugin=options.plugin)
    writer, out = run.sampler.domain.writer(options.out), Path(options.out)
    before = check_output(out, overwrite=options.overwrite)
    # What cannot be drawn says so before a folder is made.
    if writer.between:
        check_stations(options.count or len(seeds or ()))
        way = run.loop(options.count, **asked)
        drawn, count = iter([(way, None)]), len(way)
    else:
        drawn = _begun(run.stream(options.count, **asked, data=options.data))
        count = len(seeds) if seeds is not None else options.count or 64
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        writer.save(drawn, count, out)
    except OSError as error:
        raise explain(error, str(out)) from None
    print(f"{count:,} {run.sampler.domain.noun} at {run.images:,} images seen: {out}{before}")


def check_count(count: int | None) -> None:
    """Raise UsageError for none, and for more samples than one call makes."""
    if count is not None and not 1 <= count <= MOST:
        raise UsageError(f"--count must be from 1 to {MOST:,}, not {count}")


def check_stations(stations: int) -> None:
    """Raise UsageError for an animation through too many samples."""
    if stations > STATIONS:
        raise UsageError(f"an animation passes through at most {STATIONS} images, not {stations:,}")


def read_seeds(text: str) -> list[int]:
    """``0-31`` or ``1,5,9`` as a list.

    Raises:
        UsageError: anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"--seeds {text!r} is not a list such as 0-31 or 1,5,9")
        end = int(last) if dash else int(first)
        if len(seeds) + end - int(first) >= MOST:
            raise UsageError(f"--seeds {text!r} names more than {MOST:,} images")
        seeds += range(int(first), end + 1)
    if not seeds:
        raise UsageError(f"--seeds {text!r} names no image")
    return seeds


def read_attributes(given: list[str]) -> dict[str, bool]:
    """``["Smiling=1", "Eyeglasses=0"]`` by name.

    Raises:
        UsageError: anything else.
    """
    found = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or not name or value not in ("0", "1"):
            raise UsageError(f"--attr {text!r} is not a name and 0 or 1, such as Smiling=1")
        found[name] = value == "1"
    return found


def _begun(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same; the first chunk is drawn at once."""
    return chain([next(chunks)], chunks)
