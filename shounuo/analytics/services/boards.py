"""Boards of one's own: made, changed tile by tile, deleted and taken back. Only the owner writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.analytics import events, queries, rules
from shounuo.analytics.models import Dashboard
from shounuo.analytics.permissions import VIEW
from shounuo.analytics.queries import Tile
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean
from shounuo.metrics import registry
from shounuo.metrics.queries import conditions

MOST_TILES = 24
MOST_BOARDS = 40
MAX_NAME = 60


def board_make(*, name: str, actor: Actor, at: datetime) -> Dashboard:
    """An empty board of the actor's. Event: dashboard.made. Invalid without a name or beyond forty of them; NotAllowed
    without `analytics.view`."""
    if not actor.may(VIEW) or actor.person_id is None:
        raise NotAllowed(_("您没有查看看板的权限"))
    words = _name(name)
    with transaction.atomic():
        if Dashboard.objects.filter(owner_id=actor.person_id, deleted_at=None).count() >= MOST_BOARDS:
            raise Invalid(_("看板最多 %(n)s 个") % {"n": MOST_BOARDS}, field="name", code="too_many")
        board = Dashboard.objects.create(name=words, owner_id=actor.person_id, created_at=at)
        _tell(events.BOARD_MADE, board, actor, at)
    return board


def board_change(
    *, board_id: int, name: str, team_id: int | None, period: str, actor: Actor, at: datetime
) -> Dashboard:
    """Its name, the team it is shared with (one of the owner's; None: nobody), and the period it opens with. Event:
    dashboard.changed. NotFound, NotAllowed for others than the owner, Invalid."""
    words = _name(name)
    if period not in rules.KINDS:
        raise Invalid(_("没有这样的时间范围"), field="period", code="bad_choice")
    if team_id is not None and team_id not in actor.team_ids | actor.led_team_ids:
        raise Invalid(_("只能分享给您所在的团队"), field="team", code="bad_choice")
    with transaction.atomic():
        board = _owned(board_id, actor)
        board.name, board.team_id, board.period = words, team_id, period
        board.save(update_fields=["name", "team", "period"])
        _tell(events.BOARD_CHANGED, board, actor, at)
    return board


def board_delete(*, board_id: int, actor: Actor, at: datetime) -> None:
    """Takes it away; `board_restore` brings it back. Event: dashboard.deleted. NotFound, NotAllowed."""
    with transaction.atomic():
        board = _owned(board_id, actor)
        board.deleted_at = at
        board.save(update_fields=["deleted_at"])
        _tell(events.BOARD_DELETED, board, actor, at)


def board_restore(*, board_id: int, actor: Actor, at: datetime) -> Dashboard:
    """Brings a deleted board of one's own back. Event: dashboard.restored. NotFound for any other."""
    with transaction.atomic():
        rows = queries.boards_visible_to(actor, deleted=True)
        board = rows.select_for_update().filter(pk=board_id).first()
        if board is None:
            raise NotFound(_("没有这个看板，或您无权查看"))
        board.deleted_at = None
        board.save(update_fields=["deleted_at"])
        _tell(events.BOARD_RESTORED, board, actor, at)
    return board


def tile_add(
    *, board_id: int, metric: str, form: str, by: str = "", width: int = 4, actor: Actor, at: datetime
) -> Dashboard:
    """A metric at the end of the board. `form`: number, course, or groups with the dimension `by`. Event:
    dashboard.changed. Invalid for a metric without numbers, a dimension it has not, a width that is none, or beyond
    twenty-four tiles; NotFound, NotAllowed."""

    def add(board: Dashboard, tiles: list[Tile]) -> list[Tile]:
        if len(tiles) >= MOST_TILES:
            raise Invalid(_("一个看板最多 %(n)s 个指标") % {"n": MOST_TILES}, field="metric", code="too_many")
        board.last_tile += 1
        return [*tiles, _checked(Tile(board.last_tile, metric, form, by, width))]

    return _change(board_id, actor, at, add)


def tile_change(
    *, board_id: int, tile_id: int, form: str, by: str = "", width: int, actor: Actor, at: datetime
) -> Dashboard:
    """Its form, cut and width. As `tile_add`; NotFound for a tile that is not there."""

    def change(_board: Dashboard, tiles: list[Tile]) -> list[Tile]:
        place = _place(tiles, tile_id)
        tiles[place] = _checked(replace(tiles[place], form=form, by=by, width=width))
        return tiles

    return _change(board_id, actor, at, change)


def tile_move(*, board_id: int, tile_id: int, by: int, actor: Actor, at: datetime) -> Dashboard:
    """So many places on (negative: back), at most to an end. Event: dashboard.changed. NotFound, NotAllowed."""

    def move(_board: Dashboard, tiles: list[Tile]) -> list[Tile]:
        place = _place(tiles, tile_id)
        tile = tiles.pop(place)
        tiles.insert(max(0, min(len(tiles), place + by)), tile)
        return tiles

    return _change(board_id, actor, at, move)


def tile_remove(*, board_id: int, tile_id: int, actor: Actor, at: datetime) -> Dashboard:
    """Takes it off the board. Event: dashboard.changed. NotFound, NotAllowed."""

    def remove(_board: Dashboard, tiles: list[Tile]) -> list[Tile]:
        del tiles[_place(tiles, tile_id)]
        return tiles

    return _change(board_id, actor, at, remove)


def _change(
    board_id: int, actor: Actor, at: datetime, make: Callable[[Dashboard, list[Tile]], list[Tile]]
) -> Dashboard:
    with transaction.atomic():
        board = _owned(board_id, actor)
        board.tiles = [asdict(tile) for tile in make(board, queries.tiles_of(board))]
        board.save(update_fields=["tiles", "last_tile"])
        _tell(events.BOARD_CHANGED, board, actor, at)
    return board


def _checked(tile: Tile) -> Tile:
    metric = registry.get(tile.metric)
    if metric is None or metric.waits_for:
        raise Invalid(_("这个指标没有数，不能放进看板"), field="metric", code="bad_choice")
    if tile.form not in rules.FORMS:
        raise Invalid(_("没有这种图"), field="form", code="bad_choice")
    if tile.width not in rules.WIDTHS:
        raise Invalid(_("没有这种宽度"), field="width", code="bad_choice")
    if tile.form != "groups":
        return replace(tile, by="")
    conditions.of_metric(metric, tile.by)
    return tile


def _place(tiles: list[Tile], id: int) -> int:
    place = next((n for n, tile in enumerate(tiles) if tile.id == id), None)
    if place is None:
        raise NotFound(_("看板上没有这个指标了"))
    return place


def _owned(board_id: int, actor: Actor) -> Dashboard:
    board = queries.boards_visible_to(actor).select_for_update().filter(pk=board_id).first()
    if board is None:
        raise NotFound(_("没有这个看板，或您无权查看"))
    if board.owner_id != actor.person_id:
        raise NotAllowed(_("只有看板的主人能改"))
    return board


def _name(text: str) -> str:
    name = " ".join(clean(text).split())
    if not name:
        raise Invalid(_("请给看板取个名字"), field="name", code="missing")
    if len(name) > MAX_NAME:
        raise Invalid(_("名字最多 %(n)s 字") % {"n": MAX_NAME}, field="name", code="too_long")
    return name


def _tell(kind: str, board: Dashboard, actor: Actor, at: datetime) -> None:
    payload = {"tiles": len(board.tiles)} | ({"team": board.team_id} if board.team_id else {})
    publish([NewEvent(kind, ("dashboard", board.pk), at, actor, payload)])
