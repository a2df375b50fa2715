"""What a time limit would have done to what has happened: a rule replayed on the recorded events, nothing written.

Scope is judged by the subjects' facts as they are now; starts from before the window do not count. The rule in force is
replayed the same way beside it, so that both figures stand on the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shounuo.commitments import ruleset
from shounuo.commitments.hours import HoursBook
from shounuo.commitments.replay import Found, Past, replay
from shounuo.commitments.ruleset import LiveRule
from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.kernel.durations import Span
from shounuo.policy import matching
from shounuo.policy.schema import Commitment
from shounuo.staff import queries as staff

BATCH = 250
"""Subjects in one part: well under a second of work."""
MOST_CASES = 30


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise that the rule would have made: when it was due, when it was kept (None = not yet)."""

    subject: int
    event: int
    due_at: datetime
    met_at: datetime | None
    end: datetime

    @property
    def is_late(self) -> bool:
        return (self.met_at or self.end) > self.due_at

    @property
    def is_decided(self) -> bool:
        """Kept, or past its due; otherwise it still runs and is left out."""
        return self.met_at is not None or self.due_at < self.end

    @property
    def over(self) -> timedelta:
        return (self.met_at or self.end) - self.due_at


@dataclass(slots=True)
class Tally:
    """How many of the promises were decided, how many of these late, how many still run."""

    decided: int = 0
    late: int = 0
    running: int = 0

    @property
    def share(self) -> float | None:
        return (self.decided - self.late) / self.decided if self.decided else None

    def count(self, one: Judged) -> None:
        if one.is_decided:
            self.decided += 1
            self.late += one.is_late
        else:
            self.running += 1


@dataclass(slots=True)
class Preview:
    """The figures so far. `cursor`: the last subject looked at, None when all are. `fresh`: late now, but not under the
    rule in force; `saved`: the other way. `cases`: the latest ones of `fresh` (of all late ones where no rule is in
    force), the longest over first."""

    total: int
    done: int = 0
    cursor: int | None = 0
    drafted: Tally = field(default_factory=Tally)
    live: Tally | None = None
    fresh: int = 0
    saved: int = 0
    cases: list[tuple[int, str, int]] = field(default_factory=list)  # subject, due (ISO), seconds over


def rule_as_drafted(
    spec: Commitment, *, pack: str, clause: str, default_calendar: str, start: datetime
) -> LiveRule:
    """A commitment as it would run from `start`."""
    return LiveRule(
        id=0,
        pack=pack,
        clause=clause,
        spec=spec,
        calendar=spec.calendar or default_calendar,
        since=start,
        effective_at=start,
        ended_at=None,
        first_since=start,
        restarts=any(s.event == f"{spec.subject}.resolved" for s in spec.until),
        worked_on=default_calendar,
    )


def rule_in_force(
    pack: str, clause: str, name: str, subject: str, at: datetime, start: datetime
) -> LiveRule | None:
    """The rule of this name that runs in the clause now, as it would have run from `start`; None where there is none."""
    for rule in ruleset.book().in_force(subject, at):
        if (rule.pack, rule.clause, rule.spec.name) == (pack, clause, name) and not rule.spec.due_of:
            return replace(rule, first_since=start)
    return None


def begin(drafted: LiveRule, start: datetime, end: datetime) -> Preview:
    """A preview of nothing yet, with the number of subjects to look at. One query."""
    return Preview(total=_started(drafted, start, end).count())


def go_on(preview: Preview, drafted: LiveRule, live: LiveRule | None, start: datetime, end: datetime) -> None:
    """Looks at the next BATCH subjects and adds what it finds. Four queries whatever their number, and one for
    each person where a rule asks who acted."""
    ids = list(
        _started(drafted, start, end)
        .filter(subject_id__gt=preview.cursor or 0)
        .order_by("subject_id")
        .values_list("subject_id", flat=True)[:BATCH]
    )
    if live is not None and preview.live is None:
        preview.live = Tally()
    kind = drafted.spec.subject
    subject = subjects.get(kind)
    facts = subject.facts(ids) if subject is not None else {}
    past = _past(kind, ids, end, (drafted, live))
    hours = HoursBook()
    for id in ids:
        known = facts.get(id)
        if known is None:
            continue  # erased since
        new = _judged(drafted, id, known, past.get(id, ()), hours, end)
        old = _judged(live, id, known, past.get(id, ()), hours, end) if live is not None else []
        _add(preview, new, old, with_live=live is not None)
    preview.done += len(ids)
    preview.cursor = ids[-1] if len(ids) == BATCH else None


def _started(rule: LiveRule, start: datetime, end: datetime):  # type: ignore[no-untyped-def]
    """The subjects on which an event of the kind that starts the rule fell into the window."""
    return (
        Event.objects.filter(
            subject_kind=rule.spec.subject,
            kind__in={s.event for s in rule.spec.starts},
            at__gte=start,
            at__lt=end,
        )
        .values("subject_id")
        .distinct()
    )


def _past(
    kind: str, ids: Sequence[int], end: datetime, rules: Iterable[LiveRule | None]
) -> dict[int, list[Past]]:
    """The subjects' events, oldest first; actors' roles only where a rule asks for them."""
    rows = list(
        Event.objects.filter(subject_kind=kind, subject_id__in=ids, at__lt=end)
        .order_by("subject_id", "seq")
        .values_list("id", "subject_id", "kind", "at", "payload", "actor_kind", "actor_id")
    )
    asked = any(s.by for rule in rules if rule is not None for s in rule.spec.events())
    people = {r[6] for r in rows if r[5] == "person" and r[6] is not None} if asked else set()
    roles = {person: frozenset(staff.roles_of(person)) for person in people}
    found: dict[int, list[Past]] = {}
    for id, subject, what, at, payload, actor_kind, actor in rows:
        held = roles.get(actor or 0, frozenset()) if actor_kind == "person" else frozenset()
        found.setdefault(subject, []).append(Past(id, what, at, payload, held))
    return found


def _judged(
    rule: LiveRule,
    id: int,
    facts: dict[str, object],
    past: Sequence[Past],
    hours_of: HoursBook,
    end: datetime,
) -> list[Judged]:
    spec = rule.spec
    if not matching.matches(spec.when, facts):
        return []
    hours = hours_of(rule.calendar)

    def opens(found: Found) -> datetime | None:
        spans = tuple((a, b) for a, b, _why in found.pauses if b is not None)
        return hours.add(found.start.at, spec.after, spans) if spec.after is not None else None

    judged = []
    for found in replay(rule, past, opens=opens):
        if found.met is None and found.pauses and found.pauses[-1][1] is None:
            due = end + timedelta(days=1)  # it stands still: neither kept nor late
        else:
            spans = tuple((a, b) for a, b, _why in found.pauses if b is not None)
            assert isinstance(spec.within, Span)
            due = hours.add(found.start.at, spec.within, spans)
        met = found.met.at if found.met is not None else None
        judged.append(Judged(id, found.start.id, due, met, end))
    return judged


def _add(preview: Preview, new: Sequence[Judged], old: Sequence[Judged], *, with_live: bool) -> None:
    before = {o.event: o for o in old}
    for one in new:
        preview.drafted.count(one)
        was = before.get(one.event)
        late = one.is_decided and one.is_late
        was_late = was is not None and was.is_decided and was.is_late
        preview.fresh += late and not was_late
        preview.saved += was_late and not late
        if late and not (with_live and was_late):
            preview.cases.append((one.subject, one.due_at.isoformat(), int(one.over.total_seconds())))
    preview.cases = sorted(preview.cases, key=lambda c: -c[2])[:MOST_CASES]
    if preview.live is not None:
        for one in old:
            preview.live.count(one)
