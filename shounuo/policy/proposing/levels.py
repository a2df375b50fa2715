"""Risks and crises by level: 一级风险的预警送达…，宣布二级危机后…. What follows, up to the next level, is about that one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_LEVEL = re.compile(
    r"(?:对于?|针对|属于?|凡|宣布|发生|出现)?(?P<levels>[一二三四1-4](?:[、和及][一二三四1-4]){0,3})级(?P<of>风险|危机)?(?:的?预警|的?警报)?(?:发生|出现)?(?:之?后|的|时)?,?"
)
_EVENTS = {"risk": "risk.raised", "crisis": "crisis.declared"}
_WORDS = {"风险": "risk", "危机": "crisis"}
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4}


@dataclass(frozen=True, slots=True)
class Graded:
    """A risk or crisis of some levels, and where it is named."""

    subject: str
    levels: tuple[int, ...]
    start: int
    end: int

    @property
    def event(self) -> dict[str, Any]:
        """What such a one begins with, as a pack writes it."""
        return {"event": _EVENTS[self.subject], "level": self.level}

    @property
    def level(self) -> int | list[int]:
        return self.levels[0] if len(self.levels) == 1 else list(self.levels)


def graded(text: str, sentence: int, start: int, end: int) -> Graded | None:
    """The risk or crisis that a part of a sentence opens with; a later part may leave the word out (二级送达…)."""
    match = _LEVEL.match(text, start, end)
    if match is None:
        return None
    word = match["of"]
    if word is None:
        before = [m.group() for m in re.finditer("[一二三四1-4]级(风险|危机)", text[sentence:start])]
        if not before or text.startswith(("投诉", "工单", "问题", "故障", "事件", "预警"), match.end()):
            return None
        word = before[-1][-2:]
    levels = tuple(_DIGITS.get(c) or int(c) for c in re.sub("[、和及]", "", match["levels"]))
    return Graded(_WORDS[word], levels, match.start(), match.end())
