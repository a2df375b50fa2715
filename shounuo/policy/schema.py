"""The typed form of a policy pack: what `reading` makes of YAML, `writing` turns back, and the database keeps.

Everything is frozen and compares by meaning; `line` (where it stood in the file, 0 = nowhere) is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal

from shounuo.kernel.durations import Percent, Span

Scalar = str | int | bool
DEFAULT_WARN = Percent(8000)
DEFAULT_TARGET = Percent(9500)
ADDRESSEES = ("owner", "owner_supervisor", "dept_head")
COMPARISONS = ("<", "<=", "=", ">=", ">")
ALARM_LEVELS = ("blue", "yellow", "red")
TRENDS = ("rising", "falling", "same_direction")
CHAINED = "blue_alarm_days"
"""The one metric that alarms count themselves: on how many days in a row a blue one was open."""
MONITORED = "any_monitored"
"""Stands for every metric that another alarm in force watches."""
SLICED = "by"
"""The fact of a `when` that cuts instead of narrowing: {by: team} judges each team for itself."""
ENDS = ("case.resolved", "case.confirmed", "case.closed")
PER = ("case", "customer", "person", "team", "order", "organisation")


class Unset(StrEnum):
    """A figure that the source leaves open: shown as a gap which the organisation must fill, never invented."""

    UNSET = "unset"


UNSET = Unset.UNSET
MaybeSpan = Span | Unset


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event that counts: its kind, the payload values it must carry (`where`, any of several), the fields that
    must be there (`has`) and the roles of which its actor must hold one (`by`)."""

    event: str
    where: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()
    has: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact and the values it must have, or with `negated` must not have."""

    fact: str
    values: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Matcher:
    """All conditions must hold; none holds always. Equal whatever the order they were written in."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)


ALWAYS = Matcher()
Offset = Percent | Span
"""A point of a clock's time: a share of it (100% = due), or a length after its start."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step of the ladder. `to`: owner, owner_supervisor, dept_head or role:<code>."""

    at: Offset
    to: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of its currency (CNY: fen)."""

    minor: int
    currency: str = "CNY"

    def __str__(self) -> str:
        whole, rest = divmod(self.minor, 100)
        return f"{whole} {self.currency}" if not rest else f"{whole}.{rest:02d} {self.currency}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value to compare with: a number, a share, a length of time, or not set yet."""

    op: Literal["<", "<=", "=", ">=", ">"]
    value: Decimal | Percent | Span | Unset


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others reach, and who says so."""

    value: Decimal | Percent | Span
    source: str
    source_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every rule has. `covers` are the requirement rows that this rule enforces (empty = those of its clause)."""

    kind: ClassVar[str]
    name: str
    title: str = ""
    title_en: str = ""
    note: str = ""
    covers: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Names of the fields that are not set yet."""
        return ()

    def events(self) -> Iterator[EventSpec]:
        """Every event that the rule names."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment(Common):
    """时限: `until` must follow `starts` within `within` (or before another clock's due), on a calendar.

    starts, until, cancel: any of. each: a clock per start event, otherwise one per subject and round. after: an
    `until` earlier than this after the start does not count. pause: states of the subject in which the clock stands
    still. calendar: empty = the pack's. due_of: name of the commitment whose due this one shares, instead of `within`.
    """

    kind = "commitment"
    subject: str
    starts: tuple[EventSpec, ...]
    until: tuple[EventSpec, ...]
    cancel: tuple[EventSpec, ...] = ()
    within: MaybeSpan | None = None
    due_of: str = ""
    after: Span | None = None
    each: bool = False
    pause: tuple[str, ...] = ()
    calendar: str = ""
    when: Matcher = ALWAYS
    warn: Offset = DEFAULT_WARN
    escalate: tuple[Escalation, ...] = ()
    target: Percent = DEFAULT_TARGET

    @property
    def gaps(self) -> tuple[str, ...]:
        return ("within",) if self.within is UNSET else ()

    @property
    def outlives_close(self) -> bool:
        """True for what is promised after the end of the service (a call back, the record): closing the subject does
        not cancel such a clock, because its start is the end itself."""
        return any(spec.event in ENDS for spec in self.starts)

    def events(self) -> Iterator[EventSpec]:
        yield from self.starts
        yield from self.until
        yield from self.cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence(Common):
    """周期: an activity at least `times` in every period, owned by a role.

    per: for whom it is counted. composition: how many of each sort among them. done: the event that proves one.
    """

    kind = "cadence"
    activity: str
    every: MaybeSpan
    times: int = 1
    owner: tuple[str, ...] = ()
    per: str = "organisation"
    composition: tuple[tuple[str, int], ...] = ()
    done: tuple[EventSpec, ...] = ()
    when: Matcher = ALWAYS
    warn: Offset = DEFAULT_WARN
    escalate: tuple[Escalation, ...] = ()

    @property
    def gaps(self) -> tuple[str, ...]:
        return ("every",) if self.every is UNSET else ()

    def events(self) -> Iterator[EventSpec]:
        return iter(self.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """How many things of a sort a record must hold."""

    of: str
    min: int = 0
    max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Common):
    """记录: fields to be filled before an event, or within a time after one; and how many items there must be."""

    kind = "record"
    subject: str
    fields: tuple[str, ...] = ()
    items: Items | None = None
    before: tuple[EventSpec, ...] = ()
    after: tuple[EventSpec, ...] = ()
    within: MaybeSpan | None = None
    calendar: str = ""
    when: Matcher = ALWAYS
    owner: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[str, ...]:
        timeless = bool(self.after) and self.within is None
        return ("within",) if self.within is UNSET or timeless else ()

    def events(self) -> Iterator[EventSpec]:
        yield from self.before
        yield from self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Common):
    """指标: a metric must reach a value over a window, for a segment of its population (`when`).

    change: relative to the baseline (+20%), instead of or beside the value. horizon: by when, at the latest;
    horizon_min: at the earliest. least: answers or cases needed before it is judged. benchmark: what others reach.
    """

    kind = "target"
    metric: str
    threshold: Threshold
    change: str = ""
    baseline: Decimal | Percent | Span | None = None
    window: MaybeSpan | None = None
    horizon: Span | None = None
    horizon_min: Span | None = None
    least: int | None = None
    benchmark: Benchmark | None = None
    owner: tuple[str, ...] = ()
    when: Matcher = ALWAYS

    @property
    def gaps(self) -> tuple[str, ...]:
        found = ("value",) if self.threshold.value is UNSET and not self.change else ()
        return (*found, "window") if self.window is UNSET else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm(Common):
    """预警: a metric past a threshold, a trend, a leap, its absence, or an event raises a level to roles, with a plan.

    change: against the window before (+50%). absent: nothing was counted in the window. consecutive: the state must last
    this long. least: answers needed before it may be raised. via: ways of telling. plan: name of the playbook that starts.
    """

    kind = "alarm"
    metric: str = ""
    threshold: Threshold | None = None
    trend: str = ""
    change: str = ""
    absent: bool = False
    trigger: tuple[EventSpec, ...] = ()
    window: MaybeSpan | None = None
    consecutive: Span | None = None
    least: int | None = None
    level: str = ""
    notify: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    plan: str = ""
    when: Matcher = ALWAYS

    @property
    def gaps(self) -> tuple[str, ...]:
        found = ("value",) if self.threshold is not None and self.threshold.value is UNSET else ()
        return (*found, "window") if self.window is UNSET else found

    def events(self) -> Iterator[EventSpec]:
        return iter(self.trigger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Common):
    """授权: who may grant what, up to how much (inclusive) and summed over what; above it, who approves."""

    kind = "authority"
    grant: str
    who: tuple[str, ...]
    up_to: Money | None = None
    over: Money | None = None
    per: str = "case"
    approver: tuple[str, ...] = ()
    when: Matcher = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight(Common):
    """权重: of which parts a score, an appraisal or a pay part is composed. The shares make 100% unless `partial` or
    one of them is not set yet. Ordered by size, those not set last."""

    kind = "weight"
    of: str
    parts: tuple[tuple[str, Percent | Unset], ...]
    partial: bool = False
    every: MaybeSpan | None = None
    when: Matcher = ALWAYS

    @property
    def gaps(self) -> tuple[str, ...]:
        found = tuple(f"parts.{code}" for code, share in self.parts if share is UNSET)
        return (*found, "every") if self.every is UNSET else found


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookStep:
    """One step: what is done, by which role, from what, into what, in what time, and the event that shows it.

    Branches: a step whose `when` the subject's facts do not fit is passed over. `next` says where it goes on other than to
    the step below: (outcome, name of a step or END); an outcome "" is the only way on, others are chosen when the step is
    done.
    """

    name: str
    title: str = ""
    title_en: str = ""
    role: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    within: MaybeSpan | None = None
    done: tuple[EventSpec, ...] = ()
    when: Matcher = ALWAYS
    next: tuple[tuple[str, str], ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What may be chosen when the step is done; none where there is one way on."""
        return tuple(outcome for outcome, _to in self.next if outcome)


END = "end"
"""Where a step leads that ends its playbook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook(Common):
    """流程: ordered steps, begun by an event or by hand."""

    kind = "playbook"
    steps: tuple[PlaybookStep, ...]
    trigger: tuple[EventSpec, ...] = ()
    when: Matcher = ALWAYS

    @property
    def gaps(self) -> tuple[str, ...]:
        return tuple(f"steps.{s.name}.within" for s in self.steps if s.within is UNSET)

    def events(self) -> Iterator[EventSpec]:
        yield from self.trigger
        for step in self.steps:
            yield from step.done


AnyRule = Commitment | Cadence | Record | Target | Alarm | Authority | Weight | Playbook
RULES: dict[str, type[AnyRule]] = {
    cls.kind: cls for cls in (Commitment, Cadence, Record, Target, Alarm, Authority, Weight, Playbook)
}


EVIDENCE = ("record", "metric", "document", "cadence", "check", "log", "alert")
"""What shows that a clause is kept: something written down, a figure, a document, a repeated activity, a check that a
step cannot pass without, a log, a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows that something is done. `kind` is one of EVIDENCE.

    events: the kinds of event that prove it (all of them); metric: the code of the figure that does. covers: the rows
    of the clause that it proves (empty = all of what it stands under).
    """

    kind: str
    text: str
    text_en: str = ""
    events: tuple[str, ...] = ()
    metric: str = ""
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A practice 实践 of a clause: what is done well, what happens otherwise, what comes of it, and what shows it."""

    text: str
    text_en: str = ""
    risk: str = ""
    risk_en: str = ""
    outcome: str = ""
    outcome_en: str = ""
    evidence: tuple[Evidence, ...] = ()
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A heading of the document; "2.1" stands under "2"."""

    number: str
    title: str
    title_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause with its wording, its practices, what shows that it is kept, and its rules. `covers` are the
    requirement rows that it states."""

    id: str
    title: str
    wording: str
    title_en: str = ""
    wording_en: str = ""
    source: str = ""
    chapter: str = ""
    covers: tuple[str, ...] = ()
    practices: tuple[Practice, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rules: tuple[AnyRule, ...] = ()
    line: int = field(default=0, compare=False)

    def proofs(self) -> Iterator[tuple[Evidence, tuple[str, ...]]]:
        """Every piece of evidence with the requirement rows that it proves."""
        for evidence in self.evidence:
            yield evidence, evidence.covers or self.covers
        for practice in self.practices:
            for evidence in practice.evidence:
                yield evidence, evidence.covers or practice.covers

    @property
    def number(self) -> str:
        """What stands before the clause on the page: "2.2.1" of REG-2.2.1."""
        prefix, dash, rest = self.id.partition("-")
        return rest if dash and prefix.isalpha() else self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A whole policy as one file. `not_built`: requirement row -> why it is left out on purpose."""

    code: str
    title: str
    version: str
    default_calendar: str
    clauses: tuple[Clause, ...]
    title_en: str = ""
    note: str = ""
    chapters: tuple[Chapter, ...] = ()
    not_built: tuple[tuple[str, str], ...] = ()
    line: int = field(default=0, compare=False)

    def path(self, clause: Clause) -> list[list[str]]:
        """The chapters above a clause, from the top: [[number, title, english title], ...]."""
        by_number = {c.number: c for c in self.chapters}
        parts = clause.chapter.split(".") if clause.chapter else []
        numbers = [".".join(parts[: i + 1]) for i in range(len(parts))]
        return [[n, by_number[n].title, by_number[n].title_en] for n in numbers if n in by_number]

    def rules(self) -> Iterator[tuple[Clause, AnyRule]]:
        for clause in self.clauses:
            for rule in clause.rules:
                yield clause, rule


Plain = dict[str, Any]
