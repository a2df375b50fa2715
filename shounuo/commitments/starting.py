"""How a clock comes to life: in time, or late because its rule came to apply later than its start. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shounuo.commitments import events, rules
from shounuo.commitments.facts import Key
from shounuo.commitments.models import Clock
from shounuo.commitments.replay import Found
from shounuo.commitments.rules import Changes
from shounuo.commitments.ruleset import LiveRule
from shounuo.commitments.timing import Hours, marks
from shounuo.kernel.durations import Span
from shounuo.kernel.worktime import Pause


def born(
    rule: LiveRule,
    *,
    subject: Key,
    event_id: int,
    started_at: datetime,
    counted_from: datetime,
    round: int,
    hours: Hours,
    facts: dict[str, Any],
    paused: tuple[Pause, ...] = (),
    floor: datetime | None = None,
    target: Clock | None = None,
) -> Clock:
    """A new running clock with the rule's figures; `target` is the clock whose due moment it borrows; some rules let the
    subject say when it is due. Nothing that it does by itself lies before `floor`."""
    spec = rule.spec
    within = Span.parse(target.within) if target is not None else spec.within
    assert isinstance(within, Span)
    due = target.due_at if target is not None else hours.add(counted_from, within, paused)
    if rule.due_with_subject and isinstance(facts.get("due"), str):
        asked = datetime.fromisoformat(facts["due"])
        if asked != due:  # a period that has begun already: what is left of it
            due = max(asked, counted_from)
            within = Span(seconds=int((due - counted_from).total_seconds()))
    ladder = [{"at": str(e.at), "to": e.to} for e in spec.escalate]
    moments = marks(
        hours,
        start=counted_from,
        due=due,
        span=within,
        warn=str(spec.warn),
        ladder=ladder,
        paused=paused,
        floor=floor,
    )
    clock = Clock(
        rule_id=rule.id,
        clause_code=rule.clause,
        commitment=spec.name,
        subject_kind=subject[0],
        subject_id=subject[1],
        round=round,
        start_event_id=event_id,
        within=str(within),
        follows=target,
        not_before=str(spec.after) if spec.after is not None else "",
        calendar=target.calendar if target is not None else rule.calendar,
        warn=str(spec.warn),
        ladder=ladder,
        started_at=started_at,
        counted_from=counted_from,
        warn_at=moments.warn_at,
        due_at=due,
        length_s=hours.seconds(counted_from, due, within, paused),
        opens_at=hours.add(started_at, spec.after, paused) if spec.after is not None else None,
        steps_left=moments.steps,
        facts=facts,
    )
    rules.settle(clock)
    return clock


def reborn(
    rule: LiveRule,
    found: Found,
    again: Clock | None,
    *,
    subject: Key,
    change_at: datetime,
    hours: Hours,
    facts: dict[str, Any],
    target: Clock | None,
    changes: Changes,
) -> Clock:
    """The clock of a rule that came to apply at `change_at`, later than its start: it runs from its start; one that
    would be born overdue gets its full time from the change. An answer already given meets it at once.

    `again` is the same clock, called off before because the rule had ceased to apply: it goes on as this one.
    """
    start = found.start.at
    spans = tuple((a, b) for a, b, _why in found.pauses if b is not None)
    still = next(((a, why) for a, b, why in found.pauses if b is None), None)

    def made(counted_from: datetime, paused: tuple[Pause, ...]) -> Clock:
        return born(
            rule,
            subject=subject,
            event_id=found.start.id,
            started_at=start,
            counted_from=counted_from,
            round=found.round,
            hours=hours,
            facts=facts,
            paused=paused,
            floor=change_at,
            target=target,
        )

    clock = made(start, spans)
    decided_at = found.met.at if found.met is not None else still[0] if still is not None else change_at
    if clock.due_at < decided_at and target is None:
        clock = made(change_at, ())
        spans, still = (), None
    if again is not None:
        clock = _become(again, clock)
        changes.repaused.append(clock)
    changes.note(clock, events.STARTED, change_at)
    changes.spans += [(clock, a, b, why) for a, b, why in found.pauses if b is not None and (a, b) in spans]
    if found.met is not None:
        ref = found.met.payload.get("interaction")
        rules.meet(
            clock,
            found.met.at,
            changes,
            automatic=found.met.payload.get("automatic") is True,
            ref=ref if isinstance(ref, int) else None,
            event_id=found.met.id,
            hours=hours,
            told_at=change_at,
        )
    elif still is not None and target is None:
        rules.pause(clock, still[0], still[1], changes)
    return clock


def _become(again: Clock, clock: Clock) -> Clock:
    """Gives a called-off clock the course of the new one; it keeps its row, and counts as set anew."""
    for name in (
        "within",
        "started_at",
        "counted_from",
        "warn_at",
        "due_at",
        "length_s",
        "opens_at",
        "steps_left",
        "facts",
        "state",
        "next_at",
    ):
        setattr(again, name, getattr(clock, name))
    if clock.follows is not None:
        again.follows = clock.follows
    again.used_s = again.paused_at = again.warned_at = again.cancelled_at = None
    again.cancel_reason = ""
    again.lap += 1
    return again
