"""The authority rules in force, and what they say of a case and of what belongs to none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shounuo.cases.queries.facts import SUBJECT
from shounuo.cases.rules.grants import ORGANISATION, SCOPES
from shounuo.policy import matching
from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.schema import Authority


@dataclass(frozen=True, slots=True)
class Standard:
    """An authority rule in force. `title` in Chinese and English as the pack has them."""

    rule_id: int
    clause: str
    title: str
    title_en: str
    spec: Authority


Book = dict[str, list[Standard]]
"""Kind of grant -> its rules, in the order of their clauses."""


def in_force(at: datetime, scopes: Collection[str] = SCOPES) -> list[Standard]:
    """The live authority rules of these scopes at the moment, in the order of their clauses. One query."""
    found = []
    for row, spec in policy.rules_in_force(Rule.Kind.AUTHORITY, at):
        if row.status == Rule.Status.LIVE and isinstance(spec, Authority) and spec.per in scopes:
            found.append(Standard(row.pk, row.clause.code, row.title, row.title_en, spec))
    return found


def of_case(case_id: int, at: datetime) -> Book:
    """What may be granted on a case: the rules whose conditions its facts fulfil, by kind of grant. Two queries."""
    standards = in_force(at)
    if not standards:
        return {}
    facts = SUBJECT.facts([case_id]).get(case_id, {})
    book: Book = {}
    for standard in standards:
        if matching.matches(standard.spec.when, facts):
            book.setdefault(standard.spec.grant, []).append(standard)
    return book


def of_organisation(at: datetime) -> Book:
    """What may be granted on no case, by kind of grant. One query."""
    book: Book = {}
    for standard in in_force(at, (ORGANISATION,)):
        book.setdefault(standard.spec.grant, []).append(standard)
    return book


def specs(standards: list[Standard]) -> list[Authority]:
    return [s.spec for s in standards]
