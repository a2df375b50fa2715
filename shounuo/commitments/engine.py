"""From events to clocks, in the transaction of the change that the events tell of.

One publish costs a fixed, small number of queries however many rules there are: the subjects' clocks, their facts, what
changed, and one publish of the clocks' own events; the subjects' history is read only when a rule comes to apply late
or an answer failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from procrastinate.contrib.django import app

from shounuo.commitments import events, records, replay, rules, store
from shounuo.commitments.deeper import MAX_DEPTH, deeper, depth, publish_deeper
from shounuo.commitments.facts import FactsBook, Key
from shounuo.commitments.hours import HoursBook
from shounuo.commitments.models import Clock
from shounuo.commitments.replay import Found, Past
from shounuo.commitments.rules import Changes
from shounuo.commitments.ruleset import DUTY, Book, LiveRule, any_counts, book, forget, known
from shounuo.commitments.ruleset import rule as rule_of
from shounuo.commitments.starting import born, reborn
from shounuo.commitments.timing import Hours
from shounuo.events import subjects
from shounuo.events.registry import kind_of
from shounuo.events.services import NewEvent, Published
from shounuo.events.subjects import Facts, NearestClock
from shounuo.kernel.actors import Actor
from shounuo.policy import matching
from shounuo.staff import queries as staff

CHANNEL = "shounuo_clocks"
PROVE: Final = "commitments.prove"
LOOK_AGAIN = timedelta(seconds=6)
"""The loop looks for clocks that are due more often than this; only what comes sooner must wake it."""


def on_events(published: Sequence[Published]) -> None:
    """Starts, meets, cancels, pauses and resumes the clocks that these events of one publish concern.

    The same-transaction handler of every kind of event. Publishes what happened to the clocks, tells the subjects which
    clock is nearest now, and wakes the loop when something is due before it looks again.
    """
    others = [e for e in published if not e.kind.startswith("policy.")]
    if len(others) < len(published):
        forget()  # the generation was counted up before all was written: what was compiled since may be half of it
    if not others:
        return
    rulebook = known() if depth() else book()
    facts = FactsBook()
    checked = records.pass_gates(others, rulebook, facts) if rulebook.gates else []
    for event in others:
        if (
            event.kind in rulebook.proofs
        ):  # of the activity of a cadence: its duty is done by a job of its own
            app.configure_task(PROVE).defer(event_id=event.id)
    heard = [e for e in others if _concerns(e, rulebook)]
    if heard:
        checked = _run(heard, rulebook, facts, checked)
    publish_deeper(checked)


def _run(
    heard: Sequence[Published], rulebook: Book, facts_book: FactsBook, news: list[NewEvent]
) -> list[NewEvent]:
    """The events against the clocks of their subjects, then the records that they have completed. The news is told with what
    happened to the clocks; where nothing did, with what was completed: what is left of it is given back."""
    by_subject: dict[Key, list[Published]] = {}
    for event in heard:
        by_subject.setdefault(event.subject, []).append(event)
    # a subject whose first event is among these has no clock yet
    clocks = store.lock_clocks([k for k, events in by_subject.items() if events[0].seq > 1])
    facts = facts_book(by_subject)
    changes = Changes()
    hours = HoursBook()
    works = [
        _Work(key, by_subject[key], clocks.get(key, []), facts.get(key, {}), rulebook, hours, changes)
        for key in by_subject
    ]
    for work in works:
        work.take_events()
    history = _history([w for w in works if w.needs_history], rulebook)
    for work in works:
        work.finish(history.get(work.key, []))
    if changes.touched:
        keep(
            changes,
            {w.key: (w.before, w.clocks) for w in works},
            wake_before=max(e.at for e in heard) + LOOK_AGAIN,
            news=news,
        )
        news = []
    return news + _completed(works)


def _completed(works: Sequence[_Work]) -> list[NewEvent]:
    """The news of each record that is owed and has its last field now; that meets its clock."""
    owed = {w.key: w.clocks for w in works if any(rule_of(c.rule_id).record for c in w.clocks if c.is_live)}
    if not owed:
        return []
    last = max((e for w in works for e in w.events), key=lambda e: e.id)
    return records.completed(owed, last.actor, last.at)


def keep(
    changes: Changes,
    touched: dict[Key, tuple[NearestClock | None, list[Clock]]],
    *,
    wake_before: datetime | None,
    actor: Actor | None = None,
    news: Sequence[NewEvent] = (),
) -> None:
    """Writes the changes, tells the subjects touched (nearest clock before if known, clocks now) which clock is nearest now,
    publishes what happened and the other news, and wakes the loop for what is due before `wake_before`.

    The subjects are told before the events are: what these start tells them again.
    """
    store.write(changes)
    nearest: dict[str, dict[int, NearestClock]] = {}
    for (kind, id), (before, clocks) in touched.items():
        after = rules.nearest(clocks)
        if after != before:
            nearest.setdefault(kind, {})[id] = after
    for kind, of_kind in nearest.items():
        subject = subjects.get(kind)
        if subject is not None and subject.clocks_changed is not None:
            subject.clocks_changed(of_kind)
    with deeper():
        store.tell(changes, actor, news)
    if wake_before is not None and any(
        c.next_at is not None and c.next_at < wake_before for c in changes.touched.values()
    ):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _concerns(event: Published, rulebook: Book) -> bool:
    """Only subjects that some rule is about; of what we tell ourselves, and of what alters nothing, only what some rule
    names."""
    if event.subject[0] not in rulebook.subjects or subjects.get(event.subject[0]) is None:
        return False
    if event.kind in rulebook.named:
        return depth() < MAX_DEPTH or not _is_own(event)
    return not _is_own(event) and kind_of(event.kind).alters


def _is_own(event: Published) -> bool:
    return event.kind.startswith("clock.") or event.kind == events.CHECKED


def _history(works: Sequence[_Work], rulebook: Book) -> dict[Key, list[Past]]:
    """The subjects' events so far, oldest first, in one query; actors' roles only where a rule asks for them."""
    if not works:
        return {}
    events = store.events_of([w.key for w in works])
    roles: dict[int, frozenset[str]] = {}
    if any(s.by for r in rulebook.rules.values() for s in r.spec.events()):
        for person in {e.actor_id for e in events if e.actor_kind == "person" and e.actor_id is not None}:
            roles[person] = frozenset(staff.roles_of(person))
    found: dict[Key, list[Past]] = {}
    for e in events:
        held = roles.get(e.actor_id or 0, frozenset()) if e.actor_kind == "person" else frozenset()
        found.setdefault((e.subject_kind, e.subject_id), []).append(Past(e.id, e.kind, e.at, e.payload, held))
    return found


class _Work:
    """One subject's events of one publish against its clocks and the rules in force."""

    def __init__(
        self,
        key: Key,
        events: list[Published],
        clocks: list[Clock],
        facts: Facts,
        rulebook: Book,
        hours: Callable[[str], Hours],
        changes: Changes,
    ) -> None:
        self.key = key
        self.kind = key[0]
        self.events = events
        self.clocks = clocks
        self.facts = facts
        self.book = rulebook
        self.hours = hours
        self.changes = changes
        self.at = max(e.at for e in events)
        self.current = rulebook.in_force(self.kind, self.at)
        self.current_ids = {r.id for r in self.current}
        self.applying = [r for r in self.current if matching.matches(r.spec.when, facts)]
        self.before = rules.nearest(clocks)
        self.whole = min(e.seq for e in events) == 1
        self.decided: set[int] = set()  # before these events: their facts stay as they were
        self.failed: list[Clock] = []
        self.late: list[LiveRule] = []

    # while the events pass

    def take_events(self) -> None:
        """Lets the events pass in order, then sees which rules came to apply late."""
        for event in self.events:
            self._pass(event)
        for rule in sorted(
            self.applying, key=lambda r: bool(r.spec.due_of)
        ):  # those that others follow first
            if self._may_start_late(rule):
                self.late.append(rule)

    @property
    def needs_history(self) -> bool:
        return bool(self.failed) or (bool(self.late) and not self.whole)

    def _pass(self, event: Published) -> None:
        at = event.at
        for clock in self._live():
            rules.advance(clock, at, self.changes)
        if event.kind == f"{self.kind}.merge_undone":
            for clock in self.clocks:
                if clock.cancel_reason == rules.MERGED and clock.cancelled_at is not None:
                    rules.revive(clock, at, self.changes, hours=self.hours(clock.calendar))
        if (failed := replay.failed_ref(event.kind, event.payload)) is not None:
            self.failed += [c for c in self.clocks if c.met_at is not None and c.met_ref == failed]
        self._answer(event)
        if event.kind == f"{self.kind}.merged":
            self._end(at, rules.MERGED)
        elif event.kind == f"{self.kind}.closed":
            self._end(at, rules.CLOSED)
        elif event.kind in replay.given_up(self.kind):
            self._end(at, rules.CALLED_OFF)
        for rule in self.applying:
            self._start(rule, event)

    def _answer(self, event: Published) -> None:
        """Cancels and meets what the event cancels and meets."""
        ref = event.payload.get("interaction")
        automatic = event.payload.get("automatic") is True
        for clock in self.clocks:
            watched = clock.is_live or (clock.met_automatic and clock.person_met_at is None and not automatic)
            if not watched or clock.start_event_id == event.id:
                continue
            spec = rule_of(clock.rule_id).spec
            if clock.is_live and any_counts(spec.cancel, event.kind, event.payload, event.roles):
                rules.cancel(
                    clock, event.at, rules.CALLED_OFF, self.changes, hours=self.hours(clock.calendar)
                )
            elif any_counts(spec.until, event.kind, event.payload, event.roles):
                if clock.is_live:
                    rules.meet(
                        clock,
                        event.at,
                        self.changes,
                        automatic=automatic,
                        ref=ref if isinstance(ref, int) else None,
                        event_id=event.id,
                        hours=self.hours(clock.calendar),
                    )
                else:
                    clock.person_met_at = event.at
                    self.changes.note(clock, events.PERSON_MET, event.at)
                    self.decided.add(id(clock))

    def _end(self, at: datetime, reason: str) -> None:
        """Cancels what is owed. What is promised after the end of the service (a call back, the record) outlives a close."""
        for clock in self._live():
            if reason == rules.CLOSED and rule_of(clock.rule_id).spec.outlives_close:
                continue
            rules.cancel(clock, at, reason, self.changes, hours=self.hours(clock.calendar))

    def _start(self, rule: LiveRule, event: Published) -> None:
        """Starts a clock by the event, unless one is there or the history must be asked first."""
        spec = rule.spec
        if not rule.in_force(event.at):
            return
        slot = self._slot(rule)
        if rule.restarts and replay.restarts(self.kind, event.kind) and _may_restart(slot, rule):
            self._bear(rule, event.id, event.at, max(c.round for c in slot) + 1)
            return
        if spec.due_of or (spec.when and not self.whole and not slot):
            return  # the start may lie behind: decided with the history
        if not any_counts(spec.starts, event.kind, event.payload, event.roles):
            return
        if event.kind.startswith("clock.") and event.payload.get("commitment") == spec.name:
            return  # a clock does not start by itself
        if spec.each:
            if all(c.start_event_id != event.id for c in slot):
                self._bear(rule, event.id, event.at, 1)
        elif not slot:
            self._bear(rule, event.id, event.at, 1)

    def _bear(
        self, rule: LiveRule, event_id: int, at: datetime, round: int, target: Clock | None = None
    ) -> None:
        clock = born(
            rule,
            subject=self.key,
            event_id=event_id,
            started_at=at,
            counted_from=at,
            round=round,
            hours=self.hours(target.calendar if target is not None else rule.calendar),
            facts=self.facts,
            target=target,
        )
        self.clocks.append(clock)
        self.changes.note(clock, events.STARTED, at)

    # when they have passed

    def finish(self, history: Sequence[Past]) -> None:
        """Re-reads the conditions on the facts as they are now, starts what came to apply late, pauses and resumes."""
        past = (
            list(history) if history else [Past(e.id, e.kind, e.at, e.payload, e.roles) for e in self.events]
        )
        for clock in self.failed:
            self._go_on(clock, past)
        self._drop_what_no_longer_applies()
        for rule in self.late:
            self._start_late(rule, past)
        self._stand_still_or_go()
        for clock in self._live():
            rules.advance(clock, self.at, self.changes)
        for clock in self.clocks:
            if id(clock) in self.changes.touched and id(clock) not in self.decided:
                clock.facts = self.facts

    def _go_on(self, clock: Clock, past: Sequence[Past]) -> None:
        """The clock goes on after its answer failed; another answer since then stands in for it."""
        hours = self.hours(clock.calendar)
        behind = clock.met_event_id or 0
        rules.reopen(clock, self.at, self.changes)
        answer = replay.later_answer(rule_of(clock.rule_id).spec.until, past, behind)
        if answer is None:
            rules.advance(clock, self.at, self.changes)
            if self.facts.get("status") == "closed":
                rules.cancel(clock, self.at, rules.CLOSED, self.changes, hours=hours)
            return
        rules.advance(clock, answer.at, self.changes)
        ref = answer.payload.get("interaction")
        rules.meet(
            clock,
            answer.at,
            self.changes,
            automatic=answer.payload.get("automatic") is True,
            ref=ref if isinstance(ref, int) else None,
            event_id=answer.id,
            hours=hours,
        )

    def _drop_what_no_longer_applies(self) -> None:
        for clock in self._live():
            if not matching.matches(rule_of(clock.rule_id).spec.when, self.facts):
                rules.cancel(
                    clock, self.at, rules.NO_LONGER_APPLIES, self.changes, hours=self.hours(clock.calendar)
                )

    def _may_start_late(self, rule: LiveRule) -> bool:
        """True when the rule applies now and its start may have been passed over: worth a look at the history."""
        spec = rule.spec
        if not spec.when and not spec.due_of:
            return False
        slot = self._slot(rule)
        if spec.due_of:
            coming = any(r.spec.name == spec.due_of and r.pack == rule.pack for r in self.late)
            if not coming and self._target(rule) is None:
                return False
            if coming and not any(c.is_live for c in slot):
                return True
        if not slot:
            return bool(spec.due_of) or not self.whole
        if any(c.is_live for c in slot) and not spec.each:
            return False
        if any(rules.gone(c) for c in slot):
            return True
        if spec.due_of:  # a new round of its target is a new round of its own
            return any(
                c.commitment == spec.due_of and c.is_running and c.round > max(s.round for s in slot)
                for c in self.clocks
            )
        # the matter was reopened while the rule did not apply: others have gone on to a later round
        return rule.restarts and max(c.round for c in self.clocks) > max(c.round for c in slot)

    def _start_late(self, rule: LiveRule, past: Sequence[Past]) -> None:
        """Starts what the rule would have started, had it applied from the beginning."""
        target = self._target(rule) if rule.spec.due_of else None
        if rule.spec.due_of and target is None:
            return
        hours = self.hours(rule.calendar)
        after = rule.spec.after
        rounds = max((c.round for c in self._slot(rule)), default=0)
        if target is not None and 0 < rounds < target.round:
            self._bear(rule, target.start_event_id, self.at, target.round, target)
            return

        def opens(found: Found) -> datetime | None:
            spans = [(a, b) for a, b, _why in found.pauses if b is not None]
            return hours.add(found.start.at, after, spans) if after is not None else None

        for found in replay.replay(rule, past, opens=opens):
            slot = self._slot(rule)
            same = [c for c in slot if c.start_event_id == found.start.id]
            if any(not rules.gone(c) for c in same) or (not rule.spec.each and any(c.is_live for c in slot)):
                continue
            again = next((c for c in same if c.rule_id == rule.id), None)
            clock = reborn(
                rule,
                found,
                again,
                subject=self.key,
                change_at=self.at,
                hours=hours if target is None else self.hours(target.calendar),
                facts=self.facts,
                target=target,
                changes=self.changes,
            )
            if again is None:
                self.clocks.append(clock)

    def _stand_still_or_go(self) -> None:
        status = self.facts.get("status")
        for clock in self.clocks:
            if not clock.is_running or self._followed(clock) is not None:
                continue
            stops = rule_of(clock.rule_id).spec.pause
            if clock.state == Clock.State.RUNNING and status in stops:
                rules.advance(clock, self.at, self.changes)
                if clock.state == Clock.State.RUNNING:
                    rules.pause(clock, self.at, str(status), self.changes)
            elif clock.state == Clock.State.PAUSED and status not in stops:
                rules.resume(
                    clock, self.at, str(status or "going_on"), self.changes, hours=self.hours(clock.calendar)
                )
        for clock in self.clocks:
            if clock.is_running and (target := self._followed(clock)) is not None:
                rules.follow(clock, target, self.at, self.changes, hours=self.hours(clock.calendar))

    # what is there

    def _live(self) -> list[Clock]:
        return [c for c in self.clocks if c.is_live]

    def _slot(self, rule: LiveRule) -> list[Clock]:
        """The clocks that stand for this rule on the subject: its own, and those of its earlier versions."""
        return [
            c
            for c in self.clocks
            if c.rule_id == rule.id
            or (
                (c.clause_code, c.commitment) == (rule.clause, rule.spec.name)
                and c.rule_id not in self.current_ids
                and rule_of(c.rule_id).pack == rule.pack
            )
        ]

    def _target(self, rule: LiveRule) -> Clock | None:
        """The clock whose due moment this rule borrows: of the same clause first, then the one due first."""
        owed = [
            c
            for c in self.clocks
            if c.is_running and c.commitment == rule.spec.due_of and rule_of(c.rule_id).pack == rule.pack
        ]
        return min(owed, key=lambda c: (c.clause_code != rule.clause, c.due_at), default=None)

    def _followed(self, clock: Clock) -> Clock | None:
        """The clock whose due moment this one borrows; both live on the same subject."""
        if clock.follows_id is None:
            return clock.follows  # no query: none, or one that is about to be written itself
        return next((c for c in self.clocks if c.id == clock.follows_id), None)


def _may_restart(slot: Sequence[Clock], rule: LiveRule) -> bool:
    """The matter was finished: the last round was met, broken or closed, and nothing is owed. A duty that was called off
    is owed again too."""
    if not slot or any(c.is_running for c in slot):
        return False
    last = max(slot, key=lambda c: (c.round, c.id or 0))
    if last.state == Clock.State.CANCELLED:
        return last.cancel_reason == rules.CLOSED or rule.spec.subject == DUTY
    return not last.is_overdue
