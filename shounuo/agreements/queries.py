"""All reads of agreements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.agreements.models import Agreement
from shounuo.customers.models import Customer
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.schema import Commitment

VIEW = "customers.view"
EDIT = "policy.edit"
PUBLISH = "policy.publish"


def visible_to(actor: Actor) -> QuerySet[Agreement]:
    """The agreements that the actor may see: those who look after customers see all, a customer his own."""
    rows = Agreement.objects.select_related("customer", "company", "signer", "offered_by")
    if actor.is_system or actor.may(VIEW):
        return rows
    if actor.kind == "customer":
        return rows.filter(signer_id=actor.id).exclude(state=Agreement.State.DRAFT)
    return rows.none()


def get(actor: Actor, id: int, *, lock: bool = False) -> Agreement:
    """One agreement; NotFound also for one that the actor may not see. `lock` needs a transaction."""
    rows = visible_to(actor)
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这份协议，或您无权查看"))
    return found


def listed(actor: Actor) -> QuerySet[Agreement]:
    """All that the actor may see, the latest first."""
    return visible_to(actor).order_by("-id")


def to_answer(signer: Actor) -> list[Agreement]:
    """What was offered to a customer and waits for his answer, the latest first. One query."""
    return list(visible_to(signer).filter(state=Agreement.State.OFFERED).order_by("-id"))


def of_customer(customer: Customer) -> list[Agreement]:
    """The active agreements that bind for a customer. One query."""
    mine = Q(customer_id=customer.pk) | Q(customer__merged_into_id=customer.pk)
    if customer.company_id:
        mine |= Q(company_id=customer.company_id)
    if customer.segment:
        mine |= Q(segment=customer.segment)
    return list(Agreement.objects.filter(mine, state=Agreement.State.ACTIVE).order_by("id"))


def bases(at: datetime) -> list[tuple[Rule, Commitment, str]]:
    """The commitments on cases that an agreement can better: those in force of the house's own regulations, each with
    what it is called. One query."""
    found = []
    for row, spec in policy.rules_in_force(Rule.Kind.COMMITMENT, at):
        own = row.clause.version.policy.code.startswith("sla-")
        if (
            isinstance(spec, Commitment)
            and spec.subject == "case"
            and row.status == Rule.Status.LIVE
            and not own
        ):
            title = spoken(row.title, row.title_en) or row.name
            found.append((row, spec, f"{row.clause.number} {title}"))
    return found


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Agreement.objects.filter(pk__in=list(ids))
    return {a.pk: {"status": a.state, "segment": a.segment or None} for a in rows}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


def _people(id: int) -> People:
    row = Agreement.objects.filter(pk=id).values_list("created_by_id", flat=True).first()
    return People(owner_id=row)


SUBJECT = Subject(
    kind="agreement",
    facts=_facts,
    visible_ids=_visible_ids,
    people=_people,
    label=lambda ids: dict(Agreement.objects.filter(pk__in=list(ids)).values_list("pk", "title")),
    url=lambda id: f"/agreements/{id}/",
)
