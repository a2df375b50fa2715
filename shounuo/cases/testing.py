"""Cases for tests, built through the services."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from shounuo.cases import services
from shounuo.cases.models import Case, CustomField, Topic
from shounuo.customers.models import Customer
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.staff.models import Person, Team
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import AT

_numbers = count(1)


def make_case(
    subject: str = "",
    *,
    text: str = "育肥料 552 到货结块，约 3 吨不敢喂",
    customer: Customer | None = None,
    team: Team | None = None,
    owner: Person | None = None,
    channel: str = "mail",
    accepted: bool = True,
    actor: Actor | None = None,
    at: datetime = AT,
    **more: Any,
) -> Case:
    """A case as the channels open it; with an `owner` assigned to him, and accepted unless told otherwise."""
    case, _first = services.case_open(
        channel=channel,
        subject=subject or f"工单 {next(_numbers)}",
        text=text,
        customer_id=(customer or make_customer(at=at)).pk,
        team_id=team.pk if team is not None else None,
        owner_id=owner.pk if owner is not None else None,
        actor=actor or Actor.system(),
        at=at,
        **more,
    )
    if owner is not None and accepted and case.accepted_at is None:
        case = services.case_accept(case_id=case.pk, actor=actor_for(owner), at=at)
    return case


def make_resolved(
    *, owner: Person, team: Team | None = None, text: str = "已补发三吨新料", at: datetime = AT, **more: Any
) -> Case:
    """A case that its owner has resolved."""
    case = make_case(owner=owner, team=team, at=at, **more)
    return services.case_resolve(case_id=case.pk, text=text, actor=actor_for(owner), at=at)


def make_topic(code: str = "", name: str = "", *, parent: Topic | None = None, at: datetime = AT) -> Topic:
    code = code or f"topic-{next(_numbers)}"
    return services.topic_create(
        code=code,
        name=name or code,
        parent_id=parent.pk if parent is not None else None,
        actor=Actor.system(),
        at=at,
    )


def make_field(code: str = "", *, label: str = "", type: str = "text", **more: Any) -> CustomField:
    code = code or f"field-{next(_numbers)}"
    return services.custom_field_save(
        code=code, label=label or code, type=type, actor=Actor.system(), at=AT, **more
    )
