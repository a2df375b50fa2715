"""What clocks publish while they hear of events: their own news, heard by them in turn, and never without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from shounuo.events.services import NewEvent, publish

MAX_DEPTH = 4
"""Clocks may start by what happens to clocks; longer chains than this are a circle and are cut."""

_depth: ContextVar[int] = ContextVar("clocks_depth", default=0)


def depth() -> int:
    """How deep in its own news the engine is; 0 = others have published."""
    return _depth.get()


@contextmanager
def deeper() -> Iterator[None]:
    """What is published within is heard as news of ours."""
    token = _depth.set(_depth.get() + 1)
    try:
        yield
    finally:
        _depth.reset(token)


def publish_deeper(news: Sequence[NewEvent]) -> None:
    """Publishes news of ours, unless the chain is too long. Needs the transaction of the change."""
    if news and depth() < MAX_DEPTH:
        with deeper():
            publish(news)
