"""One write on one case: lock, judge, change, publish. Every service of this package is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case
from shounuo.cases.queries.history import changes_since
from shounuo.cases.queries.record import record_of
from shounuo.cases.queries.standing import held_by, standing_of
from shounuo.cases.queries.visibility import not_found, sees
from shounuo.cases.rules import states
from shounuo.events.services import NewEvent, Published, publish
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotAllowed
from shounuo.staff.queries import names


@dataclass(slots=True)
class Change:
    """A locked case, who changes it and when, what was set and what will be told. Saved and published by `finish`."""

    case: Case
    actor: Actor
    at: datetime
    dirty: set[str] = field(default_factory=set)
    news: list[NewEvent] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    version: int = 0  # what the events say; one more than the case's unless it is new
    _helps: bool | None = None

    def __post_init__(self) -> None:
        self.version = self.version or self.case.version + 1

    def set(self, **values: Any) -> None:
        """Sets columns of the case; what does not differ is not written."""
        for name, value in values.items():
            if getattr(self.case, name) != value:
                setattr(self.case, name, value)
                self.dirty.add(name)

    def tell(self, event: str, /, **payload: Any) -> None:
        """Adds an event to what is published with the change; empty fields are left out."""
        kept = {k: v for k, v in payload.items() if v is not None and v != ""}
        self.news.append(
            NewEvent(
                event,
                ("case", self.case.pk),
                self.at,
                self.actor,
                {"version": self.version, "status": self.case.status, **kept},
            )
        )

    def helps(self) -> bool:
        """True when the actor is a helper of the case."""
        if self._helps is None:
            self._helps = self.actor.kind == "person" and self.case.helpers.filter(pk=self.actor.id).exists()
        return self._helps

    def decide(self, action: str) -> str:
        """The status after the action; NotAllowed or Conflict when it cannot be done."""
        rule = states.TRANSITIONS[action]
        standing = standing_of(self.actor, self.case)
        if not (standing & rule.who) and states.HELPER in rule.who and self.helps():
            standing |= {states.HELPER}
        return states.decide(
            action, status=self.case.status, standing=standing, permissions=held_by(self.actor)
        )

    def complete_record(self) -> None:
        """Tells, once a round, that the last of the record's seven fields is filled."""
        case = self.case
        if case.record_completed_at is None and case.resolved_at is not None and record_of(case).complete:
            self.set(record_completed_at=self.at)
            self.tell(events.RECORD_COMPLETED, round=case.round)

    def write(self) -> None:
        """Writes what was set, with the next version. `finish` does it for a single case."""
        case = self.case
        case.version = self.version
        case.updated_at = max(case.updated_at, self.at)
        prepared.update(case, {*self.dirty, "version", "updated_at"})
        self.dirty, self.version = set(), case.version + 1

    def finish(self) -> None:
        """Writes the case and publishes the events; a change that changes and tells nothing leaves no trace."""
        if not self.dirty and not self.news:
            return
        self.complete_record()
        self.write()
        news, self.news = self.news, []
        self.published = publish(news)


_LOCKED = f"SELECT {prepared.columns(Case)} FROM cases_case WHERE id = %s FOR UPDATE"  # noqa: S608  names of ours


@contextmanager
def changing(
    case_id: int,
    action: str | None,
    *,
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Iterator[Change]:
    """The transaction of one write: the case locked and seen by the actor, the action judged; saved at the end.

    NotFound for a case that the actor may not see, NotAllowed, Conflict (`merged`, `wrong_status`, `changed`).
    """
    with transaction.atomic():
        change = begin(case_id, actor=actor, at=at)
        check_version(change.case, expected_version)
        if change.case.merged_into_id is not None:
            raise merged(change.case)
        if action is not None:
            change.decide(action)
        yield change
        change.finish()


def begin(case_id: int, *, actor: Actor, at: datetime) -> Change:
    """Locks the case for the actor; NotFound when he may not see it. Needs a transaction."""
    case = next(iter(prepared.instances(Case, prepared.execute(_LOCKED, [case_id]))), None)
    if case is None or not sees(actor, case):
        raise not_found()
    return Change(case, actor, at)


def lock_pair(first_id: int, second_id: int, *, actor: Actor, at: datetime) -> tuple[Change, Change]:
    """Locks two cases, always in the order of their ids, so that two such writes never wait for each other."""
    locked = {i: begin(i, actor=actor, at=at) for i in sorted({first_id, second_id})}
    return locked[first_id], locked[second_id]


def follow(case_id: int, *, actor: Actor, at: datetime) -> Change:
    """Locks the case that the given one was merged into, at the end of the chain; the case itself if it was not.

    The pointer is followed as the system: who could write to the first may write to where it went.
    """
    change = begin(case_id, actor=actor, at=at)
    while change.case.merged_into_id is not None:
        change = Change(begin(change.case.merged_into_id, actor=Actor.system(), at=at).case, actor, at)
    return change


def check_version(case: Case, expected: int | None) -> None:
    """Conflict `changed` when the writer saw an older version; it carries what changed since, by whom and when."""
    if expected is None or expected == case.version:
        return
    raise Conflict(
        _("您打开之后，工单有了变动"),
        code="changed",
        version=case.version,
        status=case.status,
        owner=case.owner_id,
        changes=changes_since(case.pk, expected),
    )


def merged(case: Case) -> Conflict:
    target = case.merged_into
    number = target.number if target is not None else 0
    return Conflict(_("这张工单已并入 %(number)s") % {"number": number}, code="merged", into=number)


def taken(case: Case) -> Conflict:
    name = names([case.owner_id]).get(case.owner_id or 0, "")
    return Conflict(_("工单已由%(name)s受理") % {"name": name}, code="taken", owner=case.owner_id)


def staff_only(actor: Actor) -> int:
    """The id of the person who acts; NotAllowed for anyone else."""
    if actor.person_id is None:
        raise NotAllowed(_("只有工作人员可以这样做"))
    return actor.person_id
