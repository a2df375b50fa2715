"""How much of a version runs: its clauses by what enforces them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shounuo.policy.models import Clause
from shounuo.policy.queries.clauses import best


@dataclass(frozen=True, slots=True)
class Coverage:
    """Numbers of clauses: with a live rule, else with one that waits for a part, else with rules that are only shown,
    else without any. `codes` names them by standing; `rules` counts the rules by standing; `gaps` counts the rules
    with a figure that is not set."""

    clauses: int
    live: int
    waiting: int
    shown: int
    none: int
    codes: dict[str, list[str]]
    rules: dict[str, int]
    gaps: int


def coverage(clauses: Iterable[Clause]) -> Coverage:
    """The figures of clauses as `clauses_in_force` or `clauses_of` gives them; no query of its own."""
    codes: dict[str, list[str]] = {"live": [], "waiting": [], "shown": [], "none": []}
    rules = {"live": 0, "waiting": 0, "shown": 0}
    total = gaps = 0
    for clause in clauses:
        total += 1
        rows = list(clause.rules.all())
        codes[best(r.status for r in rows)].append(clause.code)
        for row in rows:
            rules[row.status] += 1
            gaps += bool(row.gaps)
    return Coverage(
        clauses=total,
        live=len(codes["live"]),
        waiting=len(codes["waiting"]),
        shown=len(codes["shown"]),
        none=len(codes["none"]),
        codes=codes,
        rules=rules,
        gaps=gaps,
    )
