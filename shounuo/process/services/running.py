"""A playbook runs: it begins, goes from step to step, ends or is called off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.commitments.hours import hours_of
from shounuo.duties import services as duties
from shounuo.duties.models import Duty, Evidence
from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.events.services import NewEvent, publish
from shounuo.files import queries as files
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line
from shounuo.policy import labels, matching
from shounuo.policy.schema import Playbook, PlaybookStep
from shounuo.process import book, events, queries, rules
from shounuo.process.book import LivePlaybook
from shounuo.process.models import Run, RunStep
from shounuo.process.permissions import RUN
from shounuo.staff import queries as staff

ORIGIN = "process.step"
CUSTOMER = "customer"
NOBODY_NAMED = ("manager",)


def run_start(
    *,
    rule_id: int,
    subject: tuple[str, int] | None = None,
    by_event: int | None = None,
    actor: Actor,
    at: datetime,
) -> Run:
    """Begins a playbook in force, about a subject that the actor may see or about the organisation; its first step is owed.

    By hand it needs process.run. About a subject on which the playbook is under way already, that run is given back. NotFound:
    no such playbook in force, or a subject that the actor may not see. Events: run.started, run.step_begun.
    """
    if not actor.may(RUN):
        raise NotAllowed(_("您没有发起流程的权限"))
    playbook = next((p for p in book.live(at) if p.rule_id == rule_id), None)
    if playbook is None:
        raise NotFound(_("没有这个流程，或它已不施行"), code="playbook_not_found")
    if subject is not None:
        known = subjects.get(subject[0])
        if known is None or subject[1] not in known.visible_ids(actor, [subject[1]]):
            raise NotFound(_("没有这件事，或您无权查看"), code="subject_not_found")
    with transaction.atomic():
        under_way = _under_way(playbook, subject)
        if under_way is not None:
            return under_way
        run = Run.objects.create(
            rule_id=playbook.rule_id,
            policy_code=playbook.policy,
            clause_code=playbook.clause,
            name=playbook.spec.name,
            subject_kind=subject[0] if subject is not None else "",
            subject_id=subject[1] if subject is not None else None,
            started_at=at,
            started_by_id=actor.person_id,
            by_event=by_event,
        )
        _tell(events.STARTED, run, actor, at, by_event=by_event)
        _go_to(run, playbook.spec, playbook.calendar, playbook.spec.steps[0], actor, at)
    return run


def step_done(*, step_id: int, evidence: Evidence, actor: Actor, at: datetime) -> None:
    """The duty of a step was done by hand; the run goes on. In the transaction of that act. Invalid (field note) where the step
    is to yield something and nothing is written or attached. Events: run.step_done, run.step_begun or run.finished."""
    step, run, spec, calendar = _locked(step_id)
    if step.state != RunStep.State.OPEN or not run.is_running:
        return
    wanted = book.step_of(spec, step.name)
    if (
        wanted.output
        and not evidence.note
        and not files.by_ref("duty", evidence.duty_id, internal=True).get(evidence.pk)
    ):
        what = _("、").join(labels.word(code) for code in wanted.output)
        raise Invalid(_("请写明或附上产出：%(what)s") % {"what": what}, field="note", code="no_output")
    _end(step, run, actor, at)
    _go_on(run, spec, calendar, step, actor, at)


def step_finish(*, run_id: int, note: str = "", actor: Actor, at: datetime) -> Run:
    """The step under way is done by hand, as in the inbox: its duty is, and the run goes on. For those who may do it.

    NotFound for a run that the actor may not see; Conflict where it is over, where the step waits for an event, or where a way
    is to be chosen (`step_choose`); Invalid without the note of a step that is to yield something. Events: as in `step_choose`.
    """
    queries.get(actor, run_id)
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        step = RunStep.objects.filter(run_id=run_id, state=RunStep.State.OPEN).first()
        if step is None:
            raise Conflict(_("流程已经结束"), code="run_over")
        if step.duty_id is None:
            raise Conflict(_("这一步等事情发生，不由人完成"), code="waits")
        if book.step_of(book.spec_of(run.rule), step.name).outcomes:
            raise Conflict(_("这一步要选择去向"), code="choice_needed")
        duties.duty_done(duty_id=step.duty_id, note=note, actor=actor, at=at)
    return run


def step_choose(*, run_id: int, outcome: str, note: str = "", actor: Actor, at: datetime) -> Run:
    """The step under way is done with one of its outcomes, which says where the run goes on. For those who may do its duty.

    NotFound for a run that the actor may not see; Conflict where nothing is to be chosen; Invalid for an outcome that the step
    does not have. Events: run.step_done, duty.done, run.step_begun or run.finished.
    """
    queries.get(actor, run_id)
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=run_id)
        open_step = RunStep.objects.filter(run_id=run_id, state=RunStep.State.OPEN).first()
        if open_step is None:
            raise Conflict(_("流程已经结束"), code="run_over")
        step, run, spec, calendar = _locked(open_step.pk)
        outcomes = book.step_of(spec, step.name).outcomes
        if not outcomes:
            raise Conflict(_("这一步没有要选的去向"), code="no_choice")
        if step.duty is None or not queries.may_do(actor, step.duty):
            raise NotAllowed(_("这一步不归您处理"), code="not_yours")
        if outcome not in outcomes:
            raise Invalid(_("请选择结果"), field="outcome", code="bad_outcome")
        duties.duty_settle(duty_id=step.duty.pk, outcome=outcome[:40], note=note, actor=actor, at=at)
        _end(step, run, actor, at, outcome=outcome)
        _go_on(run, spec, calendar, step, actor, at)
    return run


def step_proved(*, step: RunStep, event: Event) -> None:
    """An event that the step names has happened: it is done, at the event's time and by whoever brought it about. In the
    transaction that reads the log."""
    step, run, spec, calendar = _locked(step.pk)
    if step.state != RunStep.State.OPEN or not run.is_running:
        return
    actor = Actor(event.actor_kind, event.actor_id)  # type: ignore[arg-type]
    at = max(event.at, step.begun_at)
    if step.duty is not None:
        duties.duty_settle(duty_id=step.duty.pk, event_id=event.pk, actor=actor, at=at)
    _end(step, run, actor, at, proof=event.pk)
    _go_on(run, spec, calendar, step, actor, at)


def run_cancel(*, run_id: int, reason: str, actor: Actor, at: datetime) -> Run:
    """Calls a run off; its open step is no longer owed. Needs process.run. Invalid without a reason, Conflict when it is over,
    NotFound for one that the actor may not see. Event: run.cancelled."""
    reason = clean_line(reason, 300)
    if not reason:
        raise Invalid(_("请写明理由"), field="reason", code="missing")
    queries.get(actor, run_id)
    if not actor.may(RUN):
        raise NotAllowed(_("您没有取消流程的权限"))
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        if not run.is_running:
            raise Conflict(_("流程已经结束"), code="run_over")
        for step in RunStep.objects.select_for_update(of=("self",)).filter(run=run, state=RunStep.State.OPEN):
            step.state, step.ended_at, step.ended_by_id = RunStep.State.CANCELLED, at, actor.person_id
            step.save(update_fields=["state", "ended_at", "ended_by"])
            if step.duty_id is not None:
                duties.duty_cancel(duty_id=step.duty_id, reason=reason, actor=Actor.system(), at=at)
        _over(run, Run.State.CANCELLED, actor, at, reason)
        _tell(events.CANCELLED, run, actor, at)
    return run


def _under_way(playbook: LivePlaybook, subject: tuple[str, int] | None) -> Run | None:
    if subject is None:
        return None
    policy, clause, name = playbook.key
    rows = Run.objects.filter(policy_code=policy, clause_code=clause, name=name, state=Run.State.RUNNING)
    return rows.filter(subject_kind=subject[0], subject_id=subject[1]).first()


def _locked(step_id: int) -> tuple[RunStep, Run, Playbook, str]:
    """The step with its run under the run's lock, and the playbook as it was when the run began."""
    run_id = RunStep.objects.values_list("run_id", flat=True).get(pk=step_id)
    Run.objects.select_for_update().get(pk=run_id)
    step = RunStep.objects.select_related("run__rule__clause__version", "duty").get(pk=step_id)
    return step, step.run, book.spec_of(step.run.rule), step.run.rule.clause.version.default_calendar


def _go_on(run: Run, spec: Playbook, calendar: str, step: RunStep, actor: Actor, at: datetime) -> None:
    following = rules.following(spec, step.name, step.outcome)
    if following is None:
        _over(run, Run.State.DONE, actor, at)
        _tell(events.FINISHED, run, actor, at)
    else:
        _go_to(run, spec, calendar, following, actor, at)


def _go_to(run: Run, spec: Playbook, calendar: str, first: PlaybookStep, actor: Actor, at: datetime) -> None:
    """Opens the step, or passes it over where its condition does not hold, and so on to one that waits. Steps whose event has
    happened on the subject since the run began are done with it."""
    position = run.steps.count()
    wanted: PlaybookStep | None = first
    happened = _happened(run, spec)
    while wanted is not None:
        position += 1
        if position > rules.MOST_STEPS:
            raise Conflict(_("流程转了太多圈，请取消后重新发起"), code="endless")
        if not _applies(run, wanted):
            step = RunStep.objects.create(
                run=run,
                position=position,
                name=wanted.name,
                state=RunStep.State.PASSED,
                begun_at=at,
                ended_at=at,
            )
            _tell(events.STEP_PASSED, run, actor, at, step=wanted.name)
            wanted = rules.following(spec, wanted.name)
            continue
        seen = next((e for e in happened if _proves(wanted, e)), None)
        step = RunStep.objects.create(run=run, position=position, name=wanted.name, begun_at=at)
        if seen is not None and not run.steps.filter(proof=seen.pk).exists():
            by = Actor(seen.actor_kind, seen.actor_id)  # type: ignore[arg-type]
            _end(step, run, by, at, proof=seen.pk)
            wanted = rules.following(spec, wanted.name)
            continue
        duty = _owe(run, wanted, position, calendar, at)
        if duty is not None:
            step.duty = duty
            step.save(update_fields=["duty"])
        _tell(events.STEP_BEGUN, run, actor, at, step=wanted.name, duty=duty.pk if duty is not None else None)
        return
    _over(run, Run.State.DONE, actor, at)
    _tell(events.FINISHED, run, actor, at)


def _happened(run: Run, spec: Playbook) -> list[Event]:
    """What has happened on the subject since the run began, of the kinds that its steps name."""
    kinds = {e.event for s in spec.steps for e in s.done}
    if run.subject is None or not kinds:
        return []
    kind, id = run.subject
    rows = Event.objects.filter(subject_kind=kind, subject_id=id, kind__in=kinds)
    return list(rows.filter(at__gte=run.started_at).order_by("seq"))


def _proves(step: PlaybookStep, event: Event) -> bool:
    roles = (
        frozenset(staff.roles_of(event.actor_id))
        if event.actor_kind == "person" and event.actor_id and any(s.by for s in step.done)
        else frozenset()
    )
    return matching.any_event_matches(step.done, event.kind, event.payload, roles)


def _applies(run: Run, step: PlaybookStep) -> bool:
    if not step.when:
        return True
    facts: dict[str, Any] = {}
    if run.subject is not None and (subject := subjects.get(run.subject[0])) is not None:
        facts = subject.facts([run.subject[1]]).get(run.subject[1], {})
    return matching.matches(step.when, facts)


def _owe(run: Run, step: PlaybookStep, position: int, calendar: str, at: datetime) -> Duty | None:
    """The duty of a step; none where only the customer, or an event, can bring it about."""
    roles = tuple(r for r in step.role if r != CUSTOMER)
    if not roles and step.done:
        return None
    roles = roles or NOBODY_NAMED
    owner, team = _whose(run, roles)
    if owner is None and not _held(roles, None):
        roles = (*roles, *NOBODY_NAMED)
    due = hours_of(calendar).add(at, step.within) if isinstance(step.within, Span) else None
    return duties.duty_create(
        kind="step_choice" if step.outcomes else "step",
        title=step.title or labels.word(step.name),
        title_en=step.title_en,
        subject=run.subject,
        owner_id=owner,
        team_id=None if owner is not None else team,
        roles=() if owner is not None else roles,
        due_at=due,
        origin=(ORIGIN, run.pk, str(position)),
        clause_code=run.clause_code,
        rule_id=run.rule_id,
        actor=Actor.system(),
        at=at,
    )


def _whose(run: Run, roles: tuple[str, ...]) -> tuple[int | None, int | None]:
    """Who owes it: the subject's owner where he holds one of the roles, else (None, the team where somebody does)."""
    subject = subjects.get(run.subject_kind) if run.subject is not None else None
    if subject is None or run.subject_id is None:
        return None, None
    people = subject.people(run.subject_id)
    if people.owner_id is not None and set(staff.roles_of(people.owner_id)) & set(roles):
        return people.owner_id, None
    return None, people.team_id if people.team_id is not None and _held(roles, people.team_id) else None


def _held(roles: tuple[str, ...], team_id: int | None) -> bool:
    rows = staff.people().filter(roles__code__in=roles)
    return (rows.filter(teams=team_id) if team_id is not None else rows).exists()


def _end(
    step: RunStep, run: Run, actor: Actor, at: datetime, *, outcome: str = "", proof: int | None = None
) -> None:
    step.state, step.ended_at, step.ended_by_id = RunStep.State.DONE, at, actor.person_id
    step.outcome, step.proof = outcome, proof
    step.save(update_fields=["state", "ended_at", "ended_by", "outcome", "proof"])
    _tell(
        events.STEP_DONE,
        run,
        actor,
        at,
        step=step.name,
        duty=step.duty_id,
        outcome=outcome or None,
        proof=proof,
    )


def _over(run: Run, state: Run.State, actor: Actor, at: datetime, reason: str = "") -> None:
    run.state, run.ended_at, run.ended_by_id, run.reason = state, at, actor.person_id, reason
    run.save(update_fields=["state", "ended_at", "ended_by", "reason"])


def _tell(kind: str, run: Run, actor: Actor, at: datetime, **more: Any) -> None:
    payload: dict[str, Any] = {
        "rule": run.rule_id,
        "clause": run.clause_code,
        "playbook": run.name,
        "about": f"{run.subject_kind}:{run.subject_id}" if run.subject is not None else None,
    } | more
    given = {name: value for name, value in payload.items() if value is not None}
    publish([NewEvent(kind, ("run", run.pk), at, actor, given)])
