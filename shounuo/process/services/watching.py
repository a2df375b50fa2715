"""What starts runs and closes steps by itself: events, and alarms that name a plan."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from shounuo.events import queries as log
from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.events.queries import Position
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import matching
from shounuo.process import book
from shounuo.process.book import LivePlaybook
from shounuo.process.models import Run, RunStep, RunWatch
from shounuo.process.services.running import _proves, run_start, step_proved
from shounuo.staff import queries as staff

BATCH = 1_000
ALARM = "alarm.raised"


def events_read(*, at: datetime, limit: int = BATCH) -> tuple[int, int]:
    """Reads the log on from where it stood: starts the playbooks that its events trigger and the plans of alarms, closes the
    steps that they show to be done; gives how many of each. Each event counts once: the position moves in the transaction that
    acts. Starts at the end of the log when there was never a look."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('process.watch', 21))")
        watch = RunWatch.objects.filter(pk=1).first()
        if watch is None:
            xid, event_id = log.end()
            RunWatch.objects.create(xid=xid, event_id=event_id)
            return 0, 0
        kinds = {e.event for p in book.live(at) for e in p.spec.trigger} | _awaited() | {ALARM}
        found, onward = log.read_after(Position(watch.xid, watch.event_id), kinds=kinds, limit=limit)
        started = closed = 0
        for event in found:
            closed += _close(event)
            started += _start(event)
        watch.xid, watch.event_id = onward.xid, onward.id
        watch.save()
    return started, closed


def _awaited() -> set[str]:
    """The kinds of event that the steps under way wait for, and those that come after them in their runs."""
    rows = Run.objects.filter(state=Run.State.RUNNING).select_related("rule").distinct("rule_id")
    return {e.event for run in rows.order_by("rule_id") for s in book.spec_of(run.rule).steps for e in s.done}


def _close(event: Event) -> int:
    rows = RunStep.objects.filter(state=RunStep.State.OPEN, run__state=Run.State.RUNNING).select_related(
        "run__rule"
    )
    about = rows.filter(run__subject_kind=event.subject_kind, run__subject_id=event.subject_id)
    closed = 0
    for step in [*about, *rows.filter(run__subject_id=None)]:
        wanted = book.step_of(book.spec_of(step.run.rule), step.name)
        if event.at >= step.run.started_at and _proves(wanted, event):
            step_proved(step=step, event=event)
            closed += 1
    return closed


def _start(event: Event) -> int:
    """By the playbooks in force when it happened: one that came after, or went since, is not asked."""
    started = 0
    if event.kind == ALARM:
        plan = book.plan_of(event.payload.get("rule", 0), event.at)
        started += _begin(plan, event) if plan is not None else 0
    roles = (
        frozenset(staff.roles_of(event.actor_id)) if event.actor_kind == "person" and event.actor_id else ()
    )
    for playbook in book.live(event.at):
        if not matching.any_event_matches(playbook.spec.trigger, event.kind, event.payload, roles):
            continue
        if playbook.spec.when:
            subject = subjects.get(event.subject_kind)
            facts = subject.facts([event.subject_id]).get(event.subject_id, {}) if subject is not None else {}
            if not matching.matches(playbook.spec.when, facts):
                continue
        started += _begin(playbook, event)
    return started


def _begin(playbook: LivePlaybook, event: Event) -> int:
    before = Run.objects.count()
    try:
        run_start(
            rule_id=playbook.rule_id,
            subject=(event.subject_kind, event.subject_id),
            by_event=event.pk,
            actor=Actor.system(),
            at=event.at,
        )
    except NotFound:
        return 0  # what it was about is gone since: the log is read on
    return Run.objects.count() - before
