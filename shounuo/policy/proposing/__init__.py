"""From a document to proposed rules: pure, offline, the same answer for the same text every time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shounuo.policy.proposing.headings import Cut, Outline, cut
from shounuo.policy.proposing.merge import KINDS, MODEL, TEXT, Mark, Proposal, clause_proposals

__all__ = ["KINDS", "MODEL", "TEXT", "Cut", "Mark", "Outline", "Proposal", "Proposed", "propose"]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A document cut into clauses, and the rules proposed for them. All places are offsets into `text`."""

    text: str
    outline: Outline
    proposals: tuple[Proposal, ...]


def propose(text: str, outline: Iterable[tuple[int, int]] = (), *, wrapped: bool | None = None) -> Proposed:
    """Cuts a regulation into clauses and proposes rules for each. `outline`: offsets of lines that the document marks
    as headings, with their level; `wrapped`: whether lines end where the page did. `documents.read` gives both."""
    clauses = cut(text, outline, wrapped=wrapped)
    found = [
        proposal
        for clause in clauses.clauses
        for proposal in clause_proposals(text, clause, wrapped=clauses.wrapped)
    ]
    return Proposed(text, clauses, tuple(found))
