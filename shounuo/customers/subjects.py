"""Customers and companies as things that events, clocks and audit rows hang on."""

from __future__ import annotations

from collections.abc import Iterable

from shounuo.customers import queries
from shounuo.customers.models import Company
from shounuo.customers.permissions import VIEW
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor


def _visible(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(queries.visible_to(actor).filter(id__in=list(ids)).values_list("id", flat=True))


def _company_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Company.objects.filter(id__in=list(ids))
    return {c.id: {"company": c.id, "region": c.region} for c in rows}


SUBJECTS = (
    Subject(
        kind="customer",
        facts=queries.facts,
        visible_ids=_visible,
        listed=lambda actor: actor.may(VIEW),
        people=lambda id: People(),
        label=queries.labels,
        url=lambda id: f"/customers/{id}/",
    ),
    Subject(
        kind="company",
        facts=_company_facts,
        visible_ids=lambda actor, ids: set(ids) if actor.may(VIEW) else set(),
        people=lambda id: People(),
        label=lambda ids: dict(Company.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: f"/customers/companies/{id}/",
    ),
)
