"""Putting one interaction on a locked case: the row, the case's own columns and the event. Used by the services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import events
from shounuo.cases.models import Case, Interaction
from shounuo.cases.queries.threads import reply_addresses
from shounuo.cases.rules import states
from shounuo.cases.services.changing import Change
from shounuo.cases.services.holding import engage
from shounuo.kernel import prepared
from shounuo.kernel.errors import Invalid, TooLarge
from shounuo.kernel.text import clean, clean_line, normalise_mail, truncate

MAX_TEXT = 1_000_000
MAX_SUBJECT = 300
MAX_ADDRESSES = 100
SPOKEN = frozenset({Case.Channel.PHONE, Case.Channel.VISIT})

In, Out, Note = Interaction.Direction.IN, Interaction.Direction.OUT, Interaction.Direction.NOTE
Purpose = Interaction.Purpose


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What a channel knows of a message beside its text. `folded` is quoted text and signature."""

    html: str = ""
    folded: str = ""
    sender: str = ""
    recipients: Sequence[str] = ()
    copies: Sequence[str] = ()
    message_id: str = ""
    raw_id: int | None = None
    threaded_by: str = ""
    automatic: bool = False
    remote_images: bool = False


def text_from_outside(text: str) -> str:
    """What came in, as a database can keep it; of an endless text the beginning (the raw message has all)."""
    return truncate(clean(text), MAX_TEXT)


def text_of_staff(text: str, *, field: str = "text", required: bool = True) -> str:
    """What a person typed: Invalid when it is empty and must not be, TooLarge over a million characters."""
    cleaned = clean(text).strip()
    if required and not cleaned:
        raise Invalid(gettext_lazy("内容不能为空"), field=field, code="empty_text")
    if len(cleaned) > MAX_TEXT:
        raise TooLarge(gettext_lazy("内容太长"), field=field)
    return cleaned


def subject_of(subject: str, text: str) -> str:
    """The subject in one line; without one the first words of the text, so that a list always has something."""
    return clean_line(subject, MAX_SUBJECT) or clean_line(text[:400], 60) or _("（无主题）")


def addresses(given: Iterable[str], *, field: str) -> list[str]:
    """Mail addresses as written to, each once; Invalid names the one that is none."""
    found: dict[str, None] = {}
    for one in given:
        address = normalise_mail(one)
        if not address:
            raise Invalid(
                gettext_lazy("“%(address)s”不是邮箱地址") % {"address": clean_line(str(one), 80)},
                field=field,
                code="bad_address",
            )
        found[address] = None
    if len(found) > MAX_ADDRESSES:
        raise Invalid(gettext_lazy("收件人太多"), field=field, code="too_many_addresses")
    return list(found)


def incoming(
    case: Case,
    text: str,
    *,
    channel: str,
    message: IncomingMessage,
    person_id: int | None,
    customer_id: int,
    purpose: str,
    at: datetime,
) -> Interaction:
    """The row of a customer's message, cleaned for the database, not yet saved."""
    return Interaction(
        case_id=case.pk,
        purpose=purpose,
        direction=In,
        channel=channel,
        text=text_from_outside(text),
        html=text_from_outside(message.html),
        folded=text_from_outside(message.folded),
        remote_images=message.remote_images,
        person_id=person_id,
        customer_id=customer_id,
        automatic=message.automatic,
        sender=clean_line(message.sender, 320),
        recipients=[clean_line(r, 320) for r in message.recipients][:MAX_ADDRESSES],
        copies=[clean_line(c, 320) for c in message.copies][:MAX_ADDRESSES],
        message_id=clean_line(message.message_id)[:255],
        raw_id=message.raw_id,
        threaded_by=message.threaded_by,
        at=at,
    )


def write_in(
    change: Change,
    text: str,
    *,
    channel: str,
    message: IncomingMessage | None = None,
    customer_id: int | None = None,
    purpose: str = Purpose.ANSWER,
) -> Interaction:
    """A message of the customer. One that a person wrote leaves the case unanswered; an automatic one does not."""
    case, actor, at = change.case, change.actor, change.at
    m = message or IncomingMessage()
    interaction = incoming(
        case,
        text,
        channel=channel,
        message=m,
        person_id=actor.person_id,
        customer_id=customer_id or case.customer_id,
        purpose=purpose,
        at=at,
    )
    prepared.insert(interaction)
    waiting = case.unanswered
    change.set(last_in_at=at)
    if not m.automatic:
        change.set(unanswered=channel not in SPOKEN)
    change.tell(
        events.RECEIVED,
        interaction=interaction.pk,
        channel=channel,
        first=False,
        automatic=m.automatic,
        by_kind=actor.kind,
        waiting=waiting,
        purpose=purpose,
    )
    return interaction


def write_out(
    change: Change,
    text: str,
    *,
    purpose: str = Purpose.ANSWER,
    html: str = "",
    channel: str | None = None,
    recipients: Iterable[str] | None = None,
    copies: Iterable[str] = (),
    automatic: bool = False,
) -> Interaction:
    """A message to the customer, committed for delivery: `queued` when it has someone to be mailed to, else done.

    Without `recipients` it goes to who wrote last, else to the customer's own address. Spoken words go nowhere.
    """
    case, actor, at = change.case, change.actor, change.at
    if not automatic:
        engage(change)
    channel = channel or case.channel
    if channel not in Case.Channel.values:
        raise Invalid(gettext_lazy("没有这个渠道"), field="channel", code="bad_channel")
    spoken = channel in SPOKEN
    to = (
        []
        if spoken
        else (reply_addresses(case) if recipients is None else addresses(recipients, field="recipients"))
    )
    interaction = Interaction(
        case_id=case.pk,
        purpose=purpose,
        direction=Out,
        channel=channel,
        text=text,
        html=clean(html),
        person_id=actor.person_id,
        automatic=automatic,
        recipients=to,
        copies=[] if spoken else addresses(copies, field="copies"),
        state=Interaction.State.QUEUED if to else Interaction.State.DONE,
        at=at,
    )
    prepared.insert(interaction)
    first = not automatic and case.first_response_at is None
    if not automatic:
        change.set(last_out_at=at, unanswered=False)
        if first:
            change.set(first_response_at=at)
    change.tell(
        events.SENT,
        interaction=interaction.pk,
        channel=channel,
        first=first,
        automatic=automatic,
        purpose=purpose,
    )
    return interaction


def write_note(change: Change, text: str, *, purpose: str = Purpose.ANSWER) -> Interaction:
    """An internal note; it never leaves the house."""
    interaction = Interaction(
        case_id=change.case.pk,
        purpose=purpose,
        direction=Note,
        channel=change.case.channel,
        text=text,
        person_id=change.actor.person_id,
        automatic=change.actor.is_system,
        at=change.at,
    )
    prepared.insert(interaction)
    change.set(noted_at=change.at)
    change.tell(events.NOTED, interaction=interaction.pk, purpose=purpose)
    return interaction


def clear_draft(change: Change, mode: str) -> None:
    """What was sent is no draft any more."""
    if change.actor.person_id is not None:
        prepared.execute(
            "DELETE FROM cases_draft WHERE case_id = %s AND person_id = %s AND mode = %s",
            [change.case.pk, change.actor.person_id, mode],
        )


def reopened_values(case: Case) -> dict[str, Any]:
    """The columns of a case that begins a new round; what was said stays in its messages."""
    return {
        "status": states.OPEN if case.owner_id is not None else states.NEW,
        "round": case.round + 1,
        "reopen_count": case.reopen_count + 1,
        "resolved_at": None,
        "confirmed_at": None,
        "closed_at": None,
        "close_at": None,
        "closed_how": "",
        "verified_how": "",
        "feedback": "",
        "record_completed_at": None,
        "record_verified_at": None,
    }


def reopen(change: Change, *, why: str, interaction: Interaction | None) -> None:
    """Begins a new round. `why`: message, dispute or reason."""
    was = change.case.status
    change.set(**reopened_values(change.case))
    change.tell(
        events.REOPENED,
        round=change.case.round,
        count=change.case.reopen_count,
        why=why,
        was=was,
        interaction=interaction.pk if interaction is not None else None,
    )


def resume(change: Change, *, why: str) -> None:
    """Ends the waiting. `why`: message, reply, choice, answered, timer or person."""
    was = change.case.status
    if was not in states.WAITING:
        return
    change.set(status=states.OPEN, wait_reason="", wait_until=None)
    change.tell(events.RESUMED, was=was, why=why)
