"""The practices of a clause and what shows that it is kept, as pages and API show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from shounuo.events import registry
from shounuo.policy import labels
from shounuo.policy.schema import EVIDENCE


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What shows that something is done, in the active language. `exists`: every event that proves it is published by
    a part that is there; `metric`: the code of the figure that proves it, "" for none."""

    kind: str
    label: str
    text: str
    exists: bool
    metric: str
    covers: list[str]


@dataclass(frozen=True, slots=True)
class PracticeView:
    """A practice with its risk, its outcome and its evidence, in the active language."""

    text: str
    risk: str
    outcome: str
    evidence: list[EvidenceView]
    covers: list[str]


def practices_of(rows: Iterable[dict[str, Any]]) -> list[PracticeView]:
    """Views of practices as a clause keeps them; no query."""
    known = registry.kinds().keys()
    return [
        PracticeView(
            text=labels.spoken(row["practice"], row.get("practice_en", "")),
            risk=labels.spoken(row.get("risk", ""), row.get("risk_en", "")),
            outcome=labels.spoken(row.get("outcome", ""), row.get("outcome_en", "")),
            evidence=[_evidence(e, known) for e in row.get("evidence", [])],
            covers=row.get("covers", []),
        )
        for row in rows
    ]


def evidence_of(rows: Iterable[dict[str, Any]]) -> list[EvidenceView]:
    """Views of evidence as a clause keeps it; no query."""
    known = registry.kinds().keys()
    return [_evidence(row, known) for row in rows]


def _evidence(row: dict[str, Any], known: Collection[str]) -> EvidenceView:
    kind = next(k for k in EVIDENCE if k in row)
    named = row.get("event", [])
    events = [named] if isinstance(named, str) else named
    return EvidenceView(
        kind=kind,
        label=labels.proof(kind),
        text=labels.spoken(row[kind], row.get("en", "")),
        exists=bool(events) and all(e in known for e in events),
        metric=row.get("code", ""),
        covers=row.get("covers", []),
    )
