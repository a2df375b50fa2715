"""Duties as their pages show them; a fixed number of queries for any number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shounuo.commitments import cadences
from shounuo.commitments import queries as commitments
from shounuo.duties import queries, registry, rules
from shounuo.duties.models import Duty
from shounuo.events import subjects
from shounuo.files import queries as files
from shounuo.improvement import permissions as supervision
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy import queries as policy
from shounuo.web import timing, words

DAY = timedelta(days=1)


def due_words(due: datetime, now: datetime) -> str:
    """A due moment; midnight, the end of a period, is said as the last minute of the day that it ends."""
    if timezone.localtime(due).time() == time():
        due -= timedelta(minutes=1)
    return words.moment_words(due, now, "due")


def abouts(duties: Iterable[Duty], actor: Actor) -> dict[tuple[str, int], dict[str, str]]:
    """What duties are about: label and page of what the reader may see. Three questions per kind of thing."""
    ids: dict[str, set[int]] = {}
    for duty in duties:
        if duty.subject is not None:
            ids.setdefault(duty.subject[0], set()).add(duty.subject[1])
    found: dict[tuple[str, int], dict[str, str]] = {}
    for kind, of_kind in ids.items():
        subject = subjects.get(kind)
        if subject is None:
            continue
        told = subject.label(of_kind)
        seen = subject.visible_ids(actor, of_kind)
        pages = subject.addresses(seen)
        for id in of_kind:
            # colleagues and teams are known to everybody by name; of other things only who may see them reads it
            if id in seen or kind in ("person", "team"):
                found[(kind, id)] = {"label": told.get(id, ""), "url": pages.get(id, "")}
    return found


def rows(duties: Sequence[Duty], actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """The rows of the inbox."""
    known = abouts(duties, actor)
    return [row(d, actor, at, known) for d in duties]


def row(
    duty: Duty, actor: Actor, at: datetime, known: dict[tuple[str, int], dict[str, str]]
) -> dict[str, Any]:
    kind = registry.kind_of(duty.kind)
    owed = duty.owed_at
    late = duty.is_open and owed is not None and owed <= at
    return {
        "id": duty.pk,
        "url": f"/duties/{duty.pk}/",
        "title": queries.spoken_title(duty),
        "item": labels.word(duty.item) if duty.item else "",
        "icon": kind.icon,
        "kind": kind.label,
        "about": known.get(duty.subject) if duty.subject is not None else None,
        "clause": clause(duty),
        "who": who(duty),
        "nobody": duty.owner_id is None,
        "state": duty.state,
        "state_label": duty.get_state_display(),
        "due": due_words(owed, at) if owed is not None else _("不限时"),
        "late": words.span((at - owed).total_seconds()) if late and owed is not None else "",
        "tone": "breach"
        if late
        else "warn"
        if duty.is_open and owed is not None and owed - at <= DAY
        else "",
        "ended": words.moment_words(duty.ended_at, at, "short") if duty.ended_at is not None else "",
        "late_done": duty.state == Duty.State.DONE
        and duty.ended_at is not None
        and rules.is_late(duty, duty.ended_at),
        "may_take": rules.may_take(actor, duty),
        "may_do": rules.may_do(actor, duty) and kind.by_hand,
    }


def clause(duty: Duty) -> dict[str, str] | None:
    if not duty.clause_code:
        return None
    number = timing.clause_number(duty.clause_code)
    return {"number": number, "name": "", "url": f"/policy/clauses/{duty.clause_code}/"}


def who(duty: Duty) -> str:
    """Who has it, else who may take it."""
    if duty.owner is not None:
        return duty.owner.name
    holders = _("、").join(str(labels.role(r)) for r in duty.roles)
    if duty.team is not None:
        return (
            _("%(team)s的%(roles)s") % {"team": duty.team.name, "roles": labels.small(holders)}
            if holders
            else duty.team.name
        )
    return holders


# Activities of cadences that have a place of their own: what it needs, and where it begins from the duty.
ACTIVITIES = {
    "supervision_inspection": (supervision.PLAN, "/policy/inspections/new/?duty=%d"),
    "service_maturity_assessment": (supervision.MATURITY_ASSESS, "/policy/maturity/start/?duty=%d"),
}


def _done_at(duty: Duty, kind: registry.DutyKind, actor: Actor) -> str:
    """Where a duty is done that is not only ticked off; "" where there is no such place for the reader."""
    if kind.page is not None:
        return kind.page(duty)
    if duty.kind != cadences.CADENCE:
        return ""
    permission, url = ACTIVITIES.get(cadences.activity_of(duty), ("", ""))
    return url % duty.pk if url and actor.may(permission) else ""


def page(duty: Duty, actor: Actor, at: datetime) -> dict[str, Any]:
    """A duty's page: what, for whom, by when and why, and what shows that it was done."""
    clocks = commitments.of_subjects("duty", [duty.pk])[duty.pk]
    told = {c.rule_id: policy.title_and_wording(c.rule_id) for c in clocks}
    views = []
    for clock in clocks:
        view = timing.clock_view(clock, at, titles={rule: title for rule, (title, _w) in told.items()})
        views.append(view | {"ledger_url": f"/duties/{duty.pk}/clocks/{clock.pk}/"})
    attached = files.by_ref("duty", duty.pk, internal=True)
    kind = registry.kind_of(duty.kind)
    wording = next((wording for _t, wording in told.values() if wording), "")
    return {
        "duty": row(duty, actor, at, abouts([duty], actor)),
        "text": duty.text,
        "reason": duty.reason,
        "outcome": str(kind.outcomes.get(duty.outcome, duty.outcome)) if duty.outcome else "",
        "ended_by": duty.ended_by.name if duty.ended_by is not None else "",
        "made": words.moment_words(duty.created_at, at, "short"),
        "made_by": duty.created_by.name if duty.created_by is not None else "",
        "opens": words.moment_words(duty.opens_at, at, "short"),
        "snoozed": words.moment_words(duty.snoozed_until, at)
        if duty.snoozed_until is not None and duty.snoozed_until > at
        else "",
        "wording": wording,
        "clocks": views,
        "evidence": [
            {
                "note": e.note,
                "who": e.person.name if e.person is not None else _("系统"),
                "when": words.moment_words(e.at, at, "short"),
                "by_event": e.event_id is not None,
                "files": [
                    {"name": f.name, "url": f"/files/{f.pk}/", "size": words.file_size(f.blob.size)}
                    for f in attached.get(e.pk, [])
                ],
            }
            for e in queries.evidence_of([duty.pk]).get(duty.pk, [])
        ],
        "page_url": _done_at(duty, kind, actor) if duty.is_open else "",
        "may_release": rules.may_release(actor, duty),
        "may_assign": duty.is_open and rules.may_manage(actor, duty),
        "may_snooze": rules.may_do(actor, duty),
        "may_cancel": rules.may_cancel(actor, duty) and not kind.held,
        "may_miss": duty.is_open
        and not kind.held
        and rules.may_manage(actor, duty)
        and duty.due_at is not None
        and duty.due_at < at,
        "may_reopen": not duty.is_open
        and not kind.held
        and (
            rules.may_manage(actor, duty)
            or (actor.person_id is not None and actor.person_id in (duty.ended_by_id, duty.created_by_id))
        ),
    }
