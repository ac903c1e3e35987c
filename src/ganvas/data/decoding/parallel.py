"""A function over many items by a few threads; PIL lets other threads run while it decodes."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[int, int], None]
"""Called now and then with the number of items that are done, and that of all."""

CHUNK = 16
"""Items a task: small images are decoded faster than a task is handed over."""


def threaded(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``function`` of each item, in order; only a few chunks of items are held at a time."""
    workers = min(8, os.cpu_count() or 1)
    source = iter(items)

    def run(chunk: list[T]) -> list[R]:
        return [function(item) for item in chunk]

    with ThreadPoolExecutor(workers, thread_name_prefix="ganvas-decode") as pool:
        while chunks := [c for _ in range(2 * workers) if (c := list(islice(source, CHUNK)))]:
            for results in pool.map(run, chunks):
                yield from results
