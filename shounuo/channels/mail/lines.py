"""A line of a message as the reply splitter sees it, whether it came from text or from HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Line:
    """`start` is where it begins in the source; `hard` begins a quoted original, marked so by the mail program."""

    text: str
    start: int
    quoted: bool = False
    hard: bool = False
    signature: bool = False
