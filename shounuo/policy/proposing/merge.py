"""From what the grammars found to proposals: named, ordered, without doubles, checked by the pack's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shounuo.policy.proposing import (
    amounts,
    cadences,
    commitments,
    happenings,
    movements,
    playbooks,
    records,
    thresholds,
    weights,
    words,
)
from shounuo.policy.proposing.found import Found, Passage
from shounuo.policy.proposing.headings import Cut
from shounuo.policy.proposing.normalise import Normal, normalise
from shounuo.policy.schema import RULES

FINDERS = (commitments, cadences, records, movements, thresholds, happenings, amounts, weights, playbooks)
TEXT, MODEL = "text", "model"
KINDS = tuple(RULES)
_MOST_TITLE = 30


@dataclass(frozen=True, slots=True)
class Mark:
    """Which words of the original text say which field of the rule."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule proposed for a clause. `rule`: as a pack writes it, kind and name first; what the text leaves open is
    `unset`, a field that it does not tell is absent and named in `gaps`. `assumed`: fields that follow from the sort
    of promise. `origin`: text, or model where an assistant proposed it."""

    clause: str
    rule: dict[str, Any]
    marks: tuple[Mark, ...]
    confidence: float
    gaps: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    origin: str = TEXT

    @property
    def kind(self) -> str:
        return next(iter(self.rule))

    @property
    def name(self) -> str:
        return str(self.rule[self.kind])

    @property
    def evidence(self) -> list[tuple[int, int]]:
        """The spans of the original text that speak for it, in order, without overlaps."""
        found: list[tuple[int, int]] = []
        for start, end in sorted((m.start, m.end) for m in self.marks):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], end))
            else:
                found.append((start, end))
        return found


def clause_proposals(text: str, clause: Cut, *, wrapped: bool = False) -> list[Proposal]:
    """The rules that one clause's wording proposes, in the order of the text."""
    normal = normalise(text, start=clause.start, end=clause.end, wrapped=wrapped)
    passage = Passage(normal)
    found = _without_doubles([f for finder in FINDERS for f in finder.find(passage)])
    found.sort(key=lambda f: (f.start, KINDS.index(f.kind)))
    return list(_named(clause, normal, found))


def _without_doubles(found: list[Found]) -> list[Found]:
    """A time for writing a record down belongs to the record; a share that composes a score is no threshold."""
    records_at = [_places(f, "within") for f in found if f.kind == "record"]
    parts = [p for f in found if f.kind == "weight" for p in _places(f, "parts")]
    promised = [p for f in found if f.kind == "commitment" for p in _places(f, "within")]
    changes = [p for f in found if f.kind == "target" for p in _places(f, "change")]
    moved = [(f.start, max(m[2] for m in f.marks)) for f in found if "baseline" in f.body]
    kept: list[Found] = []
    for item in found:
        if (
            item.kind in ("target", "alarm")
            and "baseline" not in item.body
            and any(_overlap(v, m) for v in _places(item, "value") for m in moved)
        ):
            continue
        if item.kind == "target" and any(_overlap(v, p) for v in _places(item, "value") for p in promised):
            continue
        if item.kind == "cadence" and any(_overlap(e, c) for e in _places(item, "every") for c in changes):
            continue  # 在每日五十单基础上提升20%
        if item.kind == "commitment" and any(_places(item, "within") == r for r in records_at if r):
            continue
        if item.kind in ("target", "alarm") and any(
            _overlap(v, p) for v in _places(item, "value") for p in parts
        ):
            continue
        if not any(k.kind == item.kind and k.body == item.body for k in kept):
            kept.append(item)
    return kept


def _places(found: Found, name: str) -> list[tuple[int, int]]:
    return [(start, end) for field, start, end in found.marks if field == name]


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _named(clause: Cut, normal: Normal, found: list[Found]) -> Iterator[Proposal]:
    taken: dict[tuple[str, str], int] = {}
    for item in found:
        base = item.name or _name(item)
        count = taken[item.kind, base] = taken.get((item.kind, base), 0) + 1
        name = base if count == 1 else f"{base}-{count}"
        rule = {item.kind: name}
        if title := _title(item):
            rule["title"] = title
        rule |= item.body
        marks = tuple(
            Mark(field, *normal.origin(start, end))
            for field, start, end in sorted(item.marks, key=lambda m: m[1:])
            if end > start
        )
        yield Proposal(clause.number, rule, marks, _confidence(item), tuple(item.gaps), tuple(item.assumed))


def _name(item: Found) -> str:
    if item.kind == "cadence":
        return str(item.body["activity"]).replace("_", "-")
    if item.title:
        return words.name_of(item.title[:12])
    return item.kind if item.kind != "commitment" else "promise"


def _title(item: Found) -> str:
    return item.title.strip(",、:的")[:_MOST_TITLE]


def _confidence(item: Found) -> float:
    """How sure the reading is: lower for every gap and for every field that the wording does not say itself."""
    left_open = sum(1 for g in item.gaps if item.body.get(g) != "unset")
    return round(
        max(0.3, 0.95 - 0.2 * left_open - 0.1 * len(item.assumed) - 0.05 * (len(item.gaps) - left_open)), 2
    )
