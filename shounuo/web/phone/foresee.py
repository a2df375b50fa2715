"""Which clocks a case would start if it were opened now: shown while a call lasts, and told to customers on the form.

The events are those that `cases.services.case_open` publishes, in its order; a test opens real cases and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shounuo.commitments import records
from shounuo.commitments.hours import HoursBook
from shounuo.commitments.ruleset import LiveRule, any_counts, book
from shounuo.events.subjects import Facts, Filled
from shounuo.kernel.durations import Span
from shounuo.policy import matching

SPOKEN = ("phone", "visit")
Happening = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Opening:
    """A case that is not opened yet. `topic` are the codes from the root; `owner_is_me`: the opener takes it himself. `known`: fields
    of the record that are filled beside what stands here (the customer's region)."""

    channel: str
    kind: str = "inquiry"
    level: str = ""
    complexity: str = ""
    topic: tuple[str, ...] = ()
    team: str = ""
    owner_id: int | None = None
    owner_is_me: bool = False
    segment: str = ""
    by_staff: bool = True
    known: frozenset[str] = frozenset()

    def facts(self) -> Facts:
        """What the rules would read of it."""
        return {
            "channel": self.channel,
            "channel_class": "primary",
            "kind": self.kind,
            "level": self.level or None,
            "severity": None,
            "complexity": self.complexity or None,
            "status": "open" if self.owner_is_me else "new",
            "priority": "normal",
            "team": self.team or None,
            "topic": list(self.topic),
            "tags": [],
            "segment": self.segment or None,
            "owner": self.owner_id,
            "first_agent": True,
            "mailbox": None,
        }

    def filled(self) -> Filled:
        """What of its record is there at the opening."""
        there = {"time", "channel", "kind", "priority", "problem", *self.known}
        own = {
            "topic": bool(self.topic),
            "level": bool(self.level),
            "complexity": bool(self.complexity),
            "team": bool(self.team),
            **dict.fromkeys(("owner", "handler"), self.owner_id is not None),
        }
        return Filled(dict.fromkeys(there, True) | own)

    def happenings(self) -> list[Happening]:
        """The events that opening it tells, in order."""
        spoken = self.channel in SPOKEN
        classified = bool(self.level or self.complexity)
        assigned = bool(self.owner_id or self.team)
        common: dict[str, Any] = {"channel": self.channel, "kind": self.kind, "level": self.level}
        received = {
            "channel": self.channel,
            "first": True,
            "automatic": False,
            "by_kind": "person" if self.by_staff else "customer",
        }
        told: list[tuple[bool, Happening]] = [
            (True, ("case.opened", common | {"channel_class": "primary"})),
            (True, ("interaction.received", received)),
            (spoken, ("call.answered", {"channel": self.channel, "first": True})),
            (spoken or self.channel == "form", ("info.collected", {"channel": self.channel})),
            (classified, ("case.classified", common | {"complexity": self.complexity})),
            (self.by_staff and (classified or bool(self.topic)), ("case.triaged", dict(common))),
            (assigned, ("case.assigned", {"owner": self.owner_id, "by_self": self.owner_is_me})),
            (self.owner_is_me, ("case.accepted", {"owner": self.owner_id})),
        ]
        return [happening for so, happening in told if so]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A clock that would start: its rule, its length, when it would be due, and whether opening the case keeps it
    already."""

    rule: LiveRule
    within: Span
    due_at: datetime
    kept: bool


def foresee(opening: Opening, at: datetime) -> list[Foreseen]:
    """The clocks of a case opened at this moment, the next due first; no query beyond the compiled rules and calendars."""
    facts, told, hours = opening.facts(), opening.happenings(), HoursBook()
    if records.would_lack("case", "case.triaged", facts, opening.filled(), at):
        told = [happening for happening in told if happening[0] != "case.triaged"]
    applying = [r for r in book().in_force("case", at) if matching.matches(r.spec.when, facts)]
    found: list[Foreseen] = []
    for rule in applying:
        if not isinstance(rule.spec.within, Span):
            continue  # those that borrow another's due follow below
        start = _first(told, rule)
        if start is not None:
            due = hours(rule.calendar).add(at, rule.spec.within)
            found.append(Foreseen(rule, rule.spec.within, due, _is_kept(told[start + 1 :], rule)))
    for rule in applying:
        target = next(
            (f for f in found if rule.spec.due_of and _same_pack(f.rule, rule) and f.rule.spec.name == rule.spec.due_of),
            None,
        )  # fmt: skip
        start = _first(told, rule)
        if target is not None and start is not None:
            found.append(Foreseen(rule, target.within, target.due_at, _is_kept(told[start + 1 :], rule)))
    return sorted(found, key=lambda f: f.due_at)


def _first(told: Sequence[Happening], rule: LiveRule) -> int | None:
    return next((i for i, event in enumerate(told) if _counts(rule.spec.starts, event)), None)


def _is_kept(later: Sequence[Happening], rule: LiveRule) -> bool:
    return any(_counts(rule.spec.until, event) for event in later)


def _counts(specs: Any, event: tuple[str, Mapping[str, Any]]) -> bool:
    return any_counts(specs, event[0], event[1])


def _same_pack(one: LiveRule, other: LiveRule) -> bool:
    return one.pack == other.pack
