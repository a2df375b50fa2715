"""Alarms that raise and release themselves."""

from __future__ import annotations

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from shounuo.events import queries as log
from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.events.queries import Position
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.policy import matching
from shounuo.risk import book, events, reading, rules
from shounuo.risk.book import LiveAlarm
from shounuo.risk.models import Alarm, Watch
from shounuo.risk.reading import Verdict
from shounuo.risk.rules import Reading
from shounuo.risk.services.common import tell
from shounuo.staff import queries as staff

BATCH = 2_000
log_ = logging.getLogger(__name__)


def alarms_evaluate(*, at: datetime) -> tuple[int, int]:
    """Judges every alarm rule on a metric at the moment; gives how many alarms were raised and released.

    One open alarm per rule and what it is about; its day is written down with the figure. An alarm whose rule is no longer
    in force is released. A rule at a time, each its own transaction; two runs at once do the work once. Publishes
    alarm.raised and alarm.released. Chained rules come last: they read what the others wrote.
    """
    zone = ZoneInfo(staff.organisation().zone)
    raised = released = 0
    live = [r for r in book.live(at) if r.spec.metric]
    for rule in sorted(live, key=lambda r: r.metric is None):
        with transaction.atomic():
            _one_at_a_time(rule.key)
            try:
                found = reading.verdicts(rule, at, zone)
            except Invalid as error:
                log_.warning("alarm %s cannot be judged: %s", "/".join(rule.key), error)
                continue
            gone = _abouts_open(rule.key) - {v.about for v in found}
            for verdict in (*found, *(Verdict(about, False, Reading(None, 0)) for about in sorted(gone))):
                up, over = _settle(rule, verdict, at, zone)
                raised, released = raised + up, released + over
    return raised, released + _release_orphans({r.key for r in book.live(at)}, at)


def _settle(rule: LiveAlarm, verdict: Verdict, at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Brings the alarm of one verdict up to it: (raised, released)."""
    alarm = _open(rule.key, verdict.about)
    if alarm is None:
        if verdict.holds:
            _raise(rule, verdict.about, verdict.reading, at, zone)
            return 1, 0
        return 0, 0
    alarm.value, alarm.n = verdict.reading.value, verdict.reading.n
    if verdict.holds:
        alarm.seen_at = at
    over = verdict.holds is False and rules.is_over(rule.spec, alarm.seen_at, at, zone)
    if over:
        alarm.state, alarm.released_at = Alarm.State.RELEASED, at
    alarm.save(update_fields=["value", "n", "seen_at", "state", "released_at"])
    _write_day(alarm, verdict.reading, verdict.holds is True, at, zone)
    if over:
        tell(events.RELEASED, alarm, Actor.system(), at)
    return 0, int(over)


def _abouts_open(key: tuple[str, str, str]) -> set[str]:
    """What open alarms of a rule are about: a slice of which nothing is counted any more is back as well."""
    policy, clause, name = key
    rows = Alarm.objects.filter(policy_code=policy, clause_code=clause, name=name, state=Alarm.State.OPEN)
    return set(rows.values_list("about", flat=True))


def _open(key: tuple[str, str, str], about: str) -> Alarm | None:
    policy, clause, name = key
    rows = Alarm.objects.select_for_update(of=("self",)).filter(
        policy_code=policy, clause_code=clause, name=name, about=about, state=Alarm.State.OPEN
    )
    return rows.first()


def _raise(rule: LiveAlarm, about: str, found: Reading, at: datetime, zone: ZoneInfo) -> Alarm:
    policy, clause, name = rule.key
    alarm = Alarm.objects.create(
        rule_id=rule.id,
        policy_code=policy,
        clause_code=clause,
        name=name,
        metric=rule.spec.metric,
        about=about,
        level=rule.spec.level,
        value=found.value,
        n=found.n,
        raised_value=found.value,
        raised_at=at,
        seen_at=at,
    )
    _write_day(alarm, found, True, at, zone)
    tell(events.RAISED, alarm, Actor.system(), at)
    return alarm


def _write_day(alarm: Alarm, found: Reading, held: bool, at: datetime, zone: ZoneInfo) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO risk_alarmday AS d (alarm_id, day, value, n, held) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (alarm_id, day) DO UPDATE SET value = EXCLUDED.value, n = EXCLUDED.n, held = d.held OR EXCLUDED.held""",
            [alarm.pk, at.astimezone(zone).date(), found.value, found.n, held],
        )


def _release_orphans(keys: set[tuple[str, str, str]], at: datetime) -> int:
    """Alarms of rules that are no longer in force are over."""
    count = 0
    with transaction.atomic():
        for alarm in Alarm.objects.select_for_update(of=("self",)).filter(state=Alarm.State.OPEN):
            if (alarm.policy_code, alarm.clause_code, alarm.name) in keys:
                continue
            alarm.state, alarm.released_at = Alarm.State.RELEASED, at
            alarm.save(update_fields=["state", "released_at"])
            tell(events.RELEASED, alarm, Actor.system(), at)
            count += 1
    return count


def alarms_triggered(*, at: datetime, limit: int = BATCH) -> int:
    """Reads the log on from where it stood and raises what rules say of its events; gives how many were raised.

    Starts at the end of the log when there was never a look. Each event counts once: the position moves in the
    transaction that raises. Publishes alarm.raised.
    """
    zone = ZoneInfo(staff.organisation().zone)
    with transaction.atomic():
        _one_at_a_time(("watch", "", ""))
        watch = Watch.objects.filter(pk=1).first()
        if watch is None:
            xid, event_id = log.end()
            Watch.objects.create(xid=xid, event_id=event_id, evaluated_at=at)
            return 0
        rules_live = [r for r in book.live(at) if r.spec.trigger]
        kinds = {spec.event for rule in rules_live for spec in rule.spec.trigger}
        found, onward = log.read_after(Position(watch.xid, watch.event_id), kinds=kinds, limit=limit)
        raised = sum(_trigger(rule, event, at, zone) for event in found for rule in rules_live)
        watch.xid, watch.event_id, watch.evaluated_at = onward.xid, onward.id, at
        watch.save()
    return raised


def _trigger(rule: LiveAlarm, event: Event, at: datetime, zone: ZoneInfo) -> int:
    roles = (
        frozenset(staff.roles_of(event.actor_id)) if event.actor_kind == "person" and event.actor_id else ()
    )
    if not matching.any_event_matches(rule.spec.trigger, event.kind, event.payload, roles):
        return 0
    if rule.spec.when:
        subject = subjects.get(event.subject_kind)
        facts = subject.facts([event.subject_id]).get(event.subject_id, {}) if subject is not None else {}
        if not matching.matches(rule.spec.when, facts):
            return 0
    about = f"{event.subject_kind}:{event.subject_id}"
    alarm = _open(rule.key, about)
    if alarm is not None:
        alarm.seen_at = max(alarm.seen_at, event.at)
        alarm.save(update_fields=["seen_at"])
        return 0
    _raise(rule, about, Reading(None, 1), event.at, zone)
    return 1


def _one_at_a_time(key: tuple[str, str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", ["/".join(key)])
