"""Targets said as a way from one value to another: 首次响应时长由八分钟降到四分钟以内, 满意率从80%升至90%."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shounuo.kernel.text import whole
from shounuo.policy.proposing import spans, thresholds, words
from shounuo.policy.proposing.found import Found, Passage
from shounuo.policy.proposing.numbers import NUMBER, SHARE, number, share, written

_VALUE = (
    rf"(?:(?P<{{}}share>{SHARE})|(?P<{{}}span>{NUMBER}个?半?(?:工作日|小时|分钟|秒|天|日))"
    rf"|(?P<{{}}count>{NUMBER})(?:分|起|件|单|次|条|人|家|个)?)"
)
_DOWN, _UP = "压降|压缩|下降|降低|缩短|缩减|减少|降|缩|减", "提升|提高|上升|增长|增加|升|提|增"
_WAY = re.compile(
    rf"(?:由|从)(?:目前的?|现在的?|现有的?|原来的?|上年的?|去年的?)?{_VALUE.replace('{}', 'old')}"
    rf"(?:(?P<down>{_DOWN})|(?P<up>{_UP}))(?:到|至|为){_VALUE.replace('{}', 'new')}"
)


def find(passage: Passage) -> Iterator[Found]:
    """Every target of the clause that says where it comes from and where it goes."""
    text = passage.text
    for start, end in passage.sentences():
        for match in _WAY.finditer(text, start, end):
            noun = thresholds.noun_before(text, start, match.start())
            old, new = _value(match, "old"), _value(match, "new")
            if noun is None or old is None or new is None or old[0] != new[0]:
                continue
            code = words.metric(noun[0])
            body: dict[str, Any] = {
                "metric": code,
                "op": "<=" if match["down"] else ">=",
                "value": new[1],
                "baseline": old[1],
            }
            marks = [
                ("metric", *noun[1]),
                ("baseline", *match.span(f"old{old[0]}")),
                ("value", match.start(f"new{new[0]}"), match.end()),
            ]
            body |= thresholds.horizon(text, noun[1][0], marks)
            yield Found("target", body, marks, [], [], noun[0], code.replace("_", "-")[:60])


def _value(match: re.Match[str], side: str) -> tuple[str, Any] | None:
    """The sort of a value and the value as a pack writes it."""
    if said := match[f"{side}share"]:
        value = share(said)
        return ("share", f"{written(value)}%") if value is not None else None
    if said := match[f"{side}span"]:
        iso = spans.read(said)
        return ("span", iso) if iso else None
    value = number(match[f"{side}count"])
    if value is None:
        return None
    plain = written(value)
    return "count", plain if (full := whole(plain)) is None else full
