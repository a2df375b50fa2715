"""What may happen to a clock, and when: pure decisions on Clock rows in memory, no database, no time of their own.

States: running <-> paused; running -> breached at its due moment; running, paused -> met | cancelled. Breached is for
good: a late answer, a close or a merge only end what is still owed. `Changes` collects what came of it, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.commitments import events
from shounuo.commitments.models import Clock
from shounuo.commitments.timing import TICK, Hours, marks
from shounuo.events.subjects import NearestClock
from shounuo.kernel.durations import Span
from shounuo.kernel.worktime import Pause

RUNNING, PAUSED, MET, BREACHED, CANCELLED = (
    Clock.State.RUNNING,
    Clock.State.PAUSED,
    Clock.State.MET,
    Clock.State.BREACHED,
    Clock.State.CANCELLED,
)

NO_LONGER_APPLIES = "no_longer_applies"
MERGED = "merged"
CLOSED = "closed"
CALLED_OFF = "called_off"
TARGET_GONE = "target_gone"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a clock; it becomes an event on the clock's subject."""

    clock: Clock
    kind: str
    at: datetime
    due: datetime
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that the clock took by itself."""

    clock: Clock
    lap: int
    position: str
    to: str
    due_at: datetime
    fired_at: datetime


@dataclass(slots=True)
class Changes:
    """What was decided: clocks touched, happenings and steps in order, pauses begun (with a reason) and ended (without)
    in order, whole spans added; `repaused` clocks lose the pauses they had before."""

    touched: dict[int, Clock] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    steps: list[Taken] = field(default_factory=list)
    pauses: list[tuple[Clock, datetime, str | None]] = field(default_factory=list)
    spans: list[tuple[Clock, datetime, datetime, str]] = field(default_factory=list)
    repaused: list[Clock] = field(default_factory=list)

    def touch(self, clock: Clock) -> None:
        self.touched[id(clock)] = clock

    def note(self, clock: Clock, kind: str, at: datetime, **extra: Any) -> None:
        self.touch(clock)
        self.happenings.append(Happening(clock, kind, at, clock.due_at, extra))


def span_of(clock: Clock) -> Span:
    """The length that the clock counts."""
    return Span.parse(clock.within)


def next_moment(clock: Clock) -> datetime | None:
    """When the clock next does something by itself; None while it stands still or nothing is left."""
    step = datetime.fromisoformat(clock.steps_left[0]["at"]) if clock.steps_left else None
    if clock.state == RUNNING:
        moments = [clock.due_at + TICK]
        if clock.warn_at is not None and clock.warned_at is None:
            moments.append(clock.warn_at)
        if step is not None and step < clock.due_at:
            moments.append(step)
        return min(moments)
    if clock.is_overdue and step is not None:
        return max(step, clock.due_at + TICK)
    return None


def settle(clock: Clock) -> None:
    """Writes the next moment down; done after every change."""
    clock.next_at = next_moment(clock)


def advance(clock: Clock, to: datetime, changes: Changes, *, fired_at: datetime | None = None) -> None:
    """Does everything that the clock owed up to and including `to`, in order, each at its own moment.

    Whether this is called on time or a day late makes no difference to what is recorded as happening when.
    """
    fired_at = fired_at or to
    while (moment := next_moment(clock)) is not None and moment <= to:
        step = clock.steps_left[0] if clock.steps_left else None
        step_at = datetime.fromisoformat(step["at"]) if step is not None else None
        if clock.state == RUNNING and moment > clock.due_at:
            clock.state, clock.breached_at = BREACHED, clock.due_at
            changes.steps.append(Taken(clock, clock.lap, "due", "", clock.due_at, fired_at))
            changes.note(clock, events.BREACHED, clock.due_at)
        elif clock.state == RUNNING and clock.warned_at is None and clock.warn_at == moment:
            clock.warned_at = moment
            changes.steps.append(Taken(clock, clock.lap, "warn", "", moment, fired_at))
            changes.note(clock, events.WARNED, moment)
        else:
            assert step is not None and step_at is not None
            clock.steps_left = clock.steps_left[1:]
            changes.steps.append(Taken(clock, clock.lap, step["position"], step["to"], step_at, fired_at))
            changes.note(clock, events.ESCALATED, step_at, to=step["to"], step=step["position"])
    settle(clock)


def meet(
    clock: Clock,
    at: datetime,
    changes: Changes,
    *,
    automatic: bool,
    ref: int | None,
    event_id: int,
    hours: Hours,
    told_at: datetime | None = None,
) -> bool:
    """The promise is fulfilled; False when it was too early to count. A broken one stays broken."""
    if clock.opens_at is not None and clock.opens_at > (clock.paused_at or at):
        return False
    at = max(at, clock.started_at)
    late = clock.state == BREACHED
    if clock.state == PAUSED:
        _end_pause(clock, at, hours, changes)
    if not late:
        clock.state = MET
    clock.met_at, clock.met_automatic, clock.met_ref, clock.met_event_id = at, automatic, ref, event_id
    if not automatic:
        clock.person_met_at = at
    clock.used_s = max(clock.length_s - hours.seconds(at, clock.due_at, span_of(clock)), 0)
    settle(clock)
    changes.note(clock, events.MET, told_at or at, late=late, automatic=automatic)
    return True


def cancel(clock: Clock, at: datetime, reason: str, changes: Changes, *, hours: Hours) -> None:
    """What was promised is no longer owed. A breach stays recorded, its ladder ends."""
    at = max(at, clock.started_at)
    if clock.state == PAUSED:
        _end_pause(clock, at, hours, changes)
    if clock.state != BREACHED:
        clock.state = CANCELLED
    clock.cancelled_at, clock.cancel_reason = at, reason
    settle(clock)
    changes.note(clock, events.CANCELLED, at, reason=reason)


def pause(clock: Clock, at: datetime, reason: str, changes: Changes) -> None:
    """The clock stands still from `at` on."""
    clock.state, clock.paused_at = PAUSED, max(at, clock.counted_from)
    settle(clock)
    changes.pauses.append((clock, clock.paused_at, reason))
    changes.note(clock, events.PAUSED, at, reason=reason)


def resume(
    clock: Clock, at: datetime, reason: str, changes: Changes, *, hours: Hours, due: datetime | None = None
) -> None:
    """The time that was left runs again from `at`; `due` says where that ends when another clock decides it."""
    _end_pause(clock, at, hours, changes)
    clock.state, clock.due_at = RUNNING, due or clock.due_at
    settle(clock)
    changes.note(clock, events.RESUMED, at, reason=reason)


def revive(clock: Clock, at: datetime, changes: Changes, *, hours: Hours) -> None:
    """A merge is undone: the clock goes on, the time in between was a pause."""
    assert clock.cancelled_at is not None
    changes.spans.append((clock, clock.cancelled_at, max(at, clock.cancelled_at), clock.cancel_reason))
    _move(clock, clock.cancelled_at, at, hours)
    if clock.state == CANCELLED:
        clock.state = RUNNING
    clock.cancelled_at, clock.cancel_reason = None, ""
    settle(clock)
    changes.note(clock, events.RESUMED, at, reason="merge_undone")


def reopen(clock: Clock, at: datetime, changes: Changes) -> None:
    """What met the clock has failed (a mail was not delivered): it goes on as if it had never been met, so the time in
    between counts. What it missed meanwhile is done by the next `advance`."""
    if clock.state == MET:
        clock.state = RUNNING
    clock.met_at = clock.met_ref = clock.met_event_id = clock.person_met_at = None
    clock.used_s = None
    clock.met_automatic = False
    settle(clock)
    changes.note(clock, events.RESUMED, at, reason="failed")


def rebase(
    clock: Clock,
    due: datetime,
    at: datetime,
    changes: Changes,
    *,
    hours: Hours,
    paused: Sequence[Pause],
    **extra: Any,
) -> None:
    """Sets a new due moment; the warning and the ladder are reckoned anew from it. What lies behind is not repeated
    unless it lies ahead again. Of a clock that stands still, `due` is the moment if it went on at once."""
    was = clock.due_at
    now = clock.paused_at or at
    clock.due_at = due
    clock.length_s = max(clock.length_s + hours.seconds(was, due, span_of(clock)), 0)
    again = marks(
        hours,
        start=clock.counted_from,
        due=due,
        span=span_of(clock),
        warn=clock.warn,
        ladder=clock.ladder,
        paused=paused,
    )
    if again.warn_at is not None and again.warn_at > now:
        clock.warn_at, clock.warned_at = again.warn_at, None
    elif clock.warned_at is None:
        clock.warn_at = now if again.warn_at is not None and now < due else None
    clock.steps_left = [s for s in again.steps if datetime.fromisoformat(s["at"]) > now]
    clock.lap += 1
    settle(clock)
    changes.note(clock, events.REBASED, at, was=was.isoformat(), **extra)


def follow(
    clock: Clock, target: Clock, at: datetime, changes: Changes, *, hours: Hours, paused: Sequence[Pause] = ()
) -> None:
    """Keeps a clock that is due when another is in step with it: it stands still with it, moves with it, and is called
    off with it. Once the other is met, its due moment stays where it is."""
    if not clock.is_running:
        return
    if target.state == CANCELLED:
        cancel(clock, at, TARGET_GONE, changes, hours=hours)
        return
    if target.state == PAUSED and clock.state == RUNNING:
        pause(clock, at, "target_paused", changes)
    elif target.state != PAUSED and clock.state == PAUSED:
        resume(clock, at, "target_resumed", changes, hours=hours, due=target.due_at)
    if clock.due_at != target.due_at:
        rebase(clock, target.due_at, at, changes, hours=hours, paused=paused, reason="target_moved")


def gone(clock: Clock) -> bool:
    """Called off only because its condition, or the clock it followed, fell away: it may come again."""
    return clock.state == Clock.State.CANCELLED and clock.cancel_reason in (
        NO_LONGER_APPLIES,
        TARGET_GONE,
    )


def nearest(clocks: Iterable[Clock]) -> NearestClock:
    """Of a subject's clocks, the running or overdue one that is due first."""
    owed = [c for c in clocks if c.state == RUNNING or c.is_overdue]
    if not owed:
        return NearestClock()
    first = min(owed, key=lambda c: (c.due_at, c.id or 0))
    return NearestClock(first.due_at, first.warn_at, first.clause_code, any(c.is_overdue for c in owed))


def _end_pause(clock: Clock, at: datetime, hours: Hours, changes: Changes) -> None:
    assert clock.paused_at is not None
    at = max(at, clock.paused_at)
    changes.pauses.append((clock, at, None))
    _move(clock, clock.paused_at, at, hours)
    clock.paused_at = None


def _move(clock: Clock, paused_at: datetime, resumed_at: datetime, hours: Hours) -> None:
    """Moves every moment still ahead of the pause; the due moment of a broken promise stays."""
    span = span_of(clock)
    if clock.state != BREACHED:
        # nothing was left, but the moment itself still counts: it comes again with the end of the pause
        spent = clock.due_at == paused_at
        clock.due_at = resumed_at if spent else hours.postpone(clock.due_at, paused_at, resumed_at, span)
    if clock.warn_at is not None and clock.warned_at is None:
        clock.warn_at = hours.postpone(clock.warn_at, paused_at, resumed_at, span)
    if clock.opens_at is not None:
        clock.opens_at = hours.postpone(clock.opens_at, paused_at, resumed_at, span)
    clock.steps_left = [
        {
            **s,
            "at": hours.postpone(datetime.fromisoformat(s["at"]), paused_at, resumed_at, span).isoformat(),
        }
        for s in clock.steps_left
    ]
