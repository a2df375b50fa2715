"""Duties over the API: the inbox, one duty, and what may be done to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from shounuo.duties import queries, registry, services
from shounuo.duties.models import Duty
from shounuo.duties.permissions import WORK
from shounuo.duties.queries import BOXES, Filters
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.moments import GivenMoment

router = Router(tags=["duties"])


class Given(Schema):
    """A body: what it may say and nothing more."""

    model_config = ConfigDict(extra="forbid")


class DutyOut(Schema):
    id: int
    kind: str
    title: str
    text: str
    about: str | None = Field(description="what it is about, as kind:id; empty: the organisation")
    owner: int | None = Field(description="id of the person who has it")
    team: int | None
    roles: list[str] = Field(description="who may take it while nobody has it")
    state: str = Field(description="open, done, missed, cancelled")
    outcome: str | None
    opens_at: datetime
    due_at: datetime | None
    owed_at: datetime | None = Field(description="the nearest due moment, counting the clocks that run on it")
    ended_at: datetime | None
    clause: str | None
    item: str | None


class DutyPage(Schema):
    items: list[DutyOut]
    next_cursor: str | None


class NewIn(Given):
    title: str = Field(examples=["给河套牧场回电话"])
    text: str = ""
    owner: int | None = None
    team: int | None = None
    roles: list[str] = Field(default_factory=list, examples=[["agent"]])
    due_at: GivenMoment | None = Field(None, examples=["2030-01-08T17:00:00+08:00"])


class DoneIn(Given):
    note: str = ""
    outcome: str = ""


class PersonIn(Given):
    person: int


class UntilIn(Given):
    until: GivenMoment | None = Field(
        None, description="empty: back at once", examples=["2030-01-08T17:00:00+08:00"]
    )


class ReasonIn(Given):
    reason: str


class ReopenIn(ReasonIn):
    due_at: GivenMoment | None = Field(None, examples=["2030-01-08T17:00:00+08:00"])


@router.get("/duties", response=DutyPage, summary="Duties by when they are owed")
def duties(
    request: HttpRequest,
    box: str = "mine",
    state: str = "open",
    kind: str = "",
    overdue: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Any:
    """`box`: mine, open (nobody has it and I may take it), led, asked, all."""
    if box not in BOXES:
        raise Invalid(_("没有这个列表"), field="box", code="no_box")
    if state not in Duty.State.values:
        raise Invalid(_("没有这个状态"), field="state", code="no_state")
    filters = Filters(box=box, state=state, kind=kind, overdue=overdue)  # type: ignore[arg-type]
    rows, after = queries.inbox(_actor(request), filters, now(), cursor=cursor, limit=paging.limit_of(limit))
    return {"items": [_json(d) for d in rows], "next_cursor": after}


@router.post("/duties", response={201: DutyOut}, summary="Ask something of somebody")
def create(request: HttpRequest, given: NewIn) -> Any:
    """For whoever may manage duties; for oneself, anybody."""
    actor = _actor(request)
    services.need_asking(actor, given.owner)
    made = services.duty_create(
        kind="task",
        title=given.title,
        text=given.text,
        owner_id=given.owner,
        team_id=given.team,
        roles=given.roles,
        due_at=given.due_at,
        actor=actor,
        at=now(),
    )
    return Status(201, _json(made))


@router.get("/duties/{int:duty}", response=DutyOut, summary="A duty")
def duty(request: HttpRequest, duty: int) -> Any:
    return _json(queries.get(_actor(request), duty))


@router.post("/duties/{int:duty}/take", response=DutyOut, summary="Take it")
def take(request: HttpRequest, duty: int) -> Any:
    return _json(services.duty_take(duty_id=duty, actor=_actor(request), at=now()))


@router.post("/duties/{int:duty}/release", response=DutyOut, summary="Give it back to its team or roles")
def release(request: HttpRequest, duty: int) -> Any:
    return _json(services.duty_release(duty_id=duty, actor=_actor(request), at=now()))


@router.post("/duties/{int:duty}/assign", response=DutyOut, summary="Give it to a person")
def assign(request: HttpRequest, duty: int, given: PersonIn) -> Any:
    done = services.duty_assign(duty_id=duty, person_id=given.person, actor=_actor(request), at=now())
    return _json(done)


@router.post("/duties/{int:duty}/snooze", response=DutyOut, summary="Put it out of sight until later")
def snooze(request: HttpRequest, duty: int, given: UntilIn) -> Any:
    return _json(services.duty_snooze(duty_id=duty, until=given.until, actor=_actor(request), at=now()))


@router.post("/duties/{int:duty}/done", response=DutyOut, summary="It is done")
def done(request: HttpRequest, duty: int, given: DoneIn) -> Any:
    ended = services.duty_done(
        duty_id=duty, note=given.note, outcome=given.outcome, actor=_actor(request), at=now()
    )
    return _json(ended)


@router.post("/duties/{int:duty}/cancel", response=DutyOut, summary="It is no longer wanted")
def cancel(request: HttpRequest, duty: int, given: ReasonIn) -> Any:
    return _json(services.duty_cancel(duty_id=duty, reason=given.reason, actor=_actor(request), at=now()))


@router.post("/duties/{int:duty}/miss", response=DutyOut, summary="It was not done and will not be")
def miss(request: HttpRequest, duty: int, given: ReasonIn) -> Any:
    return _json(services.duty_miss(duty_id=duty, reason=given.reason, actor=_actor(request), at=now()))


@router.post("/duties/{int:duty}/reopen", response=DutyOut, summary="It is owed again")
def reopen(request: HttpRequest, duty: int, given: ReopenIn) -> Any:
    again = services.duty_reopen(
        duty_id=duty, reason=given.reason, due_at=given.due_at, actor=_actor(request), at=now()
    )
    return _json(again)


def _actor(request: HttpRequest) -> Actor:
    """Who asks: the API root's authentication answers with the actor."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed(_("请先登录"), code="unauthenticated")
    if not actor.may(WORK):
        raise NotAllowed(_("您没有查看待办的权限"))
    return actor


def _json(duty: Duty) -> dict[str, Any]:
    return {
        "id": duty.pk,
        "kind": registry.kind_of(duty.kind).code,
        "title": queries.spoken_title(duty),
        "text": duty.text,
        "about": f"{duty.subject_kind}:{duty.subject_id}" if duty.subject is not None else None,
        "owner": duty.owner_id,
        "team": duty.team_id,
        "roles": duty.roles,
        "state": str(duty.state),
        "outcome": duty.outcome or None,
        "opens_at": duty.opens_at,
        "due_at": duty.due_at,
        "owed_at": duty.owed_at,
        "ended_at": duty.ended_at,
        "clause": duty.clause_code or None,
        "item": duty.item or None,
    }
