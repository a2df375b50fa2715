"""A department's help on a case: asked of another team as a duty, which comes back as a note.

The team sees the duty and its words, not the case, unless it may see that anyway. While an answer is owed the case waits
for colleagues; the last one brings it back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case
from shounuo.cases.rules import states
from shounuo.cases.services import concluding, writing
from shounuo.cases.services.changing import Change, changing, follow, staff_only
from shounuo.duties import services as duties
from shounuo.duties.kinds import COLLABORATION
from shounuo.duties.models import Duty, Evidence
from shounuo.files.queries import by_ref
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import clean_line, truncate
from shounuo.staff.models import Team

MAX_TITLE = 80
MAX_REASON = 120


def help_ask(
    *,
    case_id: int,
    team_id: int,
    text: str,
    due_at: datetime | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Duty:
    """Asks another team for help: what is needed becomes a duty of that team about the case and a note on it, and the case
    waits for colleagues. By when: `due_at`, and what the clauses in force promise for the team's department.

    For those who may let the case wait. Invalid: no text, no such team, the case's own team, a moment that has passed.
    Events: interaction.noted, case.waiting; duty.created and collaboration.requested on the duty, which is returned.
    """
    text = writing.text_of_staff(text)
    if len(text) > duties.MAX_TEXT:
        raise Invalid(_("说明最多 %(max)d 字") % {"max": duties.MAX_TEXT}, field="text", code="too_long")
    staff_only(actor)
    with changing(case_id, None, actor=actor, at=at, expected_version=expected_version) as change:
        change.decide("wait_internal")
        team = Team.objects.filter(pk=team_id, active=True).first()
        if team is None:
            raise Invalid(_("没有这个小组，或它已停用"), field="team", code="no_team")
        if team.pk == change.case.team_id:
            raise Invalid(_("工单就在这个小组；组内的同事请用“请人协作”"), field="team", code="own_team")
        title = truncate(clean_line(text.splitlines()[0]), MAX_TITLE)
        concluding.wait(change, states.WAITING_INTERNAL, reason=title[:MAX_REASON])
        writing.write_note(change, f"@{team.name} {text}", purpose=writing.Purpose.HELP_ASKED)
        return duties.duty_create(
            kind=COLLABORATION,
            title=title,
            text=text if text != title else "",
            subject=("case", case_id),
            team_id=team.pk,
            due_at=due_at,
            actor=actor,
            at=at,
        )


def help_answered(duty: Duty, evidence: Evidence, actor: Actor, at: datetime) -> None:
    """The answer stands on the case as a note of whoever gave it, and the last one brings the case back from waiting.

    What a duty of this kind does when it is done, in that transaction; whoever may do the duty need not see the case.
    One of a case that was merged lands where it went. Events: interaction.noted, case.resumed.
    """
    if duty.subject_kind != "case" or duty.subject_id is None:
        return
    found = follow(duty.subject_id, actor=Actor.system(), at=at)
    change = Change(found.case, actor, at)
    names = [f.name for f in by_ref("duty", duty.pk, internal=True).get(evidence.pk, [])]
    writing.write_note(
        change, "\n".join(filter(None, (evidence.note, *names))), purpose=writing.Purpose.HELP_ANSWERED
    )
    _come_back(change)
    change.finish()


def help_over(*, case_id: int, actor: Actor, at: datetime) -> None:
    """Brings the case back when nothing that was asked for is owed any more: it was called off, or written off."""
    with transaction.atomic():
        change = follow(case_id, actor=actor, at=at)
        _come_back(change)
        change.finish()


def help_call_off(*, case_id: int, reason: str, actor: Actor, at: datetime) -> int:
    """What is still asked for on a closed case is no longer wanted; returns how many duties. Events: duty.cancelled."""
    owed = list(_asked(case_id).filter(state=Duty.State.OPEN).values_list("pk", flat=True))
    for duty_id in owed:
        duties.duty_cancel(duty_id=duty_id, reason=reason, actor=actor, at=at)
    return len(owed)


def _asked(case_id: int) -> QuerySet[Duty]:
    """The help asked for on a case and on those that went up in it."""
    ids = [case_id, *Case.objects.filter(merged_into_id=case_id).values_list("pk", flat=True)]
    return Duty.objects.filter(kind=COLLABORATION, subject_kind="case", subject_id__in=ids)


def _come_back(change: Change) -> None:
    """Ends the waiting that the asking began, when no answer is owed any more; what else a case waits for stays."""
    if change.case.status != states.WAITING_INTERNAL:
        return
    asked = list(_asked(change.case.pk).values_list("state", "title"))
    owed = any(state == Duty.State.OPEN for state, _title in asked)
    if not owed and change.case.wait_reason in {title[:MAX_REASON] for _state, title in asked}:
        writing.resume(change, why="answered")
