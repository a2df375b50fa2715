"""Playbooks over the API: which may be started, who is where, and how a run is led on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from shounuo.cases import queries as cases
from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Given,
    Limit,
    Line,
    Number,
    Page,
    Text,
    idempotent,
    need,
    reply,
)
from shounuo.channels.api.shapes import seen_subjects
from shounuo.duties import queries as duties
from shounuo.duties.permissions import WORK
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.durations import Span
from shounuo.policy import labels
from shounuo.policy.labels import spoken
from shounuo.policy.queries import rule_titles
from shounuo.policy.schema import PlaybookStep
from shounuo.process import book, queries, rules, services
from shounuo.process.models import Run, RunStep
from shounuo.process.permissions import RUN, VIEW

router = Router()
SEEING = _("您没有查看流程的权限")
STARTING = _("您没有发起流程的权限")
CANCELLING = _("您没有取消流程的权限")
DOING = _("您没有查看待办的权限")


class PlaybookStepOut(Schema):
    name: str = Field(examples=["check"])
    title: str
    roles: list[str]
    within: str | None = Field(description="the limit, ISO 8601; on the pack's calendar", examples=["PT2H"])
    input: list[str]
    output: list[str] = Field(description="what it yields: done by hand, it takes a note")
    outcomes: list[str] = Field(description="what is chosen when it is done; empty: one way on")


class PlaybookOut(Schema):
    id: int = Field(description="to be named when one is started")
    name: str = Field(examples=["repair"])
    title: str
    policy: str
    clause: str
    steps: list[PlaybookStepOut]


class RunStepOut(PlaybookStepOut):
    position: int
    state: str = Field(description="open, done, passed (its condition did not hold), cancelled")
    begun_at: datetime
    ended_at: datetime | None
    ended_by: int | None
    outcome: str | None
    by_event: bool = Field(description="an event showed that it was done")
    note: str | None = Field(description="what was written when it was done")
    duty: int | None = Field(description="empty: it waits for an event, of the customer's mostly")
    owner: int | None = Field(description="who has it")
    team: int | None
    due_at: datetime | None
    owed_at: datetime | None = Field(description="the nearest due moment, counting the clocks that run on it")


class RunNowOut(Schema):
    name: str
    title: str
    place: int = Field(description="1 for the playbook's first step")
    since: datetime
    duty: int | None
    owner: int | None
    team: int | None
    roles: list[str] = Field(description="who may take it while nobody has it")
    owed_at: datetime | None


class RunOut(Schema):
    id: int
    playbook: str = Field(examples=["repair"])
    title: str
    clause: str
    about: str | None = Field(
        description="kind:id where the caller may see it; empty: the organisation, or that",
        examples=["case:12"],
    )
    state: str = Field(description="running, done, cancelled")
    started_at: datetime
    started_by: int | None = Field(description="empty: an event, or an alarm whose plan it is")
    ended_at: datetime | None
    ended_by: int | None
    reason: str | None = Field(description="why it was called off")
    steps_in_all: int
    now: RunNowOut | None = Field(description="the step under way")


class RunChoiceOut(Schema):
    outcome: str = Field(examples=["passed"])
    title: str
    to: str = Field(description="name of the step that follows, or end", examples=["tell"])


class RunFullOut(RunOut):
    steps: list[RunStepOut] = Field(description="those that it has reached, in that order")
    ahead: list[PlaybookStepOut] = Field(description="those that follow if nothing branches")
    choices: list[RunChoiceOut] = Field(description="what the caller may choose in the step under way")


class RunsAsked(Schema):
    state: Literal["running", "done", "cancelled"] = "running"
    case: Annotated[int, Field(ge=1, le=2**53)] | None = Field(
        None, description="only those about this case: its number"
    )


class RunGiven(Given):
    playbook: Number = Field(description="id of one that may be started", examples=[7])
    case: Number | None = Field(
        None, description="number of the case that it is about; empty: the organisation", examples=[48217]
    )


class RunNoteGiven(Given):
    note: Annotated[Text, Field(max_length=20_000)] = Field("", examples=["袋底受潮"])


class RunOutcomeGiven(Given):
    outcome: Annotated[Line, Field(min_length=1, max_length=64)] = Field(examples=["passed"])
    note: Annotated[Text, Field(max_length=2000)] = ""


class RunReasonGiven(Given):
    reason: Annotated[Line, Field(min_length=1, max_length=300)] = Field(examples=["客户已自行解决"])


@router.get(
    "/playbooks", response={200: Page[PlaybookOut], **READING}, summary="Playbooks that may be started"
)
def playbook_list(request: HttpRequest, cursor: Cursor = None, limit: Limit = None) -> HttpResponse:
    """Those in force, in the order of their clauses."""
    need(request, RUN, STARTING)
    found, after = paging.part(
        queries.playbooks(now()), lambda p: p.rule_id, cursor=cursor, limit=paging.limit_of(limit)
    )
    titles = rule_titles(p.rule_id for p in found)
    items = [
        {
            "id": p.rule_id,
            "name": p.spec.name,
            "title": titles.get(p.rule_id, p.spec.name),
            "policy": p.policy,
            "clause": p.clause,
            "steps": [_wanted(s) for s in p.spec.steps],
        }
        for p in found
    ]
    return reply({"items": items, "next_cursor": after})


@router.get("/runs", response={200: Page[RunOut], **READING}, summary="List runs of playbooks")
def run_list(
    request: HttpRequest, asked: Query[RunsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Who is where: the runs under way unless another state is named, the latest begun first."""
    actor = need(request, VIEW, SEEING)
    about = ("case", cases.get(actor, asked.case).pk) if asked.case is not None else None
    found, after = queries.listed(
        actor, state=asked.state, about=about, cursor=cursor, limit=paging.limit_of(limit)
    )
    seen = seen_subjects(actor, (r.subject for r in found if r.subject is not None))
    return reply({"items": [_row(r, seen) for r in found], "next_cursor": after})


@router.post(
    "/runs",
    response={201: RunFullOut, 200: RunFullOut, **WRITING},
    summary="Start a playbook by hand",
    openapi_extra=KEY_HEADER,
)
@idempotent
def run_start(request: HttpRequest, given: RunGiven) -> HttpResponse:
    """About a case on which the playbook is under way already, that run is answered (200)."""
    actor, at = need(request, RUN, STARTING), now()
    subject = ("case", cases.get(actor, given.case).pk) if given.case is not None else None
    begun = services.run_start(rule_id=given.playbook, subject=subject, actor=actor, at=at)
    return _after(begun.pk, actor, 201 if begun.started_at == at else 200)


@router.get("/runs/{int:run}", response={200: RunFullOut, **READING}, summary="Read a run")
def run_read(request: HttpRequest, run: Number) -> HttpResponse:
    """Its steps with who and since when, their limits, and what the caller may choose."""
    actor = need(request, VIEW, SEEING)
    return reply(_full(queries.get(actor, run), actor))


@router.post(
    "/runs/{int:run}/actions/done",
    response={200: RunFullOut, **WRITING},
    summary="The step under way is done",
    openapi_extra=KEY_HEADER,
)
@idempotent
def run_done(request: HttpRequest, run: Number, given: RunNoteGiven) -> HttpResponse:
    """For those who may do its duty, which is done with it. A step that yields something takes a note; one with outcomes is
    done by choosing (409 here)."""
    actor = need(request, WORK, DOING)
    services.step_finish(run_id=run, note=given.note, actor=actor, at=now())
    return _after(run, actor)


@router.post(
    "/runs/{int:run}/actions/choose",
    response={200: RunFullOut, **WRITING},
    summary="The step under way is done with an outcome, which says where the run goes on",
    openapi_extra=KEY_HEADER,
)
@idempotent
def run_choose(request: HttpRequest, run: Number, given: RunOutcomeGiven) -> HttpResponse:
    """For those who may do its duty; `choices` of the run are the outcomes."""
    actor = need(request, VIEW, SEEING)
    services.step_choose(run_id=run, outcome=given.outcome, note=given.note, actor=actor, at=now())
    return _after(run, actor)


@router.post(
    "/runs/{int:run}/actions/cancel",
    response={200: RunFullOut, **WRITING},
    summary="Call a run off, with a reason",
    openapi_extra=KEY_HEADER,
)
@idempotent
def run_cancel(request: HttpRequest, run: Number, given: RunReasonGiven) -> HttpResponse:
    """Its open step is no longer owed."""
    actor = need(request, RUN, CANCELLING)
    services.run_cancel(run_id=run, reason=given.reason, actor=actor, at=now())
    return _after(run, actor)


def _after(run_id: int, actor: Actor, status: int = 200) -> HttpResponse:
    """The run as it stands now, for one who has just acted on it (whatever he may see of runs otherwise)."""
    return reply(_full(queries.get(Actor.system(), run_id), actor), status)


def _row(run: Run, seen: set[tuple[str, int]]) -> dict[str, Any]:
    spec = book.spec_of(run.rule)
    step = _open(run)
    return {
        "id": run.pk,
        "playbook": run.name,
        "title": spoken(run.rule.title, run.rule.title_en) or run.name,
        "clause": run.clause_code,
        "about": f"{run.subject_kind}:{run.subject_id}" if run.subject in seen else None,
        "state": run.state,
        "started_at": run.started_at,
        "started_by": run.started_by_id,
        "ended_at": run.ended_at,
        "ended_by": run.ended_by_id,
        "reason": run.reason or None,
        "steps_in_all": len(spec.steps),
        "now": None if step is None else _now(step, spec.steps),
    }


def _open(run: Run) -> RunStep | None:
    return next((s for s in run.steps.all() if s.state == RunStep.State.OPEN), None)


def _now(step: RunStep, steps: tuple[PlaybookStep, ...]) -> dict[str, Any]:
    place = [s.name for s in steps].index(step.name)
    duty = step.duty
    return {
        "name": step.name,
        "title": _title(steps[place]),
        "place": place + 1,
        "since": step.begun_at,
        "duty": step.duty_id,
        "owner": duty.owner_id if duty is not None else None,
        "team": duty.team_id if duty is not None else None,
        "roles": list(duty.roles) if duty is not None else [],
        "owed_at": duty.owed_at if duty is not None else None,
    }


def _title(step: PlaybookStep) -> str:
    return spoken(step.title, step.title_en) or labels.word(step.name)


def _wanted(step: PlaybookStep) -> dict[str, Any]:
    """What a step asks for, whether it was reached or not."""
    return {
        "name": step.name,
        "title": _title(step),
        "roles": list(step.role),
        "within": str(step.within) if isinstance(step.within, Span) else None,
        "input": list(step.input),
        "output": list(step.output),
        "outcomes": list(step.outcomes),
    }


def _full(run: Run, actor: Actor) -> dict[str, Any]:
    """One run with its steps; two queries beyond the run's own."""
    spec, step = book.spec_of(run.rule), _open(run)
    reached = list(run.steps.all())
    evidence = duties.evidence_of([s.duty_id for s in reached if s.duty_id is not None])
    notes = {duty: rows[0].note for duty, rows in evidence.items() if rows}
    seen = seen_subjects(actor, [run.subject] if run.subject is not None else [])
    may_do = step is not None and step.duty is not None and queries.may_do(actor, step.duty)
    return _row(run, seen) | {
        "steps": [_step(s, book.step_of(spec, s.name), notes) for s in reached],
        "ahead": [_wanted(s) for s in rules.ahead(spec, step.name)] if step is not None else [],
        "choices": [
            {"outcome": outcome, "title": labels.word(outcome), "to": to}
            for outcome, to in book.step_of(spec, step.name).next
            if outcome
        ]
        if step is not None and may_do
        else [],
    }


def _step(step: RunStep, wanted: PlaybookStep, notes: dict[int, str]) -> dict[str, Any]:
    duty = step.duty
    return _wanted(wanted) | {
        "position": step.position,
        "state": step.state,
        "begun_at": step.begun_at,
        "ended_at": step.ended_at,
        "ended_by": step.ended_by_id,
        "outcome": step.outcome or None,
        "by_event": step.proof is not None,
        "note": notes.get(step.duty_id or 0) or None,
        "duty": step.duty_id,
        "owner": duty.owner_id if duty is not None else None,
        "team": duty.team_id if duty is not None else None,
        "due_at": duty.due_at if duty is not None else None,
        "owed_at": duty.owed_at if duty is not None else None,
    }
