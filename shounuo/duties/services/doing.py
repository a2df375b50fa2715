"""A duty is done: by hand with evidence, or by the part whose act it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.duties import events, registry, rules
from shounuo.duties.models import Duty, Evidence
from shounuo.duties.services.common import locked, need, need_open, tell
from shounuo.duties.services.making import MAX_TEXT
from shounuo.events import subjects
from shounuo.files import services as files
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, Problem
from shounuo.kernel.text import clean


def duty_done(
    *,
    duty_id: int,
    note: str = "",
    file_ids: Sequence[int] = (),
    proof: tuple[str, int] | None = None,
    outcome: str = "",
    actor: Actor,
    at: datetime,
) -> Duty:
    """The duty is done, by a person: a note, files that he has uploaded, a thing that shows it (`proof`: kind, id).

    For its owner, for anybody who could take it while it has none (it becomes his), and for those who manage duties. The part
    that made it acts in the same transaction (`registry.on_done`). Conflict when it is over, or is done at another place only
    (`done_elsewhere`); Invalid (field note, outcome, proof) when evidence or the outcome is missing. Publishes duty.done.
    """
    kind_code = Duty.objects.filter(pk=duty_id).values_list("kind", flat=True).first()
    kind = registry.kind_of(kind_code or "")
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        need(rules.may_do(actor, duty))
        if not kind.by_hand:
            raise Conflict(_("这项待办要在它自己的页面完成"), code="done_elsewhere")
        if kind.outcomes and outcome not in kind.outcomes:
            raise Invalid(_("请选择结果"), field="outcome", code="missing")
        note = clean(note).strip()
        if len(note) > MAX_TEXT:
            raise Invalid(_("说明最多 %(max)d 字") % {"max": MAX_TEXT}, field="note", code="too_long")
        if kind.needs_evidence and not (note or file_ids or proof):
            raise Invalid(_("请写明完成情况，或附上文件"), field="note", code="no_evidence")
        if proof is not None:
            _proof_is_seen(proof, actor)
        if duty.owner_id is None:
            duty.owner_id, duty.taken_at = actor.person_id, at
        row = _end(duty, outcome if kind.outcomes else "", note, None, proof, actor, at)
        files.drafts_claim(
            file_ids=file_ids, subject=("duty", duty.pk), ref=row.pk, internal=True, actor=actor
        )
        hook = registry.hook_of(duty.kind)
        if hook is not None:
            hook(duty, row, actor, at)
        return _tell_done(duty, row, actor, at)


def duty_settle(
    *,
    duty_id: int,
    outcome: str = "",
    note: str = "",
    event_id: int | None = None,
    proof: tuple[str, int] | None = None,
    actor: Actor,
    at: datetime,
) -> Duty:
    """The duty is done by what has happened in its part, which has judged who may: an approval was decided, the event came
    that a clause counts. One that is over is left as it is. In the transaction of that act; publishes duty.done."""
    with transaction.atomic():
        duty = Duty.objects.select_for_update(of=("self",)).get(pk=duty_id)
        if not duty.is_open:
            return duty
        return _tell_done(
            duty, _end(duty, outcome, clean(note).strip(), event_id, proof, actor, at), actor, at
        )


def duties_done(
    *, duty_ids: Sequence[int], note: str = "", actor: Actor, at: datetime
) -> tuple[list[Duty], list[tuple[int, Problem]]]:
    """Several at once with one note; each is a transaction of its own. Returns those done and, with their reasons, those
    that could not be."""
    done: list[Duty] = []
    refused: list[tuple[int, Problem]] = []
    for duty_id in dict.fromkeys(duty_ids):
        try:
            done.append(duty_done(duty_id=duty_id, note=note, actor=actor, at=at))
        except Problem as problem:
            refused.append((duty_id, problem))
    return done, refused


def _proof_is_seen(proof: tuple[str, int], actor: Actor) -> None:
    subject = subjects.get(proof[0])
    if subject is None or proof[1] not in subject.visible_ids(actor, [proof[1]]):
        raise Invalid(_("没有可以作为凭据的这项记录"), field="proof", code="no_proof")


def _end(
    duty: Duty,
    outcome: str,
    note: str,
    event_id: int | None,
    proof: tuple[str, int] | None,
    actor: Actor,
    at: datetime,
) -> Evidence:
    duty.state, duty.outcome, duty.reason = Duty.State.DONE, outcome, ""
    duty.ended_at, duty.ended_by_id, duty.snoozed_until = at, actor.person_id, None
    duty.save(
        update_fields=[
            "state",
            "outcome",
            "reason",
            "ended_at",
            "ended_by",
            "snoozed_until",
            "owner",
            "taken_at",
        ]
    )
    return Evidence.objects.create(
        duty=duty,
        note=note,
        event_id=event_id,
        subject_kind=proof[0] if proof is not None else "",
        subject_id=proof[1] if proof is not None else None,
        at=at,
        person_id=actor.person_id,
    )


def _tell_done(duty: Duty, row: Evidence, actor: Actor, at: datetime) -> Duty:
    extra: dict[str, Any] = {
        "late": rules.is_late(duty, at),
        "outcome": duty.outcome or None,
        "evidence": row.pk,
        "proof": row.event_id,
    }
    return tell(events.DONE, duty, actor, at, **extra)
