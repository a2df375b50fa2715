"""What the grammars pass around: a clause's normalised text with its sentences, and the rules found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shounuo.policy.proposing.normalise import Normal

_SENTENCE = re.compile(r"[^。!?\n]+")
_PIECE = re.compile(r"[^,。;!?\n]+")
_PART = re.compile(r"[^;。!?\n]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A clause being read."""

    normal: Normal

    @property
    def text(self) -> str:
        return self.normal.text

    def sentences(self) -> Iterator[tuple[int, int]]:
        """The sentences: up to a full stop or the end of a line."""
        for match in _SENTENCE.finditer(self.text):
            yield _without_item(self.text, match.start(), match.end())

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What stands between semicolons."""
        for match in _PART.finditer(self.text, start, end):
            yield match.start(), match.end()

    def piece(self, at: int, start: int, end: int) -> tuple[int, int]:
        """The piece between commas in which a place stands."""
        for match in _PIECE.finditer(self.text, start, end):
            if match.start() <= at < match.end():
                return match.start(), match.end()
        return start, end


_ITEM = re.compile(
    r"(?:[-*•·●]|\(?[0-9一二三四五六七八九十]{1,3}[)、.]|第[0-9一二三四五六七八九十]{1,3}[步,:、])(?![0-9]|[一二三四]级)"
)


def _without_item(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence without the number of the item that it is."""
    item = _ITEM.match(text, start, end)
    return (item.end(), end) if item else (start, end)


@dataclass(slots=True)
class Found:
    """A rule as read, before it has a name. `body`: its fields as a pack writes them, those that the wording does not
    tell left out and named in `gaps`; `marks`: which words say which field; `assumed`: fields that follow from the
    sort of promise and not from a wording."""

    kind: str
    body: dict[str, Any]
    marks: list[tuple[str, int, int]]
    gaps: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    title: str = ""
    name: str = ""

    @property
    def start(self) -> int:
        return min(m[1] for m in self.marks)


def many(values: list[Any] | tuple[Any, ...]) -> Any:
    """One value as itself, several as a list, as packs write it."""
    unique = [v for i, v in enumerate(values) if v not in values[:i]]
    return unique[0] if len(unique) == 1 else unique
