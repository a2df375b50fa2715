"""Maturity 成熟度 of a process: five levels, and which one the evidence of a quarter speaks for. Pure.

The levels and thresholds are our own: the source asks for an assessment every quarter and names no scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean
from typing import Any

LEVELS = (1, 2, 3, 4, 5)
CARRIED_OUT = 0.5  # of the practices must have left a trace
ENOUGH = 10  # judgements or promises, before a share says anything
INSPECTED = 0.9
AXES = 5  # so many make a picture; with fewer first-level processes the next level is shown


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the system itself knows of a process in a quarter.

    `practices` it names, of which `seen` left a trace (an event that proves one, or a figure with a population); `rules` by standing
    and `gaps` among them; promises `due` and `met` against `target`; the last inspection's `kept` of `inspected`; `figures` with
    enough behind them of those it names; improvements and corrections `improved` since the assessment before, at level `before`.
    """

    practices: int = 0
    seen: int = 0
    live: int = 0
    waiting: int = 0
    shown: int = 0
    gaps: int = 0
    due: int = 0
    met: int = 0
    target: float = 0.95
    inspected: int = 0
    kept: int = 0
    figures: int = 0
    improved: int = 0
    before: int = 0

    @property
    def share(self) -> float | None:
        return self.met / self.due if self.due else None

    @property
    def inspected_share(self) -> float | None:
        return self.kept / self.inspected if self.inspected else None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A level with the reasons for it, each a code and its numbers; the last says what the next level lacks."""

    level: int
    reasons: tuple[tuple[str, Mapping[str, Any]], ...] = field(default_factory=tuple)


def propose(found: Evidence) -> Proposal:
    """The level that the evidence speaks for; each level needs all that those below it need.

    2: the process is written as practices or rules. 3: half of its practices left a trace, or enough of its promises were
    decided. 4: there are figures with enough behind them, or enough decided promises, and neither promises nor inspection
    fall short. 5: it was at 4 or more before, and an improvement or correction of it was completed since.
    """
    reasons: list[tuple[str, Mapping[str, Any]]] = []
    if not found.practices and not (found.live + found.waiting + found.shown):
        return Proposal(1, (("unwritten", {}),))
    reasons.append(
        ("written", {"practices": found.practices, "rules": found.live + found.waiting + found.shown})
    )
    decided = found.due >= ENOUGH
    traced = found.practices > 0 and found.seen / found.practices >= CARRIED_OUT
    if not (traced or decided):
        return Proposal(2, (*reasons, ("few_traces", {"seen": found.seen, "practices": found.practices})))
    reasons.append(
        ("traces", {"seen": found.seen, "practices": found.practices})
        if traced
        else ("decided", {"due": found.due})
    )
    if not (found.figures or decided):
        return Proposal(3, (*reasons, ("unmeasured", {})))
    if decided and found.met / found.due < found.target:
        share = {"share": found.met / found.due, "target": found.target, "due": found.due}
        return Proposal(3, (*reasons, ("broken", share)))
    if found.inspected >= ENOUGH and found.kept / found.inspected < INSPECTED:
        inspected = {"share": found.kept / found.inspected, "target": INSPECTED, "n": found.inspected}
        return Proposal(3, (*reasons, ("inspected_short", inspected)))
    reasons.append(
        ("kept", {"share": found.met / found.due, "due": found.due})
        if decided
        else ("measured", {"n": found.figures})
    )
    if found.before < 4 or not found.improved:
        return Proposal(
            4, (*reasons, ("not_improving", {"before": found.before, "improved": found.improved}))
        )
    return Proposal(5, (*reasons, ("improving", {"improved": found.improved})))


def quarter_of(day: date) -> date:
    """The first day of the quarter of a day."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def after(quarter: date) -> date:
    """The first day of the quarter after."""
    return quarter_of(date(quarter.year + quarter.month // 10, (quarter.month + 2) % 12 + 1, 1))


def before(quarter: date) -> date:
    """The first day of the quarter before."""
    return date(quarter.year - (quarter.month == 1), (quarter.month - 4) % 12 + 1, 1)


def path(number: str) -> tuple[str, ...]:
    """6.2.1 as its parts; the root, 6.0, as (6,)."""
    parts = tuple(number.split("."))
    return parts[:-1] if parts[-1] == "0" else parts


def group_of(number: str, depth: int) -> str:
    """The process of the depth (2: 6.1, 3: 6.1.2) that a process belongs to; "" for one above it that has no such part."""
    parts = path(number)
    return ".".join(parts[:depth]) if len(parts) >= 2 else ""


def axes(numbers: Sequence[str]) -> tuple[int, list[str]]:
    """The processes by which a tree is shown, in its order, and their depth: the first-level ones; where these are too few
    for a picture the next level, with first-level ones that have none beneath them."""
    first = list(dict.fromkeys(g for n in numbers if (g := group_of(n, 2))))
    if len(first) >= AXES:
        return 2, first
    parents = {".".join(path(n)[:2]) for n in numbers if len(path(n)) > 2}
    second = list(dict.fromkeys(g for n in numbers if (g := group_of(n, 3)) and g not in parents))
    return 3, second


def means(levels: Mapping[str, int], depth: int) -> dict[str, float]:
    """The mean level of each group of processes."""
    groups: dict[str, list[int]] = {}
    for number, level in levels.items():
        groups.setdefault(group_of(number, depth), []).append(level)
    return {group: fmean(of) for group, of in groups.items() if group}


def mean(levels: Iterable[int]) -> float | None:
    """The mean of all; None of none."""
    found = list(levels)
    return fmean(found) if found else None
