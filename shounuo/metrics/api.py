"""Metrics over the API: what there is, what each one is, its figures, and what stands behind a number."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.metrics import asking, queries, registry
from shounuo.metrics.permissions import READ

router = Router(tags=["metrics"])


class MetricOut(Schema):
    code: str
    name: str
    group: str
    definition: str
    formula: str
    population: str
    unit: str = Field(description="count, seconds, share, ratio, score, money (fen)")
    direction: str = Field(description="up, down, none: which way is better")
    aggregate: str
    dimensions: list[str]
    within: int | None = Field(description="seconds; `limit` asks with another")
    least: int = Field(description="population below which the figure is no judgement")
    final_after_days: int | None = Field(description="what is younger is not counted yet")
    waiting_for: str | None = Field(
        description="the part of the product that will bring it; it has no number"
    )


class MetricPage(Schema):
    items: list[MetricOut]
    next_cursor: str | None


class TotalOut(Schema):
    value: float | None = Field(description="null: nothing can be said")
    n: int = Field(description="the population")
    part: float | None = Field(description="what of it was hit or summed, or the second population")


class CellOut(TotalOut):
    bucket: Date | None = None
    by: dict[str, Any] = {}


class FigureOut(Schema):
    metric: str
    unit: str
    from_: datetime = Field(alias="from", serialization_alias="from")
    to: datetime
    bucket: str | None
    limit: int | None
    waiting_for: str | None
    enough: bool
    least: int
    left_out: int = Field(description="what is not final yet")
    total: TotalOut
    cells: list[CellOut]


class BehindOut(Schema):
    subject: str = Field(examples=["case"])
    id: int
    label: str
    url: str
    at: datetime
    value: float | None
    hit: bool | None


class BehindPage(Schema):
    items: list[BehindOut]
    next_cursor: str | None


@router.get("/metrics", response=MetricPage, summary="The catalogue of metrics")
def metrics(
    request: HttpRequest, q: str = "", group: str = "", limit: int | None = None, cursor: str | None = None
) -> dict[str, Any]:
    """Group by group; `q` searches names and definitions."""
    found = queries.catalogue(_reader(request), q, group=group)
    page, after = paging.part(found, lambda m: m.code, cursor=cursor, limit=paging.limit_of(limit))
    return {"items": [queries.metric_json(one) for one in page], "next_cursor": after}


@router.get("/metrics/{code}", response=FigureOut, by_alias=True, summary="A metric's figures")
def metric(
    request: HttpRequest,
    code: str,
    from_: str = Query("", alias="from", description="a day, or a moment with its offset"),
    to: str = Query("", description="a day (included), or a moment with its offset"),
    bucket: str = "",
    by: str = "",
    limit: str = "",
) -> Any:
    """Over `from`..`to` (days, the last included, or moments with offset; the last 30 days without them), cut by `bucket`
    (day, week, month) and `by` (dimensions, separated by commas), narrowed by any of the metric's dimensions as a parameter
    of its name (`team=first&channel=mail&channel=phone`, `none` = those that have none; a topic holds all beneath it).
    `limit`, in seconds, stands in for `within`. Figures of single people need `metrics.people`.
    """
    actor, at = _reader(request), now()
    asked = _asked(request, code, at)
    return queries.figure_json(asked.answer(actor, at))


@router.get("/metrics/{code}/subjects", response=BehindPage, summary="What stands behind a number")
def behind(
    request: HttpRequest,
    code: str,
    which: queries.Which = "all",
    cursor: str | None = None,
    size: int | None = None,
) -> dict[str, Any]:
    """The observations that the figure counts, the latest first; `which` = all, hit, missed or against (the second
    population of a ratio). Those whose subject the token may not see are left out. Window and conditions as for the
    figure."""
    actor, at = _reader(request), now()
    asked = _asked(request, code, at)
    rows, onward = queries.subjects(
        code,
        asked.window,
        where=asked.where,
        which=which,
        within=asked.limit,
        limit=size,
        cursor=cursor,
        actor=actor,
        at=at,
    )
    known = queries.described({row.subject for row in rows})
    items = [
        {
            "subject": row.subject[0],
            "id": row.subject[1],
            "label": known.get(row.subject, ("", ""))[0],
            "url": known.get(row.subject, ("", ""))[1],
            "at": row.at,
            "value": row.value,
            "hit": row.hit,
        }
        for row in rows
    ]
    return {"items": items, "next_cursor": onward}


def _asked(request: HttpRequest, code: str, at: datetime) -> asking.Asked:
    found = queries.metric(_reader(request), code)
    given = {name: request.GET.getlist(name) for name in request.GET}
    unknown = set(given) - {*asking.OWN, "size", *registry.dimensions()}
    if unknown:
        raise Invalid(_("没有这个参数"), field=min(unknown), code="unknown_parameter")
    return asking.read(found, given, at)


def _reader(request: HttpRequest) -> Actor:
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed(_("请先登录"), code="unauthenticated")
    if not actor.may(READ):
        raise NotAllowed(_("您没有查看指标的权限"))
    return actor
