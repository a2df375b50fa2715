"""The commitments that are or ever were in force, compiled once per generation of the policies.

A cadence is among them as the commitment that it is on each duty of its periods: to be done before the period ends; a
playbook as the commitment on the duties of its steps that have a limit; a record that is owed after something as the
commitment to fill its fields in time. Records that are to be there before something are gates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.duties import registry
from shounuo.kernel.durations import Percent, Span
from shounuo.policy import matching
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import (
    ENDS,
    AnyRule,
    Cadence,
    Commitment,
    Escalation,
    EventSpec,
    Playbook,
    Record,
)

ENFORCED = (Rule.Kind.COMMITMENT, Rule.Kind.CADENCE, Rule.Kind.PLAYBOOK, Rule.Kind.RECORD)
FILLED = "record.filled"
DUTY = "duty"
ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A commitment of a published version, with its clause's code, its calendar and the time it is in force.

    `pack` is the policy's code; names and clauses are unique within it. `restarts`: reopening its subject starts it
    anew, because resolving it (of a duty: doing it) fulfils it. `cadence`: the cadence as which it stands in its clause; its clocks are due when their
    subject is (the fact `due`). `record`: the record whose fields its clocks wait for. `worked_on`: the calendar of the policy.
    """

    id: int
    pack: str
    clause: str
    spec: Commitment
    calendar: str
    since: datetime | None
    effective_at: datetime
    ended_at: datetime | None
    first_since: datetime | None
    restarts: bool
    cadence: Cadence | None = None
    playbook: bool = False
    worked_on: str = ALWAYS
    record: Record | None = None

    @property
    def due_with_subject(self) -> bool:
        """True when the subject itself says when it is due."""
        return self.cadence is not None or self.playbook

    @property
    def span(self) -> Span:
        """Its length; of a rule without one (a gap) there are no clocks and no periods to ask for."""
        assert isinstance(self.spec.within, Span)
        return self.spec.within

    def in_force(self, at: datetime) -> bool:
        """True when the rule starts clocks at this moment."""
        return _in_force(at, self.since, self.effective_at, self.ended_at)

    def was_running(self, at: datetime) -> bool:
        """True when an event of this moment may be a start: what happened before the rule was first in force binds
        nobody. `first_since` is when its first version began, of those with its name in its clause."""
        return self.first_since is not None and self.first_since <= at


@dataclass(frozen=True, slots=True)
class Gate:
    """A record that is to be there before something happens: of a published version, live."""

    id: int
    pack: str
    clause: str
    spec: Record
    since: datetime | None
    effective_at: datetime
    ended_at: datetime | None

    def in_force(self, at: datetime) -> bool:
        """True when it keeps out what happens at this moment."""
        return _in_force(at, self.since, self.effective_at, self.ended_at)


def _in_force(
    at: datetime, since: datetime | None, effective_at: datetime, ended_at: datetime | None
) -> bool:
    return since is not None and at >= max(effective_at, since) and (ended_at is None or at < ended_at)


@dataclass(frozen=True, slots=True)
class Book:
    """All of them by id. `subjects`: kinds of subject that have a rule; `named`: event kinds that some rule names;
    `proofs`: event kinds that prove the activity of a cadence; `gates`: by the kinds of event before which they stand."""

    generation: int
    rules: Mapping[int, LiveRule]
    subjects: frozenset[str]
    named: frozenset[str]
    proofs: frozenset[str] = frozenset()
    gates: Mapping[str, tuple[Gate, ...]] = field(default_factory=dict)
    _by_subject: Mapping[str, tuple[LiveRule, ...]] = field(default_factory=dict)

    def in_force(self, subject: str, at: datetime) -> list[LiveRule]:
        """The rules on this kind of subject that are in force at a moment."""
        return [r for r in self._by_subject.get(subject, ()) if r.in_force(at)]


def counts(spec: EventSpec, kind: str, payload: Mapping[str, Any], roles: Collection[str] = ()) -> bool:
    """True when the rule counts the event. An automatic message counts only where the rule says `automatic`."""
    if payload.get("automatic") is True and all(name != "automatic" for name, _values in spec.where):
        return False
    return matching.event_matches(spec, kind, payload, roles)


def any_counts(
    specs: Sequence[EventSpec], kind: str, payload: Mapping[str, Any], roles: Collection[str] = ()
) -> bool:
    return any(counts(spec, kind, payload, roles) for spec in specs if spec.event == kind)


_book: Book | None = None


def book() -> Book:
    """The commitments as they are now: one cheap query, and a rebuild when a policy has changed. So what is put in force
    anywhere counts at once everywhere, and what is rolled back never does (a generation is never given twice)."""
    global _book
    generation = policy.generation()
    if _book is None or _book.generation != generation:
        _book = _compile(generation)
    return _book


def known() -> Book:
    """As `book`, without asking: for work that has just asked."""
    return _book or book()


def rule(id: int) -> LiveRule:
    """The commitment behind a clock, of whatever version."""
    found = known().rules.get(id)
    return found if found is not None else book().rules[id]


def forget() -> None:
    """The next question compiles anew."""
    global _book
    _book = None


def _compile(generation: int) -> Book:
    found = (
        Rule.objects.filter(
            kind__in=ENFORCED,
            clause__version__state__in=[PolicyVersion.State.PUBLISHED, PolicyVersion.State.ARCHIVED],
        )
        .select_related("clause__version__policy")
        .defer("clause__version__source")
        .order_by("clause__version_id", "clause__position", "position")
    )
    rows = list(found)
    first: dict[tuple[str, str, str], datetime] = {}
    for row in rows:
        if row.status == Rule.Status.LIVE and row.live_since is not None:
            key = (row.clause.version.policy.code, row.clause.code, row.name)
            first[key] = min(first.get(key, row.live_since), row.live_since)
    rules: dict[int, LiveRule] = {}
    gates: dict[str, list[Gate]] = {}
    for row in rows:
        version = row.clause.version
        assert version.effective_at is not None
        written = rule_of(row.kind, row.name, row.body)
        enforced = row.status == Rule.Status.LIVE and not written.gaps
        if isinstance(written, Record) and written.before:
            gate = Gate(
                row.id,
                version.policy.code,
                row.clause.code,
                written,
                row.live_since if enforced else None,
                version.effective_at,
                version.ended_at,
            )
            for kind in {s.event for s in written.before}:
                gates.setdefault(kind, []).append(gate)
            continue
        cadence = written if isinstance(written, Cadence) else None
        if isinstance(written, Playbook) and _limit(written) is None:
            continue  # no step of it has a limit
        spec = _as_commitment(row.id, written)
        endings = registry.endings() if spec.subject == DUTY else frozenset({f"{spec.subject}.resolved"})
        rules[row.id] = LiveRule(
            id=row.id,
            pack=version.policy.code,
            clause=row.clause.code,
            spec=spec,
            calendar=spec.calendar or version.default_calendar,
            worked_on=version.default_calendar,
            since=row.live_since if enforced else None,
            effective_at=version.effective_at,
            ended_at=version.ended_at,
            first_since=first.get((version.policy.code, row.clause.code, row.name)),
            restarts=cadence is not None
            or isinstance(written, Playbook)
            or any(s.event in endings for s in spec.until),
            cadence=cadence,
            playbook=isinstance(written, Playbook),
            record=written if isinstance(written, Record) else None,
        )
    by_subject: dict[str, list[LiveRule]] = {}
    for one in rules.values():
        by_subject.setdefault(one.spec.subject, []).append(one)
    return Book(
        generation,
        rules,
        frozenset(by_subject),
        frozenset(s.event for r in rules.values() for s in r.spec.events()),
        frozenset(s.event for r in rules.values() if r.cadence is not None for s in r.cadence.done),
        {kind: tuple(found) for kind, found in gates.items()},
        {kind: tuple(rs) for kind, rs in by_subject.items()},
    )


def _as_commitment(id: int, written: AnyRule) -> Commitment:
    """The rule as its clocks know it. Of a cadence: the duties that this rule has made are to be done before they are due;
    which version made a duty says who starts its clock, whatever is done on the duty ends it."""
    if isinstance(written, Commitment):
        return written
    if isinstance(written, Playbook):
        return _as_limits(id, written)
    if isinstance(written, Record):
        return _as_filling(id, written)
    assert isinstance(written, Cadence)
    return Commitment(
        name=written.name,
        title=written.title,
        title_en=written.title_en,
        subject=DUTY,
        starts=(EventSpec("duty.created", where=(("rule", (id,)),)),),
        until=(EventSpec("duty.done"),),
        cancel=(EventSpec("duty.cancelled"), EventSpec("duty.missed")),
        within=written.every,
        calendar=ALWAYS,
        warn=written.warn,
        escalate=written.escalate,
    )


def _as_filling(id: int, written: Record) -> Commitment:
    """Each time that something happens after which the record is owed, its last field is to be filled in time. What is owed
    after the end of the service is owed no more when that was not the end."""
    again = [f"{s.event.partition('.')[0]}.reopened" for s in written.after if s.event in ENDS]
    return Commitment(
        name=written.name,
        title=written.title,
        title_en=written.title_en,
        subject=written.subject,
        starts=written.after,
        until=(EventSpec(FILLED, where=(("rule", (id,)),)),),
        cancel=tuple(EventSpec(kind) for kind in dict.fromkeys(again)),
        within=written.within,
        calendar=written.calendar,
        when=written.when,
        each=True,
    )


def _as_limits(id: int, written: Playbook) -> Commitment:
    """The playbook as its clocks know it: the duty of each step that has a limit is to be done before it is due; when that
    is, the duty says."""
    within = _limit(written)
    assert within is not None
    return Commitment(
        name=written.name,
        title=written.title,
        title_en=written.title_en,
        subject=DUTY,
        starts=(EventSpec("duty.created", where=(("rule", (id,)),), has=("due",)),),
        until=(EventSpec("duty.done"),),
        cancel=(EventSpec("duty.cancelled"), EventSpec("duty.missed")),
        within=within,
        calendar=ALWAYS,
        escalate=(Escalation(Percent(10000), "owner_supervisor"),),
    )


def _limit(written: Playbook) -> Span | None:
    """A limit that one of its steps has; each duty says its own."""
    return next((s.within for s in written.steps if isinstance(s.within, Span)), None)
