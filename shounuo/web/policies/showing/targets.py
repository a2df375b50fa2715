"""What share of its promises a clause has to keep."""

from __future__ import annotations

from shounuo.kernel.durations import Percent
from shounuo.policy.queries import ClauseView
from shounuo.policy.schema import Commitment

TARGET = 0.95  # of a document as a whole, and of clauses whose rules name none


def target_of(clause: ClauseView) -> float:
    """The target of the clause's promises, the highest where they differ."""
    named = [r.rule.target for r in clause.rules if isinstance(r.rule, Commitment)]
    return max((t.basis_points / 10_000 for t in named if isinstance(t, Percent)), default=TARGET)
