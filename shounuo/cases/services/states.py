"""The way of a case from waiting to closed, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case
from shounuo.cases.rules import states
from shounuo.cases.services import concluding, writing
from shounuo.cases.services.changing import Change, changing
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.kernel.text import clean_line

BATCH = 100


def case_wait(
    *,
    case_id: int,
    on: Literal["customer", "internal"],
    reason: str = "",
    until: datetime | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The case waits for the customer or for colleagues; at `until` it comes back by itself. Event: case.waiting."""
    if on not in ("customer", "internal"):
        raise Invalid(_("“%(value)s”不在可选范围内") % {"value": str(on)[:40]}, field="on", code="bad_choice")
    with changing(case_id, None, actor=actor, at=at, expected_version=expected_version) as change:
        status = states.WAITING_CUSTOMER if on == "customer" else states.WAITING_INTERNAL
        concluding.wait(change, status, reason=clean_line(reason, 120), until=until)
    return change.case


def case_resume(*, case_id: int, expected_version: int | None = None, actor: Actor, at: datetime) -> Case:
    """The waiting is over. Event: case.resumed."""
    with changing(case_id, "resume", actor=actor, at=at, expected_version=expected_version) as change:
        writing.resume(change, why="person")
    return change.case


def case_resolve(
    *, case_id: int, text: str, expected_version: int | None = None, actor: Actor, at: datetime
) -> Case:
    """The case is solved; the text says how and is sent to the customer. One who resolves a case that nobody has
    taken takes it. Events: interaction.sent, case.resolved."""
    text = writing.text_of_staff(text)
    with changing(case_id, "resolve", actor=actor, at=at, expected_version=expected_version) as change:
        concluding.resolve(change, text)
        writing.clear_draft(change, "out")
    return change.case


def case_confirm(
    *,
    case_id: int,
    how: str = "customer",
    feedback: str = "",
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The customer confirms, or staff record that he did and how it was verified (remote, onsite, customer): closed.

    Events: case.confirmed, case.closed, with feedback interaction.received before them.
    """
    _known_way(how)
    feedback = writing.text_of_staff(feedback, field="feedback", required=False)
    with changing(case_id, "confirm", actor=actor, at=at, expected_version=expected_version) as change:
        _keep_feedback(change, feedback)
        change.set(confirmed_at=at, verified_how=how, unanswered=False)
        change.tell(events.CONFIRMED, by_kind=actor.kind, how=how)
        concluding.close(change, Case.Closing.CONFIRMED)
    return change.case


def case_dispute(
    *, case_id: int, reason: str, expected_version: int | None = None, actor: Actor, at: datetime
) -> Case:
    """The customer is not content, or staff record that he is not: a new round begins. The reason is his message.

    Events: case.disputed, interaction.received, case.reopened.
    """
    reason = writing.text_of_staff(reason, field="reason")
    with changing(case_id, "dispute", actor=actor, at=at, expected_version=expected_version) as change:
        interaction = writing.write_in(
            change, reason, channel=_channel_of(change), purpose=writing.Purpose.DISPUTE
        )
        change.tell(events.DISPUTED, by_kind=actor.kind, interaction=interaction.pk)
        writing.reopen(change, why="dispute", interaction=interaction)
    return change.case


def case_reopen(
    *, case_id: int, reason: str, expected_version: int | None = None, actor: Actor, at: datetime
) -> Case:
    """A new round begins; without limit, each is counted. A customer's reason is his message, staff's a note.

    Events: interaction.received or interaction.noted, case.reopened.
    """
    reason = writing.text_of_staff(reason, field="reason")
    with changing(case_id, "reopen", actor=actor, at=at, expected_version=expected_version) as change:
        if actor.kind == "customer":
            interaction = writing.write_in(
                change, reason, channel=_channel_of(change), purpose=writing.Purpose.REOPEN
            )
        else:
            interaction = writing.write_note(change, reason, purpose=writing.Purpose.REOPEN)
        writing.reopen(change, why="reason", interaction=interaction)
    return change.case


def case_close(*, case_id: int, expected_version: int | None = None, actor: Actor, at: datetime) -> Case:
    """Closes a resolved case before its silence is over. Event: case.closed."""
    with changing(case_id, "close", actor=actor, at=at, expected_version=expected_version) as change:
        concluding.close(change, Case.Closing.STAFF)
    return change.case


def feedback_note(*, case_id: int, text: str, how: str = "customer", actor: Actor, at: datetime) -> Case:
    """Staff record what the customer said of the result and how it was verified. Event: feedback.noted."""
    _known_way(how)
    text = writing.text_of_staff(text)
    with changing(case_id, "feedback", actor=actor, at=at) as change:
        note = writing.write_note(change, text, purpose=writing.Purpose.FEEDBACK)
        change.set(feedback=text, verified_how=how)
        change.tell(events.FEEDBACK_NOTED, interaction=note.pk, how=how)
    return change.case


def record_verify(*, case_id: int, actor: Actor, at: datetime) -> Case:
    """Somebody has gone over the record and found it right; it must be complete. Event: record.verified."""
    with changing(case_id, "verify", actor=actor, at=at) as change:
        if change.case.record_completed_at is None:
            raise Conflict(_("记录还没有填齐，不能核对"), code="record_incomplete")
        if change.case.record_verified_at is None:
            change.set(record_verified_at=at)
            change.tell(events.RECORD_VERIFIED, round=change.case.round)
    return change.case


def record_check(*, case_id: int, at: datetime) -> None:
    """Publishes record.completed if what was missing has come from elsewhere (the customer's name)."""
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
        if case is None or case.record_completed_at is not None or case.resolved_at is None:
            return
        change = Change(case, Actor.system(), at)
        change.complete_record()
        change.finish()


def close_silent(*, at: datetime, limit: int = BATCH) -> int:
    """Closes resolved cases whose silence is over; returns how many. Several may run at once: each claims its own."""

    def close(change: Change) -> None:
        concluding.close(change, Case.Closing.SILENCE)

    due = Case.objects.filter(close_at__lte=at, status=states.RESOLVED).order_by("close_at")
    return _each_due(due, close, at, limit)


def resume_due(*, at: datetime, limit: int = BATCH) -> int:
    """Brings back waiting cases whose time has come; returns how many. Event: case.resumed by timer."""

    def resume(change: Change) -> None:
        writing.resume(change, why="timer")
        change.set(wait_until=None)

    return _each_due(Case.objects.filter(wait_until__lte=at).order_by("wait_until"), resume, at, limit)


def _each_due(due: QuerySet[Case], act: Callable[[Change], None], at: datetime, limit: int) -> int:
    """Claims the due cases in one transaction, passing over those that another writer holds."""
    with transaction.atomic():
        cases = list(due.select_for_update(of=("self",), skip_locked=True)[:limit])
        for case in cases:
            change = Change(case, Actor.system(), at)
            act(change)
            change.finish()
    return len(cases)


def _keep_feedback(change: Change, text: str) -> None:
    if not text:
        return
    if change.actor.kind == "customer":
        writing.write_in(change, text, channel=_channel_of(change), purpose=writing.Purpose.FEEDBACK)
    else:
        writing.write_note(change, text, purpose=writing.Purpose.FEEDBACK)
    change.set(feedback=text)


def _channel_of(change: Change) -> str:
    """What a customer writes on his page came by the page; what staff record came by the case's channel."""
    return Case.Channel.FORM if change.actor.kind == "customer" else change.case.channel


def _known_way(how: str) -> None:
    if how not in Case.Verification.values:
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(how)[:40]}, field="how", code="bad_choice"
        )
