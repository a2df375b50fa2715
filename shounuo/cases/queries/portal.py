"""A case as its customer sees it: progress without anything internal."""

from __future__ import annotations

from dataclasses import dataclass

from shounuo.cases.models import Case, Interaction, Option, Plan
from shounuo.cases.queries.interactions import for_customer
from shounuo.cases.queries.settings import fields_of
from shounuo.cases.queries.standing import allowed_actions
from shounuo.cases.queries.visibility import get
from shounuo.cases.rules.fields import Field
from shounuo.events.models import Event
from shounuo.events.queries import of_subject
from shounuo.files.models import File
from shounuo.kernel.actors import Actor

# Steps of the way that a customer is told of.
STEPS = (
    "case.opened",
    "case.accepted",
    "case.diagnosed",
    "case.eta_told",
    "customer.warned",
    "plan.proposed",
    "plan.chosen",
    "case.waiting",
    "case.resumed",
    "case.resolved",
    "case.confirmed",
    "case.disputed",
    "case.reopened",
    "case.closed",
)


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """What is happening, who has it, when it is expected, what was said; `actions` are those of the
    customer, `fields` the organisation's own fields that he may see."""

    case: Case
    messages: list[Interaction]
    files: list[File]
    plan: Plan | None
    options: list[Option]
    steps: list[Event]
    actions: frozenset[str]
    fields: list[Field]


def customer_page(actor: Actor, number: int) -> CustomerPage:
    """The page for the customer himself (`Actor.customer`); NotFound for any other case. Six queries."""
    case = get(actor, number)
    files = File.objects.filter(subject_kind="case", subject_id=case.pk, internal=False).select_related(
        "blob"
    )
    options = list(
        Option.objects.filter(plan__case_id=case.pk, plan__withdrawn_at=None)
        .select_related("plan")
        .order_by("-plan_id", "position")
    )
    plan = options[0].plan if options else None
    return CustomerPage(
        case=case,
        messages=for_customer(case),
        files=list(files.order_by("id")),
        plan=plan,
        options=[o for o in options if plan is not None and o.plan_id == plan.pk],
        steps=list(of_subject("case", case.pk).filter(kind__in=STEPS)),
        actions=allowed_actions(actor, case, choosable=plan is not None and plan.chosen_at is None),
        fields=fields_of(case.kind, public=True),
    )


def customer_cases(actor: Actor, *, limit: int = 100) -> list[Case]:
    """The customer's own cases, the newest first, without those that went up in another."""
    return list(
        Case.objects.filter(customer_id=(actor.id or 0) if actor.kind == "customer" else 0, merged_into=None)
        .select_related("owner", "team")
        .order_by("-opened_at", "-pk")[:limit]
    )
