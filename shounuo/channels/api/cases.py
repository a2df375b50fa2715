"""Cases over the API: open, list, read, answer, and every act of their life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from inspect import Parameter, Signature
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Body, Query, Router

from shounuo.cases import permissions, queries, services
from shounuo.cases.models import Case
from shounuo.cases.queries.shapes import case_json
from shounuo.channels.api import schemas as s
from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Limit,
    Number,
    Page,
    actor_of,
    idempotent,
    need,
    reply,
)
from shounuo.channels.api.shapes import interaction_out, interaction_page, person_id_of, team_id_of
from shounuo.channels.wire import events_json
from shounuo.commitments import queries as clocks
from shounuo.commitments.api import LedgerOut
from shounuo.customers.models import Customer
from shounuo.customers.services import customer_find_or_create
from shounuo.events.queries import of_subject
from shounuo.events.services import together
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.text import whole

router = Router()


def case_out(case: Case) -> dict[str, Any]:
    """The case with its clocks; one query for them."""
    return case_json(case, clocks.of_subjects("case", [case.pk]).get(case.pk, []))


def _again(case: Case) -> Case:
    """The case as it stands now, for the answer to one who has just acted on it (he may have given it
    away).
    """
    return queries.get(Actor.system(), case.number)


@router.post("/cases", response={201: s.CaseOut, **WRITING}, summary="Open a case", openapi_extra=KEY_HEADER)
@idempotent
def case_open(request: HttpRequest, given: s.CaseGiven) -> HttpResponse:
    """Opens a case with its first message and starts its clocks. A customer with the same mail or phone is
    the same customer. A case by phone or visit counts as answered when it is opened.
    """
    actor, at = actor_of(request), now()
    who = given.customer
    if not (who.name or who.mail or who.phone):
        raise Invalid(_("请给出客户的姓名、邮箱或电话"), field="customer", code="no_customer")
    need(request, permissions.WORK, _("您没有建立工单的权限"))
    with transaction.atomic(), together():
        customer, _new = customer_find_or_create(
            name=who.name, mail=who.mail, phone=who.phone, company=who.company, actor=actor, at=at
        )
        case, _first = services.case_open(
            channel=given.channel,
            subject=given.subject,
            text=given.body,
            kind=given.kind,
            level=given.level or "",
            customer_id=customer.pk,
            actor=actor,
            at=at,
        )
    return reply(_opened(case, customer), 201)


def _opened(case: Case, customer: Customer) -> dict[str, Any]:
    """A case just opened, from what is at hand: one query, for its clocks, all of which run."""
    started = clocks.of_subjects("case", [case.pk]).get(case.pk, [])
    case.customer = customer
    case.next_due_at = min((c.due_at for c in started), default=None)
    return case_json(case, started)


@router.get("/cases", response={200: Page[s.CaseOut], **READING}, summary="List cases")
def case_list(
    request: HttpRequest, asked: Query[s.CasesAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Cases that the token may see, the latest opened first."""
    actor = actor_of(request)
    rows, more = queries.list_page(actor, _query(asked, actor), cursor, paging.limit_of(limit), at=now())
    ids = [c.pk for c in rows]
    ticking = clocks.of_subjects("case", ids)
    custom = dict(Case.objects.filter(pk__in=ids).values_list("pk", "custom"))  # lists leave it out
    for row in rows:
        row.custom = custom.get(row.pk, {})
    items = [case_json(c, ticking.get(c.pk, [])) for c in rows]
    return reply({"items": items, "next_cursor": more})


def _query(asked: s.CasesAsked, actor: Actor) -> dict[str, Any]:
    """The question in the terms of the case lists."""
    query: dict[str, Any] = {
        name: list(values)
        for name in ("status", "kind", "channel", "level")
        if (values := getattr(asked, name))
    }
    if asked.owner:
        query["owner"] = [v if v in ("me", "none") else person_id_of(v) for v in asked.owner]
    if asked.team:
        query["team"] = [v if v in ("mine", "none") else team_id_of(v) for v in asked.team]
    if asked.customer is not None:
        query["customer"] = asked.customer
    if asked.overdue is not None:
        query["overdue"] = asked.overdue
    if asked.q and _is_number(asked.q, actor):
        query["number"] = int(asked.q)
    elif asked.q:
        query["text"] = asked.q
    opened = {
        name: value.isoformat()
        for name, value in (("from", asked.opened_from), ("to", asked.opened_to))
        if value is not None
    }
    if opened:
        query["opened"] = opened
    return {**query, "sort": "opened"}


def _is_number(text: str, actor: Actor) -> bool:
    """True for the number of a case that the actor may see."""
    number = whole(text)
    return number is not None and queries.visible_to(actor).filter(number=number).exists()


@router.get("/cases/{int:number}", response={200: s.CaseOut, **READING}, summary="Read a case")
def case_read(request: HttpRequest, number: Number) -> HttpResponse:
    """The case with its clocks. One that the token may not see answers 404, as one that is not there."""
    return reply(case_out(queries.get(actor_of(request), number)))


@router.get(
    "/cases/{int:number}/clocks", response={200: Page[s.CaseClockOut], **READING}, summary="A case's clocks"
)
def case_clocks(
    request: HttpRequest, number: Number, cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """All its clocks, the decided ones too."""
    case = queries.get(actor_of(request), number)
    found = clocks.of_subjects("case", [case.pk]).get(case.pk, [])
    page, after = paging.part(found, lambda c: c.pk, cursor=cursor, limit=paging.limit_of(limit))
    return reply({"items": [clocks.clock_json(c) for c in page], "next_cursor": after})


@router.get(
    "/cases/{int:number}/clocks/{int:clock}/ledger",
    response={200: LedgerOut, **READING},
    summary="Why a clock is due then",
)
def case_ledger(request: HttpRequest, number: Number, clock: Number) -> HttpResponse:
    """The clock's time interval by interval: what counted, what did not, and why."""
    case = queries.get(actor_of(request), number)
    found = next((c for c in clocks.of_subjects("case", [case.pk]).get(case.pk, []) if c.pk == clock), None)
    if found is None:
        raise NotFound(_("这张工单没有这个时限"))
    return reply(clocks.ledger_json(found, now()))


@router.get(
    "/cases/{int:number}/events", response={200: Page[s.EventOut], **READING}, summary="A case's events"
)
def case_events(
    request: HttpRequest, number: Number, cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """What happened to the case, in its order."""
    case = queries.get(actor_of(request), number)
    size = paging.limit_of(limit)
    rows = of_subject("case", case.pk)
    if cursor:
        rows = rows.filter(seq__gt=paging.decode(cursor, int)[0])
    found = list(rows[: size + 1])
    more = paging.encode(found[size - 1].seq) if len(found) > size else None
    return reply({"items": events_json(found[:size]), "next_cursor": more})


@router.get(
    "/cases/{int:number}/interactions",
    response={200: Page[s.InteractionOut], **READING},
    summary="A case's messages and notes",
)
def case_interactions(
    request: HttpRequest, number: Number, cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Oldest first. Notes are for colleagues only."""
    case = queries.get(actor_of(request), number)
    return reply(interaction_page(actor_of(request), case_id=case.pk, cursor=cursor, limit=limit))


@router.post(
    "/cases/{int:number}/interactions",
    response={201: s.InteractionOut, **WRITING},
    summary="Write on a case",
    openapi_extra=KEY_HEADER,
)
@idempotent
def interaction_add(request: HttpRequest, number: Number, given: s.InteractionGiven) -> HttpResponse:
    """`out` on a case that nobody has takes and accepts it for the caller; the answer is mailed where the
    customer has an address. `in` records what the customer said. `note` stays in the house.
    """
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    if given.direction == "out":
        made = services.reply_send(
            case_id=case.pk, text=given.body, channel=given.channel, actor=actor, at=at
        )
    elif given.direction == "in":
        made = services.message_receive(
            case_id=case.pk, text=given.body, channel=given.channel or case.channel, actor=actor, at=at
        )
    else:
        made = services.note_add(case_id=case.pk, text=given.body, actor=actor, at=at)
    return reply(interaction_out(made.pk), 201)


@router.post(
    "/cases/{int:number}/notes",
    response={201: s.InteractionOut, **WRITING},
    summary="Add a note",
    openapi_extra=KEY_HEADER,
)
@idempotent
def note_add(request: HttpRequest, number: Number, given: s.NoteGiven) -> HttpResponse:
    """An internal note; the colleagues mentioned are told, if they may see the case."""
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    note = services.note_add(case_id=case.pk, text=given.body, mentions=given.mentions, actor=actor, at=at)
    return reply(interaction_out(note.pk), 201)


Act = Callable[[int, Any, Actor, datetime], object]


def _assign(case_id: int, given: s.AssignGiven, actor: Actor, at: datetime) -> object:
    person, team = _target(given)
    return services.case_assign(case_id=case_id, person_id=person, team_id=team, actor=actor, at=at)


def _transfer(case_id: int, given: s.TransferGiven, actor: Actor, at: datetime) -> object:
    person, team = _target(given)
    return services.case_transfer(
        case_id=case_id, person_id=person, team_id=team, reason=given.reason, actor=actor, at=at
    )


def _target(given: s.AssignGiven) -> tuple[int | None, int | None]:
    person = person_id_of(given.person) if given.person is not None else None
    team = team_id_of(given.team) if given.team is not None else None
    if person is None and team is None:
        raise Invalid(_("请给出接手的人或小组"), field="person", code="no_target")
    return person, team


def _propose(case_id: int, given: s.ProposeGiven, actor: Actor, at: datetime) -> object:
    options = [o.dict() for o in given.options]
    return services.plan_propose(case_id=case_id, options=options, actor=actor, at=at)


def _choose(case_id: int, given: s.ChooseGiven, actor: Actor, at: datetime) -> object:
    return services.plan_choose(case_id=case_id, option=given.option, plan_id=given.plan, actor=actor, at=at)


def _wait(case_id: int, given: s.WaitGiven, actor: Actor, at: datetime) -> object:
    return services.case_wait(
        case_id=case_id, on=given.on, reason=given.reason, until=given.until, actor=actor, at=at
    )


def _ask(case_id: int, given: s.AskGiven, actor: Actor, at: datetime) -> object:
    if not queries.visible_ids(actor, [case_id]):  # he does not learn which teams there are
        raise NotFound(_("没有这张工单，或您无权查看"), code="case_not_found")
    return services.help_ask(
        case_id=case_id,
        team_id=team_id_of(given.team),
        text=given.text,
        due_at=given.due_at,
        actor=actor,
        at=at,
    )


def _classify(case_id: int, given: s.ClassifyGiven, actor: Actor, at: datetime) -> object:
    return services.case_classify(
        case_id=case_id,
        kind=given.kind,
        level=given.level,
        severity=given.severity,
        complexity=given.complexity,
        priority=given.priority,
        topic_id=given.topic,
        actor=actor,
        at=at,
    )


def _expect(case_id: int, given: s.ExpectGiven, actor: Actor, at: datetime) -> object:
    return services.eta_tell(case_id=case_id, expected_at=given.at, actor=actor, at=at)


def _merge(case_id: int, given: s.MergeGiven, actor: Actor, at: datetime) -> object:
    target = queries.get(actor, given.into)
    return services.cases_merge(source_id=case_id, target_id=target.pk, actor=actor, at=at)


def _plain(service: Callable[..., object], *fields: str) -> Act:
    """An act whose service takes the body's fields as they are."""

    def act(case_id: int, given: Any, actor: Actor, at: datetime) -> object:
        return service(case_id=case_id, actor=actor, at=at, **{f: getattr(given, f) for f in fields})

    return act


ACTIONS: Final[dict[str, tuple[type, Act, str]]] = {
    "take": (s.Nothing, _plain(services.case_take), "Take a case that nobody has, and accept it"),
    "accept": (s.Nothing, _plain(services.case_accept), "Accept a case that was assigned to the caller"),
    "assign": (s.AssignGiven, _assign, "Give a case to a person or a team"),
    "transfer": (s.TransferGiven, _transfer, "Hand a case on, with a reason; counted"),
    "classify": (s.ClassifyGiven, _classify, "Say what it is: kind, level, severity, topic"),
    "diagnose": (s.DiagnoseGiven, _plain(services.case_diagnose, "text"), "Record the first diagnosis"),
    "progress": (
        s.ProgressGiven,
        _plain(services.progress_note, "text", "public", "aspect"),
        "Note how the work goes, what was done, what the customer did",
    ),
    "fill": (s.FillGiven, _plain(services.custom_set, "values"), "Fill own fields"),
    "expect": (s.ExpectGiven, _expect, "Tell the customer when it will be done"),
    "propose": (s.ProposeGiven, _propose, "Put one to three solutions to the customer"),
    "choose": (s.ChooseGiven, _choose, "Record the solution that the customer chose"),
    "wait": (s.WaitGiven, _wait, "Wait for the customer or for colleagues"),
    "ask": (
        s.AskGiven,
        _ask,
        "Ask another team for help: a duty of that team, the case waits for its answer",
    ),
    "resume": (s.Nothing, _plain(services.case_resume), "Go on after waiting"),
    "resolve": (s.ResolveGiven, _plain(services.case_resolve, "text"), "Resolve a case; the text is sent"),
    "confirm": (
        s.Nothing,
        _plain(services.case_confirm),
        "Record that the customer confirmed; closes the case",
    ),
    "feedback": (
        s.FeedbackGiven,
        _plain(services.feedback_note, "text", "how"),
        "Record what the customer says of the result, and how it was verified",
    ),
    "dispute": (
        s.ReasonGiven,
        _plain(services.case_dispute, "reason"),
        "Record that the customer is not content",
    ),
    "reopen": (
        s.ReasonGiven,
        _plain(services.case_reopen, "reason"),
        "Open a case again; the clocks run anew",
    ),
    "close": (s.Nothing, _plain(services.case_close), "Close a resolved case"),
    "merge": (s.MergeGiven, _merge, "Merge a case into another"),
}


def _add_action(name: str, shape: type, act: Act, summary: str) -> None:
    def action(request: HttpRequest, number: int, given: Any) -> HttpResponse:
        actor, at = actor_of(request), now()
        case = queries.get(actor, number)
        act(case.pk, given if given is not None else shape(), actor, at)
        return reply(case_out(_again(case)))

    action.__name__ = f"case_{name}"
    action.__signature__ = _signature(shape)  # type: ignore[attr-defined]
    router.post(
        f"/cases/{{int:number}}/actions/{name}",
        response={200: s.CaseOut, **WRITING},
        summary=summary,
        openapi_extra=KEY_HEADER,
    )(idempotent(action))


def _signature(shape: type) -> Signature:
    """What the router reads of an action: the number of the case, and the body (which may be left out when
    empty).
    """
    empty = shape is s.Nothing
    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Signature(
        [
            Parameter("request", kind, annotation=HttpRequest),
            Parameter("number", kind, annotation=int),
            Parameter(
                "given",
                kind,
                default=Body(None) if empty else Body(...),
                annotation=shape | None if empty else shape,
            ),
        ]
    )


for _name, (_shape, _act, _summary) in ACTIONS.items():
    _add_action(_name, _shape, _act, _summary)
