"""What another system held: cases that were over before they came here.

They are closed from the start and told of by `case.imported` and `interaction.imported` alone, which no
clause, receipt or notice begins with. A message that comes for such a case later opens it like any other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case, Interaction
from shounuo.cases.rules import states
from shounuo.cases.services import holding, writing
from shounuo.cases.services.changing import Change, follow
from shounuo.cases.services.writing import IncomingMessage
from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed

Way = Literal["in", "out"]


def case_import(
    *,
    direction: Way,
    channel: str,
    subject: str,
    text: str,
    customer_id: int,
    team_id: int | None = None,
    channel_class: str = "primary",
    mailbox_id: int | None = None,
    message: IncomingMessage,
    actor: Actor,
    at: datetime,
) -> tuple[Case, Interaction]:
    """A closed case of the moment `at` with its first message, sent or received. For the system only.

    Events: case.imported, interaction.imported.
    """
    _system(actor)
    with transaction.atomic():
        case = Case(
            channel=channel,
            channel_class=channel_class,
            subject=writing.subject_of(subject, text),
            customer_id=customer_id,
            team_id=holding.team(team_id) if team_id is not None else None,
            mailbox_id=mailbox_id,
            status=states.CLOSED,
            opened_at=at,
            last_in_at=at if direction == "in" else None,
            last_out_at=at if direction == "out" else None,
            closed_at=at,
            updated_at=at,
            version=1,
        )
        case.save(force_insert=True)
        interaction = _write(case, direction, text, channel, message, customer_id, at)
        change = Change(case, actor, at, version=case.version)
        change.tell(events.IMPORTED, channel=channel, customer=customer_id)
        change.tell(events.MESSAGE_IMPORTED, interaction=interaction.pk, channel=channel)
        publish(change.news)
    return case, interaction


def message_import(
    *,
    case_id: int,
    direction: Way,
    text: str,
    channel: str,
    message: IncomingMessage,
    customer_id: int | None = None,
    actor: Actor,
    at: datetime,
) -> Interaction:
    """A further message of the past; the case's state stays as it is. One for a merged case goes to where it
    went up.

    Event: interaction.imported.
    """
    _system(actor)
    with transaction.atomic():
        change = follow(case_id, actor=actor, at=at)
        case = change.case
        interaction = _write(case, direction, text, channel, message, customer_id or case.customer_id, at)
        change.set(opened_at=min(case.opened_at, at))
        if direction == "in":
            change.set(last_in_at=max(case.last_in_at or at, at))
        else:
            change.set(last_out_at=max(case.last_out_at or at, at))
        if case.status == states.CLOSED and case.closed_at is not None and not case.closed_how:
            change.set(closed_at=max(case.closed_at, at))
        change.tell(events.MESSAGE_IMPORTED, interaction=interaction.pk, channel=channel)
        change.finish()
    return interaction


def _write(
    case: Case,
    direction: Way,
    text: str,
    channel: str,
    message: IncomingMessage,
    customer_id: int,
    at: datetime,
) -> Interaction:
    interaction = writing.incoming(
        case,
        text,
        channel=channel,
        message=message,
        person_id=None,
        customer_id=customer_id,
        purpose=writing.Purpose.ANSWER,
        at=at,
    )
    interaction.direction = direction
    interaction.save(force_insert=True)
    return interaction


def _system(actor: Actor) -> None:
    if not actor.is_system:
        raise NotAllowed(_("只有系统可以这样做"))
