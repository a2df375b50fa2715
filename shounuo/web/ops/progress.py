"""A progress line for whatever lasts longer than two seconds."""

from __future__ import annotations

import sys
import time


class Progress:
    """Prints `label done/total` at most five times a second on a terminal, every five seconds elsewhere."""

    def __init__(self, label: str, total: int | None = None) -> None:
        self.label, self.total = label, total
        self.done = 0
        self._start = self._shown = time.monotonic()
        self._every = 0.2 if sys.stderr.isatty() else 5.0

    def __enter__(self) -> Progress:
        return self

    def step(self, done: int | None = None, total: int | None = None) -> None:
        """Counts one more, or sets how many are done (and of how many)."""
        self.done = self.done + 1 if done is None else done
        self.total = total if total is not None else self.total
        if time.monotonic() - self._shown >= self._every:
            self._show("")

    def __exit__(self, *_exc: object) -> None:
        self._show("\n")

    def _show(self, end: str) -> None:
        self._shown = time.monotonic()
        of = f"/{self.total}" if self.total else ""
        seconds = self._shown - self._start
        start = "\r" if sys.stderr.isatty() else ""
        stop = end if sys.stderr.isatty() else "\n"
        print(f"{start}{self.label} {self.done}{of} · {seconds:.0f} s", end=stop, file=sys.stderr, flush=True)
