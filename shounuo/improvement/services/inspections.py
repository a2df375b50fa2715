"""Inspections: planned and drawn, judged, finished, or called off."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.commitments import cadences
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events import subjects
from shounuo.events.services import NewEvent, publish
from shounuo.improvement import events, kinds, queries
from shounuo.improvement.models import Inspection, Item, Judgement
from shounuo.improvement.queries.population import NARROWED, OUTCOME
from shounuo.improvement.rules import sampling
from shounuo.improvement.services.common import cadence_duty, need_inspector, need_planner, tell, text_of
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line
from shounuo.policy import queries as policy
from shounuo.staff import queries as staff
from shounuo.staff.models import Person

ACTIVITY = "supervision_inspection"
MAX_SIZE, MAX_CLAUSES, MAX_INSPECTORS, MAX_POPULATION = 500, 20, 30, 300_000
LONGEST = timedelta(days=732)
MAX_NOTE = 1000
ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
State, Source, Verdict = Inspection.State, Inspection.Source, Judgement.Verdict


def inspection_plan(
    *,
    title: str,
    clauses: Sequence[str],
    source: str,
    start: datetime,
    end: datetime,
    size: int,
    due_at: datetime,
    narrowed: Mapping[str, str] | None = None,
    by_team: bool = False,
    inspector_ids: Sequence[int] = (),
    team_id: int | None = None,
    role: str = "",
    duty_id: int | None = None,
    seed: int | None = None,
    actor: Actor,
    at: datetime,
) -> Inspection:
    """Plans an inspection, draws its sample and gives each inspector the duty to judge by `due_at`.

    Needs supervision.plan. The inspectors are the people named, else the active members of the team or holders of the role
    (the supervision group). Of the population (see `queries.population`) at most `size` are drawn, by team in proportion when
    `by_team`; nobody gets what he had a part in or may not see. The seed is drawn here unless given. `duty_id`: the cadence's duty
    that this fulfils. Publishes supervision.planned. Invalid (field): a clause that is not in force, an empty population, no inspector
    who may judge anything, limits. NotFound: a duty that the actor does not see.
    """
    need_planner(actor)
    name = clean_line(title, 120)
    if not name:
        raise Invalid(_("请写检查的名称"), field="title", code="missing")
    codes = _clauses(clauses, actor, at)
    limits = _narrowed(source, start, end, size, narrowed or {}, at)
    if due_at <= at:
        raise Invalid(_("完成时间须在现在之后"), field="due_at", code="in_the_past")
    seed = secrets.randbelow(10**9) if seed is None else seed
    with transaction.atomic():
        inspectors = _inspectors(inspector_ids, team_id, role)
        duty = cadence_duty(duty_id, ACTIVITY, _("这项待办不是监督检查"), actor)
        units = _units(source, codes, start, end, limits)
        actors = [staff.actor_for(p) for p in inspectors]
        drawn, shares = sampling.draw(
            units, size, seed, lambda some: queries.judges_of(some, actors), by_stratum=by_team
        )
        if not drawn:
            raise Invalid(
                _("抽到的都不能由这些人检查：他们看不到，或者参与过处理"),
                field="inspectors",
                code="nobody_fits",
            )
        inspection = Inspection.objects.create(
            title=name,
            clauses=codes,
            source=source,
            start=start,
            end=end,
            narrowed=limits,
            by_team=by_team,
            size=len(drawn),
            seed=seed,
            population=len(units),
            digest=sampling.digest(units),
            shares=[[s.stratum, s.population, s.wanted, s.drawn, s.skipped] for s in shares],
            team_id=team_id,
            role=role,
            duty=duty,
            due_at=due_at,
            created_at=at,
            created_by_id=actor.person_id,
        )
        inspection.inspectors.set(inspectors)
        _write_items(inspection, drawn, codes)
        tell(events.PLANNED, inspection, actor, at, seed=seed)
        busy = {d.inspector for d in drawn}
        plans = [_duty_of(inspection, p, at) for p in inspectors if p.pk in busy]
        duties.duties_plan(plans=plans, actor=actor)
    return inspection


def _clauses(given: Sequence[str], actor: Actor, at: datetime) -> list[str]:
    codes = list(dict.fromkeys(given))
    if not 0 < len(codes) <= MAX_CLAUSES:
        raise Invalid(
            _("请选择 1 到 %(max)d 条条款") % {"max": MAX_CLAUSES}, field="clauses", code="how_many"
        )
    known = set(policy.clauses_in_force(actor, at).filter(code__in=codes).values_list("code", flat=True))
    for code in codes:
        if code not in known:
            raise Invalid(
                _("施行中的制度里没有条款 %(code)s") % {"code": code}, field="clauses", code="no_clause"
            )
    return codes


def _narrowed(
    source: str, start: datetime, end: datetime, size: int, given: Mapping[str, str], at: datetime
) -> dict[str, str]:
    if source not in Source.values:
        raise Invalid(_("请选择查什么"), field="source", code="no_source")
    if not timedelta() < end - start <= LONGEST:
        raise Invalid(_("时段的结束须在开始之后，最长两年"), field="end", code="bad_span")
    if start >= at:
        raise Invalid(_("时段还没有开始"), field="start", code="in_the_future")
    if not 1 <= size <= MAX_SIZE:
        raise Invalid(_("抽样数须在 1 到 %(max)d 之间") % {"max": MAX_SIZE}, field="size", code="bad_size")
    allowed = (*NARROWED, OUTCOME) if source == Source.CLOCK else NARROWED
    return {name: clean_line(given[name], 60) for name in allowed if given.get(name)}


def _inspectors(ids: Sequence[int], team_id: int | None, role: str) -> list[Person]:
    """The people named, else those of the group; in the order of their ids."""
    people = staff.people().order_by("id")
    if team_id is not None and not staff.teams().filter(pk=team_id).exists():
        raise Invalid(_("没有这个小组，或它已停用"), field="group", code="no_team")
    if role and not ROLE.fullmatch(role):
        raise Invalid(_("没有这个角色"), field="group", code="no_role")
    if ids:
        found = list(people.filter(pk__in=set(ids)))
        if len(found) < len(set(ids)):
            raise Invalid(_("没有这位同事，或其账号已停用"), field="inspectors", code="no_person")
    elif team_id is not None:
        found = list(people.filter(membership__team_id=team_id))
    else:
        found = list(people.filter(roles__code=role).distinct()) if role else []
    if not 0 < len(found) <= MAX_INSPECTORS:
        raise Invalid(
            _("检查人须有 1 到 %(max)d 人") % {"max": MAX_INSPECTORS}, field="inspectors", code="how_many"
        )
    return found


def _units(
    source: str, codes: list[str], start: datetime, end: datetime, limits: dict[str, str]
) -> list[sampling.Unit]:
    size = queries.size_of(source, codes, start, end, limits)
    if size == 0:
        raise Invalid(_("这个范围里没有可查的，请放宽时段或条件"), field="start", code="nothing_there")
    if size > MAX_POPULATION:
        raise Invalid(
            _("范围太大：%(n)d 件，最多 %(max)d 件，请缩小时段") % {"n": size, "max": MAX_POPULATION},
            field="start",
            code="too_many",
        )
    return queries.population(source, codes, start, end, limits)


def _write_items(inspection: Inspection, drawn: Sequence[sampling.Drawn], codes: list[str]) -> None:
    items = Item.objects.bulk_create(
        Item(
            inspection=inspection,
            position=position,
            subject_kind=d.unit.kind,
            subject_id=d.unit.id,
            clock=d.unit.clock,
            team_id=d.unit.stratum or None,
            inspector_id=d.inspector,
        )
        for position, d in enumerate(drawn, 1)
    )
    Judgement.objects.bulk_create(
        Judgement(item=item, clause_code=code)
        for item, d in zip(items, drawn, strict=True)
        for code in ([d.unit.clause] if d.unit.clause else codes)
    )


def _duty_of(inspection: Inspection, person: Person, at: datetime) -> duties.Plan:
    return duties.Plan(
        kind=kinds.INSPECT,
        title=inspection.title,
        subject=("supervision", inspection.pk),
        owner_id=person.pk,
        due_at=inspection.due_at,
        clause_code=inspection.clauses[0],
        origin_code="supervision",
        origin_id=inspection.pk,
        origin_key=f"inspect:{person.pk}",
        at=at,
    )


def item_judge(
    *, inspection_id: int, item_id: int, clause: str, verdict: str, note: str = "", actor: Actor, at: datetime
) -> Judgement:
    """Judges one clause in one item: kept, not_kept (with a note) or not_applicable; "" takes the judgement back. May be changed
    while the inspection is open.

    For its inspectors only, never of what they had a part in or may not see (NotAllowed). Conflict when it is over. Publishes
    supervision.judged.
    """
    said = text_of(note, "note")
    if len(said) > MAX_NOTE:
        raise Invalid(_("最多 %(max)d 字") % {"max": MAX_NOTE}, field="note", code="too_long")
    if verdict and verdict not in Verdict.values:
        raise Invalid(_("请选择判定"), field="verdict", code="no_verdict")
    if verdict == Verdict.NOT_KEPT and not said:
        raise Invalid(_("没做到的，请写明看到了什么"), field="note", code="missing")
    with transaction.atomic():
        inspection = queries.get(actor, inspection_id, lock=True)
        _need_open(inspection)
        if actor.person_id not in queries.inspector_ids(inspection):
            raise NotAllowed(_("您不是这次检查的检查人"), code="not_inspector")
        rows = Judgement.objects.select_related("item").filter(item__inspection=inspection, item_id=item_id)
        judgement = rows.filter(clause_code=clause).first()
        if judgement is None:
            raise NotFound(_("这次检查没有抽到这一项"), code="item_not_found")
        _not_ones_own(judgement.item, actor)
        was, judgement.verdict, judgement.note = judgement.verdict, verdict, said if verdict else ""
        judgement.judged_at = at if verdict else None
        judgement.judged_by_id = actor.person_id if verdict else None
        judgement.save(update_fields=["verdict", "note", "judged_at", "judged_by"])
        if verdict != Verdict.NOT_KEPT:
            judgement.findings.clear()  # what was kept after all is no proof of a finding
        item = judgement.item
        payload: dict[str, Any] = {
            "item": item.pk,
            "clause": clause,
            "verdict": verdict or None,
            "was": was or None,
            "about": f"{item.subject_kind}:{item.subject_id}",
        }
        given = {k: v for k, v in payload.items() if v is not None}
        publish([NewEvent(events.JUDGED, ("supervision", inspection.pk), at, actor, given)])
    return judgement


def _not_ones_own(item: Item, actor: Actor) -> None:
    assert actor.person_id is not None
    had = queries.part_of(item.subject_kind, [item.subject_id], [actor.person_id])
    if actor.person_id in had.get(item.subject_id, ()):
        raise NotAllowed(_("这一件您参与过处理，请由别的检查人来判"), code="own_case")
    subject = subjects.get(item.subject_kind)
    if subject is None or item.subject_id not in subject.visible_ids(actor, [item.subject_id]):
        raise NotAllowed(_("您无权查看这一件，请由别的检查人来判"), code="not_seen")


def inspection_finish(*, inspection_id: int, conclusion: str, actor: Actor, at: datetime) -> Inspection:
    """The inspection is over: everything is judged, and for each clause that was not kept there is a finding. It is never
    changed again. Settles the inspectors' duties and the cadence's (`supervision_inspection`), with itself as evidence; without
    open findings it is closed at once.

    For its inspectors and those who plan. Conflict when something is missing (with what), Invalid without a conclusion. Publishes
    supervision.finished, and supervision.closed.
    """
    text = text_of(conclusion, "conclusion", needed=_("请写结论：总体如何，问题在哪里"))
    with transaction.atomic():
        inspection = queries.get(actor, inspection_id, lock=True)
        need_inspector(inspection, actor)
        _need_open(inspection)
        by_clause = queries.results_by_clause(inspection)
        if left := sum(r.left for r in by_clause.values()):
            raise Conflict(_("还有 %(n)d 项没有判定") % {"n": left}, code="not_judged", left=left)
        found = set(inspection.findings.values_list("clause_code", flat=True))
        if missing := [code for code, r in by_clause.items() if r.not_kept and code not in found]:
            raise Conflict(
                _("条 %(code)s 有没做到的，请先登记发现的问题和整改") % {"code": missing[0]},
                code="no_finding",
            )
        inspection.state, inspection.conclusion = State.FINISHED, text
        inspection.finished_at, inspection.finished_by_id = at, actor.person_id
        inspection.save(update_fields=["state", "conclusion", "finished_at", "finished_by"])
        total = queries.results([inspection.pk])[inspection.pk]
        event = tell(
            events.FINISHED,
            inspection,
            actor,
            at,
            kept=total.kept,
            not_kept=total.not_kept,
            not_applicable=total.not_applicable,
            findings=len(found),
        )
        proof = ("supervision", inspection.pk)
        for duty_id in _own_duties(inspection):
            duties.duty_settle(duty_id=duty_id, event_id=event.id, proof=proof, actor=actor, at=at)
        cadences.activity_done(activity=ACTIVITY, event=event, proof=proof, first=inspection.duty_id, at=at)
        close_when_all_verified(inspection, actor, at)
    return inspection


def close_when_all_verified(inspection: Inspection, actor: Actor, at: datetime) -> None:
    """A finished inspection without an open finding is closed. Needs its row's lock. Publishes supervision.closed."""
    if inspection.state != State.FINISHED or inspection.findings.filter(verified_at=None).exists():
        return
    inspection.state, inspection.ended_at = State.CLOSED, at
    inspection.save(update_fields=["state", "ended_at"])
    tell(events.CLOSED, inspection, actor, at)


def inspection_cancel(*, inspection_id: int, reason: str, actor: Actor, at: datetime) -> Inspection:
    """Calls an open inspection off, with its inspectors' duties. Needs supervision.plan and a reason (Invalid); Conflict when it
    is over or has found something. Publishes supervision.cancelled."""
    why = clean_line(reason, 300)
    if not why:
        raise Invalid(_("请写明理由"), field="reason", code="missing")
    with transaction.atomic():
        inspection = queries.get(actor, inspection_id, lock=True)
        need_planner(actor)
        _need_open(inspection)
        if inspection.findings.exists():
            raise Conflict(_("已经登记了发现的问题，不能取消"), code="has_findings")
        inspection.state, inspection.reason, inspection.ended_at = State.CANCELLED, why, at
        inspection.save(update_fields=["state", "reason", "ended_at"])
        for duty_id in _own_duties(inspection):
            duties.duty_cancel(duty_id=duty_id, reason=why, actor=Actor.system(), at=at)
        tell(events.CANCELLED, inspection, actor, at)
    return inspection


def _need_open(inspection: Inspection) -> None:
    if not inspection.is_open:
        raise Conflict(_("这次检查已经结束"), code="inspection_over", state=inspection.state)


def _own_duties(inspection: Inspection) -> list[int]:
    rows = Duty.objects.filter(
        subject_kind="supervision", subject_id=inspection.pk, kind=kinds.INSPECT, state=Duty.State.OPEN
    )
    return list(rows.order_by("id").values_list("pk", flat=True))
