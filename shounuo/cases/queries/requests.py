"""Grants that belong to no case: what may be asked for, who would decide, the list of them; and the subject `grant`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from shounuo.cases import events
from shounuo.cases.approvals import APPROVAL
from shounuo.cases.models import Grant
from shounuo.cases.queries import authority, grants
from shounuo.cases.queries.grants import Offer
from shounuo.cases.rules import grants as rules
from shounuo.commitments.hours import hours_of
from shounuo.commitments.queries import promises
from shounuo.duties import queries as duties
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.policy import labels


@dataclass(frozen=True, slots=True)
class Asking:
    """A kind that may be asked for on no case, and which roles would be asked for the smallest amount of it: none where the reader
    may grant that himself (`alone`), or where nobody may grant any more of it."""

    offer: Offer
    roles: tuple[str, ...]
    alone: bool


def offers(actor: Actor, at: datetime) -> list[Asking]:
    """What the rules in force let anybody ask for on no case, in the order of their clauses. Two queries, one where none
    speaks of it."""
    book = authority.of_organisation(at)
    if not book:
        return []
    given = grants.organisation_sums(kinds=book)
    found = []
    for kind, standards in book.items():
        specs = authority.specs(standards)
        offer = Offer(
            kind,
            given.get(kind, 0),
            rules.limit_of(specs, actor.roles),
            rules.has_amount(specs),
            standards[0].clause,
        )
        totals = {rules.ORGANISATION: offer.given + 1 if offer.money else 0}
        alone = bool(actor.roles & rules.deciders(specs, totals))
        roles = () if alone else rules.asked_of(specs, actor.roles, totals)
        found.append(Asking(offer, roles, alone))
    return found


def would_be_asked(actor: Actor, roles: Iterable[str], at: datetime) -> dict[int, int | None]:
    """Who would be asked were the reader to ask these roles now: person -> in whose place. Two queries."""
    people = grants.holders(roles, team_id=None, but=actor.person_id)
    return duties.in_their_places(people, at, asked_by={actor.person_id or 0})


def answer_due(roles: Iterable[str], at: datetime) -> datetime | None:
    """By when the clauses in force would have an answer to what is asked of these roles now; None where none says. One query
    at most for what is in force."""
    facts = {"kind": APPROVAL, "status": "open", "role": list(roles)}
    found = promises("duty", "duty.created", {"kind": APPROVAL}, facts, at)
    return min((hours_of(rule.calendar).add(at, rule.span) for rule in found), default=None)


def page(
    actor: Actor, *, waiting: bool, cursor: str | None = None, limit: int = 50
) -> tuple[list[Grant], str | None]:
    """The grants on no case that the actor may see, those that wait or the others, the last asked for first, and the cursor
    of the next page. One query."""
    asked = Q(state=Grant.State.ASKED)
    rows = grants.visible_to(actor).filter(asked if waiting else ~asked, case=None)
    return grants.page_of(rows, cursor=cursor, limit=limit)


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Grant.objects.filter(pk__in=list(ids))
    return {g.pk: {"kind": g.kind, "status": str(g.state), "role": list(g.roles)} for g in rows}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(grants.visible_to(actor).filter(pk__in=set(ids)).values_list("pk", flat=True))


def _people(id: int) -> People:
    """Who asked stands where owners do."""
    return People(owner_id=Grant.objects.filter(pk=id).values_list("asked_by_id", flat=True).first())


def _labels(ids: Iterable[int]) -> dict[int, str]:
    """What is asked for, never what it is about: a label is shown wherever the thing is named."""
    rows = Grant.objects.filter(pk__in=list(ids)).values_list("pk", "kind")
    return {pk: labels.word(kind) for pk, kind in rows}


SUBJECT = Subject(
    kind=events.GRANT,
    facts=_facts,
    visible_ids=_visible_ids,
    people=_people,
    label=_labels,
    url=lambda id: f"/approvals/{id}/",
)
