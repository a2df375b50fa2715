"""Processes that do a part of the demo each, beside the one that was asked for it."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from shounuo.web.ops.progress import Progress

PARTS = min(max(os.cpu_count() or 2, 2), 4)  # what is told does not depend on how many tell it
_done: Any = None


class Parts:
    """PARTS processes for as long as the block lasts; each task is a function of a module, called in all of them."""

    def __enter__(self) -> Parts:
        context = multiprocessing.get_context("spawn")
        self._done = context.Value("i", 0)
        self._pool = ProcessPoolExecutor(
            PARTS, mp_context=context, initializer=_ready, initargs=(self._done,)
        )
        return self

    def __exit__(self, *_exc: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    @contextmanager
    def doing(self, label: str, total: int, task: Callable[..., None], *arguments: Any) -> Iterator[None]:
        """The task with these arguments and its part's number, beside the block; then its progress until all parts are done.

        Raises what a part raised.
        """
        self._done.value = 0
        parts = [self._pool.submit(task, *arguments, part) for part in range(PARTS)]
        yield
        with Progress(label, total) as progress:
            while not all(part.done() for part in parts):
                time.sleep(0.1)
                progress.step(self._done.value, total)
            progress.step(self._done.value, total)
        for part in parts:
            part.result()


def count_one() -> None:
    """One more is done: the one who was asked shows it."""
    with _done.get_lock():
        _done.value += 1


def _ready(done: Any) -> None:
    """A process that has imported nothing of ours yet.

    The same few hundred statements come again and again: the server keeps their plans, a third of its time.
    """
    global _done
    import django

    django.setup()
    from django.db import connection

    _done = done
    connection.settings_dict["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 3}
