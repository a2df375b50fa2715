"""Alarms over the API: which there are, the days of one, and what people do with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

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
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.text import whole
from shounuo.metrics import registry
from shounuo.metrics.rules import Unit
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Alarm as AlarmRule
from shounuo.policy.sentences import sentence
from shounuo.policy.thresholds import limit_of
from shounuo.risk import queries, services
from shounuo.risk.models import Alarm
from shounuo.risk.permissions import VIEW

router = Router()
SEEING = _("您没有查看预警的权限")


class AlarmLimitOut(Schema):
    op: str | None = Field(description="<, <=, =, >=, >", examples=[">"])
    value: float | None = Field(description="in the metric's unit", examples=[2])
    change: str | None = Field(description="against the window before", examples=[None])


class AlarmOut(Schema):
    id: int
    state: str = Field(description="open, released, closed")
    level: str | None = Field(description="red, yellow, blue", examples=["yellow"])
    title: str
    clause: str
    rule: str = Field(description="the rule's name in its clause", examples=["complaints-day"])
    about: str | None = Field(
        description="what it was raised for beyond the whole: kind:id where the caller may see it, dimension@value",
        examples=["case:12"],
    )
    metric: str | None = Field(description="empty: an event raised it", examples=["complaint_count"])
    unit: str | None = Field(description="count, seconds, share, ratio, score, money (fen)")
    value: float | None = Field(description="as last read; shares 0..1, times in seconds", examples=[4])
    n: int | None = Field(description="how many the figure is of")
    raised_value: float | None
    limit: AlarmLimitOut
    raised_at: datetime
    seen_at: datetime = Field(description="when it was last found to hold")
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    released_at: datetime | None
    closed_at: datetime | None
    closed_by: int | None


class AlarmDayOut(Schema):
    day: Date
    value: float | None
    n: int | None
    held: bool = Field(description="the rule held at some time of the day")


class AlarmFullOut(AlarmOut):
    sentence: str = Field(description="the rule in words")
    roles: list[str] = Field(description="who is told")
    plan: str | None = Field(description="the playbook that it starts")
    days: list[AlarmDayOut] = Field(description="the readings, the latest day first")
    review: str | None = Field(description="what was learnt, when it was closed")


class AlarmsAsked(Schema):
    state: Literal["open", "released", "closed"] | None = None
    level: Literal["red", "yellow", "blue"] | None = None
    clause: Annotated[Line, Field(max_length=64)] | None = Field(None, description="code of a clause")
    rule: Annotated[Line, Field(max_length=64)] | None = Field(
        None, description="the rule's name in its clause"
    )


class AlarmReviewGiven(Given):
    review: Text = Field(
        description="cause, what was done, how it is kept from coming back",
        examples=["午休无人值守；已调整排班，下周复查"],
    )


@router.get("/alarms", response={200: Page[AlarmOut], **READING}, summary="List alarms")
def alarm_list(
    request: HttpRequest, asked: Query[AlarmsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """The latest raised first, open ones and those that are over unless a state is named."""
    actor = need(request, VIEW, SEEING)
    found, after = queries.listed(
        actor,
        state=asked.state or "",
        level=asked.level or "",
        clause=asked.clause or "",
        name=asked.rule or "",
        cursor=cursor,
        limit=paging.limit_of(limit),
    )
    return reply({"items": [row for _spec, row in _rows(actor, found)], "next_cursor": after})


@router.get("/alarms/{int:alarm}", response={200: AlarmFullOut, **READING}, summary="Read an alarm")
def alarm_read(request: HttpRequest, alarm: Number) -> HttpResponse:
    """With its rule in words, its readings day by day, and its review."""
    actor = need(request, VIEW, SEEING)
    return _full(actor, queries.get(actor, alarm))


@router.post(
    "/alarms/{int:alarm}/actions/acknowledge",
    response={200: AlarmFullOut, **WRITING},
    summary="Say that one looks after an alarm",
    openapi_extra=KEY_HEADER,
)
@idempotent
def alarm_acknowledge(request: HttpRequest, alarm: Number) -> HttpResponse:
    """A second time changes nothing."""
    actor = need(request, VIEW, SEEING)
    return _full(actor, services.alarm_acknowledge(alarm_id=alarm, actor=actor, at=now()))


@router.post(
    "/alarms/{int:alarm}/actions/close",
    response={200: AlarmFullOut, **WRITING},
    summary="Close an alarm with its review",
    openapi_extra=KEY_HEADER,
)
@idempotent
def alarm_close(request: HttpRequest, alarm: Number, given: AlarmReviewGiven) -> HttpResponse:
    """One on a figure releases itself when the figure has stayed back, and is closed after that only (409 before)."""
    actor = need(request, VIEW, SEEING)
    return _full(actor, services.alarm_close(alarm_id=alarm, review=given.review, actor=actor, at=now()))


def _rows(actor: Actor, alarms: Iterable[Alarm]) -> list[tuple[AlarmRule, dict[str, Any]]]:
    """Alarms as they are answered, each with its rule; one query, and one per kind of what they are about."""
    found = list(alarms)
    rules = {r.pk: r for r in Rule.objects.filter(pk__in={a.rule_id for a in found})}
    specs = {pk: rule_of(r.kind, r.name, r.body) for pk, r in rules.items()}
    seen = seen_subjects(actor, (s for a in found if (s := _subject(a)) is not None))
    told = []
    for alarm in found:
        spec, rule = specs[alarm.rule_id], rules[alarm.rule_id]
        assert isinstance(spec, AlarmRule)
        title = spoken(rule.title, rule.title_en) or alarm.name
        subject = _subject(alarm)
        about = alarm.about if subject is None or subject in seen else ""
        told.append((spec, _row(alarm, spec, title, about)))
    return told


def _subject(alarm: Alarm) -> tuple[str, int] | None:
    """The thing that the alarm is about; None for a slice, a metric, or the whole."""
    kind, _colon, text = alarm.about.partition(":")
    number = whole(text)
    return (kind, number) if number is not None and "@" not in kind else None


def _row(alarm: Alarm, spec: AlarmRule, title: str, about: str) -> dict[str, Any]:
    by, _sign, code = alarm.about.partition("@")
    metric = registry.get(code if by == "metric" else alarm.metric)  # a rule may watch several
    value = spec.threshold
    return {
        "id": alarm.pk,
        "state": alarm.state,
        "level": alarm.level or None,
        "title": title,
        "clause": alarm.clause_code,
        "rule": alarm.name,
        "about": about or None,
        "metric": metric.code if metric is not None else alarm.metric or None,
        "unit": str(metric.unit) if metric is not None else None,
        "value": alarm.value,
        "n": alarm.n,
        "raised_value": alarm.raised_value,
        "limit": {
            "op": value.op if value is not None else None,
            "value": _number(spec, metric),
            "change": spec.change or None,
        },
        "raised_at": alarm.raised_at,
        "seen_at": alarm.seen_at,
        "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": alarm.acknowledged_by_id,
        "released_at": alarm.released_at,
        "closed_at": alarm.closed_at,
        "closed_by": alarm.closed_by_id,
    }


def _number(spec: AlarmRule, metric: registry.Metric | None) -> float | None:
    """The limit in the metric's unit; days, where the rule counts the days of another's alarms."""
    if spec.threshold is None:
        return None
    return limit_of(spec.threshold, metric.unit if metric is not None else Unit.COUNT)


def _full(actor: Actor, alarm: Alarm) -> HttpResponse:
    [(spec, row)] = _rows(actor, [alarm])
    days = [
        {"day": d.day, "value": d.value, "n": d.n, "held": d.held} for d in reversed(queries.days_of(alarm))
    ]
    return reply(
        row
        | {
            "sentence": sentence(spec),
            "roles": list(spec.notify),
            "plan": spec.plan or None,
            "days": days,
            "review": alarm.review or None,
        }
    )
