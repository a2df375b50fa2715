"""Boards of one's own: who may see which, and what their tiles say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.analytics.models import Dashboard
from shounuo.analytics.permissions import VIEW
from shounuo.analytics.queries.overview import Compared, Where, compared, may_see_people, narrow
from shounuo.analytics.rules import Period
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.queries import Figure

PERSON = "person"


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on a board. `form`: number, course or groups (cut by the dimension `by`); `width` in twelfths."""

    id: int
    metric: str
    form: str
    by: str
    width: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tile says: the figure with its course beside that of the period before, and cut where it is a tile of groups.
    None of it where the reader may not know or the metric is no longer there."""

    tile: Tile
    figure: Compared | None = None
    groups: Figure | None = None


def boards_visible_to(actor: Actor, *, deleted: bool = False) -> QuerySet[Dashboard]:
    """The boards that the actor may see: his own and those of his teams; with `deleted` his own deleted ones."""
    if not actor.may(VIEW) or actor.person_id is None:
        return Dashboard.objects.none()
    if deleted:
        return Dashboard.objects.filter(owner_id=actor.person_id, deleted_at__isnull=False)
    mine = Q(owner_id=actor.person_id) | Q(team_id__in=sorted(actor.team_ids | actor.led_team_ids))
    return Dashboard.objects.filter(mine, deleted_at=None)


def boards(actor: Actor) -> list[Dashboard]:
    """His own first, then those shared with him. One query."""
    rows = (
        boards_visible_to(actor).select_related("owner", "team").defer("tiles").order_by("created_at", "id")
    )
    return sorted(rows, key=lambda b: b.owner_id != actor.person_id)


def board(actor: Actor, id: int) -> Dashboard:
    """One board; NotFound also for one that the actor may not see."""
    found = boards_visible_to(actor).select_related("owner", "team").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这个看板，或您无权查看"))
    return found


def tiles_of(board: Dashboard) -> list[Tile]:
    """Its tiles in their order."""
    return [Tile(**one) for one in board.tiles]


def answers(
    tiles: Iterable[Tile], period: Period, where: Where, *, actor: Actor, at: datetime
) -> list[Answer]:
    """What each tile says over the period. At most nine statements a tile."""
    return [_answer(tile, period, where, actor, at) for tile in tiles]


def _answer(tile: Tile, period: Period, where: Where, actor: Actor, at: datetime) -> Answer:
    metric = registry.get(tile.metric)
    if metric is None or metric.waits_for or (tile.by == PERSON and not may_see_people(actor)):
        return Answer(tile)
    ask: dict[str, Any] = {"actor": actor, "at": at}
    figure = compared(tile.metric, period, where, bucket=period.bucket, **ask)
    if tile.form != "groups":
        return Answer(tile, figure)
    narrowed, _apart = narrow(tile.metric, where)
    groups = metrics.figure(tile.metric, period.window, where=narrowed, by=(tile.by,), **ask)
    return Answer(tile, figure, groups)


def _labels(ids: Iterable[int]) -> dict[int, str]:
    return dict(Dashboard.objects.filter(pk__in=list(ids)).values_list("pk", "name"))


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {id: {} for id in _labels(ids)}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(boards_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


SUBJECT = Subject(
    kind="dashboard",
    facts=_facts,
    visible_ids=_visible_ids,
    people=lambda _id: People(),
    label=_labels,
    url=lambda id: f"/dashboards/{id}/",
)
