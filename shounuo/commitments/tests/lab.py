"""A subject with its clocks in memory: the engine's decisions without a database, fast enough to try them by thousands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shounuo.commitments import engine, rules, ruleset
from shounuo.commitments.replay import Past
from shounuo.commitments.rules import Changes
from shounuo.commitments.ruleset import Book, LiveRule
from shounuo.commitments.timing import PLAIN, Hours
from shounuo.events.services import Published
from shounuo.kernel.durations import Span, parse_offset
from shounuo.policy.schema import Commitment, Condition, Escalation, EventSpec, Matcher

T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)


def minutes(n: float) -> datetime:
    return T0 + timedelta(minutes=n)


def spec(name: str = "answer", within: str = "PT30M", **given: Any) -> Commitment:
    """A commitment on a subject `s`: from s.asked until s.answered."""

    def events(*names: str) -> tuple[EventSpec, ...]:
        return tuple(EventSpec(n) for n in names)

    when = given.pop("when", {})
    return Commitment(
        name=name,
        subject="s",
        starts=events(*given.pop("starts", ("s.asked",))),
        until=events(*given.pop("until", ("s.answered",))),
        cancel=events(*given.pop("cancel", ("s.dropped",))),
        within=Span.parse(within),
        when=Matcher(tuple(Condition(k, (v,)) for k, v in when.items())),
        escalate=tuple(Escalation(parse_offset(at), to) for at, to in given.pop("escalate", ())),
        **given,
    )


def put_in_force(*specs: Commitment) -> Book:
    """The book that the engine finds until `ruleset.forget()`."""
    found = {
        n: LiveRule(
            id=n,
            pack="lab",
            clause=f"L-{n}",
            spec=one,
            calendar="always",
            since=T0,
            effective_at=T0,
            ended_at=None,
            first_since=T0,
            restarts=any(u.event == "s.resolved" for u in one.until),
        )
        for n, one in enumerate(specs, 1)
    }
    named = frozenset(e.event for one in specs for e in one.events())
    book = Book(1, found, frozenset({"s"}), named, _by_subject={"s": tuple(found.values())})
    ruleset._book = book
    return book


@dataclass
class Subject:
    """One subject: what happened to it, its facts, its clocks, and what was told of them."""

    book: Book
    facts: dict[str, Any] = field(default_factory=dict)
    clocks: list[Any] = field(default_factory=list)
    history: list[Past] = field(default_factory=list)
    told: list[tuple[int, str, datetime]] = field(default_factory=list)
    steps: list[tuple[int, int, str, str]] = field(default_factory=list)
    pauses: dict[int, list[list[Any]]] = field(default_factory=dict)

    def happen(self, kind: str, at: datetime, **payload: Any) -> None:
        """One event, and everything that the engine makes of it."""
        number = len(self.history) + 1
        self.history.append(Past(number, kind, at, payload))
        event = Published(number, kind, ("s", 1), number, at, "system", None, payload)
        changes = Changes()
        work = engine._Work(("s", 1), [event], self.clocks, self.facts, self.book, hours, changes)
        work.take_events()
        work.finish(self.history if work.needs_history else [])
        self._keep(changes)

    def fire(self, at: datetime) -> None:
        """What the loop would do at this moment."""
        changes = Changes()
        for clock in self.clocks:
            if clock.next_at is not None and clock.next_at <= at:
                rules.advance(clock, at, changes)
        self._keep(changes)

    def _keep(self, changes: Changes) -> None:
        for clock in changes.touched.values():
            if clock.id is None:
                clock.id = max((c.id or 0 for c in self.clocks), default=0) + 1
                clock.pk = clock.id
            if clock.follows_id is None and clock.follows is not None:
                clock.follows_id = clock.follows.id
        for clock in changes.repaused:
            self.pauses[clock.id] = []
        for clock, start, end, reason in changes.spans:
            self.pauses.setdefault(clock.id, []).append([start, end, reason])
        for clock, at, reason in changes.pauses:
            rows = self.pauses.setdefault(clock.id, [])
            if reason is not None:
                assert not rows or rows[-1][1] is not None
                rows.append([at, None, reason])
            else:
                assert rows[-1][1] is None and rows[-1][0] <= at
                rows[-1][1] = at
        self.told += [(h.clock.id, h.kind.partition(".")[2], h.at) for h in changes.happenings]
        for step in changes.steps:
            key = (step.clock.id, step.lap, step.position, step.to)
            assert key not in self.steps, f"taken twice: {key}"
            self.steps.append(key)


def hours(_code: str) -> Hours:
    return Hours(PLAIN, PLAIN)
