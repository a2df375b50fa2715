"""What is said on a case: messages in and out, notes, progress, and what became of a sent message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case, Interaction, Mention
from shounuo.cases.queries.visibility import not_found, visible_to
from shounuo.cases.rules import states
from shounuo.cases.services import attachments, concluding, writing
from shounuo.cases.services.changing import Change, begin, changing, follow
from shounuo.cases.services.writing import IncomingMessage, Purpose
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean_line
from shounuo.staff.queries import actor_for, names, with_rights

MAX_MENTIONS = 20
PROGRESS = (Purpose.PROGRESS, Purpose.OPERATION, Purpose.COOPERATION)


def message_receive(
    *,
    case_id: int,
    text: str,
    html: str = "",
    folded: str = "",
    channel: str,
    sender: str = "",
    recipients: Sequence[str] = (),
    copies: Sequence[str] = (),
    message_id: str = "",
    raw_id: int | None = None,
    threaded_by: str = "",
    automatic: bool = False,
    remote_images: bool = False,
    customer_id: int | None = None,
    actor: Actor,
    at: datetime,
) -> Interaction:
    """A further message on a case. One for a merged case goes to where it was merged.

    It resumes a case that waits for the customer and reopens a resolved or closed one; an automatic message does
    neither. `customer_id` names the writer where he is not the case's customer. Events: interaction.received,
    case.resumed or case.reopened.
    """
    if channel not in Case.Channel.values:
        raise Invalid(_("没有这个渠道"), field="channel", code="bad_channel")
    message = IncomingMessage(
        html=html,
        folded=folded,
        sender=sender,
        recipients=recipients,
        copies=copies,
        message_id=message_id,
        raw_id=raw_id,
        threaded_by=threaded_by,
        automatic=automatic,
        remote_images=remote_images,
    )
    with transaction.atomic():
        change = follow(case_id, actor=actor, at=at)
        change.decide("receive")
        interaction = writing.write_in(
            change, text, channel=channel, message=message, customer_id=customer_id or _writer(actor)
        )
        if not automatic:
            status = change.case.status
            if status in states.DONE:
                writing.reopen(change, why="message", interaction=interaction)
            elif status == states.WAITING_CUSTOMER:
                writing.resume(change, why="message")
        change.finish()
    return interaction


def reply_send(
    *,
    case_id: int,
    text: str,
    html: str = "",
    channel: str | None = None,
    recipients: Iterable[str] | None = None,
    copies: Iterable[str] = (),
    file_ids: Sequence[int] = (),
    then: Literal["", "wait", "resolve"] = "",
    automatic: bool = False,
    purpose: str = Purpose.ANSWER,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Interaction:
    """An answer to the customer. A person who answers a case that nobody has taken takes and accepts it.

    `then`: the case waits for the customer, or is resolved with this text. An automatic one (a receipt) answers
    nothing by itself. Events: case.assigned, case.accepted where it was taken, interaction.sent, then case.waiting or
    case.resolved. `interaction.sent` means committed for delivery.
    """
    text = writing.text_of_staff(text)
    if then not in ("", "wait", "resolve"):
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(then)[:40]}, field="then", code="bad_choice"
        )
    with changing(case_id, "reply", actor=actor, at=at, expected_version=expected_version) as change:
        if then == "resolve":
            interaction = concluding.resolve(
                change, text, html=html, channel=channel, recipients=recipients, copies=copies
            )
        else:
            interaction = writing.write_out(
                change,
                text,
                purpose=Purpose.RECEIPT if automatic and not purpose else purpose,
                html=html,
                channel=channel,
                recipients=recipients,
                copies=copies,
                automatic=automatic,
            )
            if then == "wait":
                concluding.wait(change, states.WAITING_CUSTOMER)
        attachments.attach(change, interaction, file_ids)
        writing.clear_draft(change, "out")
    return interaction


def note_add(
    *,
    case_id: int,
    text: str,
    mentions: Iterable[int] = (),
    file_ids: Sequence[int] = (),
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Interaction:
    """An internal note. Only colleagues who may see the case can be mentioned; Invalid names those who may not.

    Events: interaction.noted, case.mentioned.
    """
    text = writing.text_of_staff(text)
    with changing(case_id, "note", actor=actor, at=at, expected_version=expected_version) as change:
        interaction = writing.write_note(change, text)
        mention(change, interaction, mentions)
        attachments.attach(change, interaction, file_ids, internal=True)
        writing.clear_draft(change, "note")
    return interaction


def progress_note(
    *,
    case_id: int,
    text: str,
    public: bool,
    aspect: str = Purpose.PROGRESS,
    file_ids: Sequence[int] = (),
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Interaction:
    """How the work goes: progress, an operation done (`operation`), the customer's part in it (`cooperation`). A
    public one is told to the customer. Events: interaction.sent or interaction.noted, progress.noted."""
    text = writing.text_of_staff(text)
    if aspect not in PROGRESS:
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(aspect)[:40]}, field="aspect", code="bad_choice"
        )
    action = "reply" if public else "note"
    with changing(case_id, action, actor=actor, at=at, expected_version=expected_version) as change:
        if public:
            interaction = writing.write_out(change, text, purpose=aspect)
        else:
            interaction = writing.write_note(change, text, purpose=aspect)
        change.set(noted_at=at)
        change.tell(events.PROGRESS_NOTED, interaction=interaction.pk, public=public, aspect=aspect)
        attachments.attach(change, interaction, file_ids, internal=not public)
    return interaction


def delivery_note(
    *, interaction_id: int, ok: bool, error: str = "", message_id: str = "", actor: Actor, at: datetime
) -> Interaction:
    """What became of a sent message; told once, a second time with the same outcome changes nothing.

    A failure leaves the customer without an answer: the case is unanswered again, and if this was its first answer it
    has none yet. Events: interaction.delivered, interaction.failed.
    """
    with _sending(interaction_id, actor=actor, at=at) as (change, interaction):
        state = Interaction.State.DONE if ok else Interaction.State.FAILED
        if message_id:
            interaction.message_id = message_id[:255]
        changed = interaction.state != state
        interaction.state = state
        interaction.error = "" if ok else clean_line(error, 300)
        prepared.update(interaction, ("state", "error", "message_id"))
        if changed and ok:
            change.tell(events.DELIVERED, interaction=interaction.pk, channel=interaction.channel)
        elif changed:
            first = not interaction.automatic and change.case.first_response_at == interaction.at
            if not interaction.automatic:
                change.set(**_without(change.case, interaction))
            change.tell(events.FAILED, interaction=interaction.pk, channel=interaction.channel, first=first)
    return interaction


def reply_resend(*, interaction_id: int, actor: Actor, at: datetime) -> Interaction:
    """Sends again what could not be delivered. Event: interaction.sent with `again`."""
    with _sending(interaction_id, actor=actor, at=at) as (change, interaction):
        change.decide("reply")
        if interaction.state != Interaction.State.FAILED:
            raise Conflict(_("这条回复没有发送失败"), code="not_failed")
        interaction.state, interaction.error = Interaction.State.QUEUED, ""
        prepared.update(interaction, ("state", "error"))
        first = not interaction.automatic and change.case.first_response_at is None
        if not interaction.automatic:
            change.set(unanswered=False, last_out_at=at)
            if first:
                change.set(first_response_at=at)
        change.tell(
            events.SENT,
            interaction=interaction.pk,
            channel=interaction.channel,
            first=first,
            automatic=interaction.automatic,
            purpose=interaction.purpose,
            again=True,
        )
    return interaction


def message_id_set(*, interaction_id: int, message_id: str, actor: Actor, at: datetime) -> None:
    """Keeps the Message-ID under which a message goes out, so that answers to it are recognised. For channels."""
    if not actor.is_system:
        raise NotAllowed(_("只有系统可以这样做"))
    Interaction.objects.filter(pk=interaction_id).update(message_id=message_id[:255])


def mention(change: Change, interaction: Interaction, person_ids: Iterable[int]) -> None:
    """Names colleagues in a note; Invalid with the names of those who may not see the case."""
    wanted = sorted(set(person_ids))
    if not wanted:
        return
    if len(wanted) > MAX_MENTIONS:
        raise Invalid(_("一次最多提到 %(max)s 人") % {"max": MAX_MENTIONS}, field="mentions", code="too_many")
    able = {
        p.pk
        for p in with_rights().filter(pk__in=wanted)
        if visible_to(actor_for(p)).filter(pk=change.case.pk).exists()
    }
    blind = [i for i in wanted if i not in able]
    if blind:
        known = names(blind)
        listed = _("、").join(known.get(i, str(i)) for i in blind)
        raise Invalid(
            _("%(names)s 看不到这张工单，请先加为协作人") % {"names": listed},
            field="mentions",
            code="cannot_see",
            persons=blind,
        )
    Mention.objects.bulk_create(
        [
            Mention(interaction_id=interaction.pk, case_id=change.case.pk, person_id=i, at=change.at)
            for i in wanted
        ]
    )
    change.tell(events.MENTIONED, persons=wanted, interaction=interaction.pk)


_CASE_OF = "SELECT case_id FROM cases_interaction WHERE id = %s AND direction = 'out'"
_LOCKED = f"SELECT {prepared.columns(Interaction)} FROM cases_interaction WHERE id = %s FOR UPDATE"  # noqa: S608


@contextmanager
def _sending(interaction_id: int, *, actor: Actor, at: datetime) -> Iterator[tuple[Change, Interaction]]:
    """The case of an outgoing message locked, then the message; saved at the end. The message may have moved to
    another case between the two reads: then it is looked up again."""
    with transaction.atomic():
        while True:
            found = prepared.execute(_CASE_OF, [interaction_id])
            if not found:
                raise not_found()
            [(case_id,)] = found
            change = begin(case_id, actor=actor, at=at)
            [interaction] = prepared.instances(Interaction, prepared.execute(_LOCKED, [interaction_id]))
            if interaction.case_id == case_id:
                break
        yield change, interaction
        change.finish()


def _writer(actor: Actor) -> int | None:
    return actor.id if actor.kind == "customer" else None


def _without(case: Case, failed: Interaction) -> dict[str, datetime | bool | None]:
    """The case's columns when this answer does not count."""
    left = (
        Interaction.objects.filter(case_id=case.pk, direction="out", automatic=False)
        .exclude(pk=failed.pk)
        .exclude(state=Interaction.State.FAILED)
    )
    last = left.aggregate(last=Max("at"))["last"]
    values: dict[str, datetime | bool | None] = {"last_out_at": last}
    if case.first_response_at == failed.at:
        first = left.order_by("at", "id").values_list("at", flat=True).first()
        values["first_response_at"] = first
    if case.last_in_at is not None and (last is None or last < case.last_in_at):
        values["unanswered"] = case.channel not in writing.SPOKEN
    return values
