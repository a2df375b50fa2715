"""Boards of one's own: seen, changed tile by tile, on a wall, deleted and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shounuo.analytics import asking, queries, services
from shounuo.analytics.asking import Lens
from shounuo.analytics.models import Dashboard
from shounuo.analytics.permissions import VIEW
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import whole
from shounuo.metrics import queries as metrics
from shounuo.web.context import actor_of
from shounuo.web.dashboards import choosing, showing, tiles
from shounuo.web.dashboards.views import csv_of, given_of
from shounuo.web.figures.places import places
from shounuo.web.guard import done, staff_page

EVERY = 20


@staff_page(VIEW)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """A new board, at once open for its first metric."""
    board = services.board_make(name=request.POST.get("name", ""), actor=actor_of(request), at=now())
    return done(request, reverse("own-board-edit", args=[board.pk]))


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, board_id: int) -> HttpResponse:
    """The board through the period and conditions of its address."""
    actor, at = actor_of(request), now()
    board = queries.board(actor, board_id)
    lens, problem = _lens(request, board, at)
    given = given_of(request)
    context = _shown(board, lens, actor, at) | {
        "title": board.name,
        "places": places(actor, "dashboards"),
        "boards": tiles.menu(actor, board.pk),
        "problem": problem,
        "chosen": choosing.chosen(given, lens, actor, at),
        "span": showing.span_words(lens, at),
        "edit_url": reverse("own-board-edit", args=[board.pk]) if board.owner_id == actor.person_id else "",
        "wall_url": reverse("own-board-wall", args=[board.pk]) + choosing.query(given),
        "query": choosing.query(given),
    }
    return _with_charts(render(request, "dashboards/board.html", context))


@staff_page(VIEW)
@require_safe
def wall(request: HttpRequest, board_id: int) -> HttpResponse:
    """The board large and dark, without anything to press; fetched again every twenty seconds."""
    actor, at = actor_of(request), now()
    board = queries.board(actor, board_id)
    lens, _problem = _lens(request, board, at)
    context = _shown(board, lens, actor, at) | {
        "title": board.name,
        "theme": "dark",
        "span": showing.span_words(lens, at),
        "at": at,
        "every": EVERY,
        "again_url": request.get_full_path(),
        "is_wall": True,
    }
    part = "#tiles" if request.headers.get("HX-Request") else ""
    return _with_charts(render(request, f"dashboards/wall.html{part}", context))


def _shown(board: Dashboard, lens: Lens, actor: Actor, at: datetime) -> dict[str, Any]:
    chosen = queries.tiles_of(board)
    limits = queries.limits({tile.metric for tile in chosen}, at, where=lens.where)
    found = queries.answers(chosen, lens.period, lens.where, actor=actor, at=at)
    return {
        "board": board,
        "tiles": [tiles.shown(actor, one, lens, limits, board.pk) for one in found],
        "read_at": metrics.standing()[0],
    }


@staff_page(VIEW)
@require_safe
def export(request: HttpRequest, board_id: int, tile_id: int) -> HttpResponse:
    """One tile as CSV. NotFound for one that is not there or may not be seen."""
    actor, at = actor_of(request), now()
    board = queries.board(actor, board_id)
    lens = asking.read(given_of(request), at)
    chosen = [tile for tile in queries.tiles_of(board) if tile.id == tile_id]
    for answer in queries.answers(chosen, lens.period, lens.where, actor=actor, at=at):
        if answer.figure is not None:
            return csv_of(tiles.part(actor, answer, answer.figure, lens, (), board.pk), at)
    raise NotFound(_("看板上没有这个指标了"))


@staff_page(VIEW)
@require_safe
def edit(request: HttpRequest, board_id: int) -> HttpResponse:
    """Where the owner puts it together."""
    return _editing(request, board_id)


def _editing(request: HttpRequest, id: int, *, error: str = "") -> HttpResponse:
    actor = actor_of(request)
    board = queries.board(actor, id)
    if board.owner_id != actor.person_id:
        raise NotAllowed(_("只有看板的主人能改"))
    context = {
        "title": board.name,
        "board": board,
        "tiles": [tiles.line(tile) for tile in queries.tiles_of(board)],
        "choices": tiles.choices(actor),
        "error": error,
    }
    return render(request, "dashboards/edit.html", context, status=422 if error else 200)


@staff_page(VIEW)
@require_POST
def change(request: HttpRequest, board_id: int) -> HttpResponse:
    """One step of putting it together: `act` is save, add, set, up, down or remove; what is wrong is said on the page."""
    actor, at, given = actor_of(request), now(), request.POST
    act, tile_id = given.get("act", ""), whole(given.get("tile")) or 0
    form: dict[str, Any] = {
        "form": given.get("form", ""),
        "by": given.get("by", ""),
        "width": whole(given.get("width")) or 0,
    }
    try:
        if act == "save":
            services.board_change(
                board_id=board_id,
                name=given.get("name", ""),
                team_id=whole(given.get("team")) or None,
                period=given.get("period", ""),
                actor=actor,
                at=at,
            )
            return done(request, reverse("own-board", args=[board_id]), _("看板已保存"))
        if act == "add":
            services.tile_add(board_id=board_id, metric=given.get("metric", ""), actor=actor, at=at, **form)
        elif act == "set":
            services.tile_change(board_id=board_id, tile_id=tile_id, actor=actor, at=at, **form)
        elif act in ("up", "down"):
            services.tile_move(
                board_id=board_id, tile_id=tile_id, by=-1 if act == "up" else 1, actor=actor, at=at
            )
        elif act == "remove":
            services.tile_remove(board_id=board_id, tile_id=tile_id, actor=actor, at=at)
        else:
            raise Invalid(_("没有这一步"), field="act", code="bad_choice")
    except Invalid as problem:
        return _editing(request, board_id, error=str(problem))
    return done(request, reverse("own-board-edit", args=[board_id]) + (f"#tile-{tile_id}" if tile_id else ""))


@staff_page(VIEW)
@require_POST
def delete(request: HttpRequest, board_id: int) -> HttpResponse:
    """Takes it away, with a way to take it back."""
    services.board_delete(board_id=board_id, actor=actor_of(request), at=now())
    undo = reverse("own-board-restore", args=[board_id])
    return done(request, reverse("dashboards"), _("看板已删除"), undo)


@staff_page(VIEW)
@require_POST
def restore(request: HttpRequest, board_id: int) -> HttpResponse:
    services.board_restore(board_id=board_id, actor=actor_of(request), at=now())
    return done(request, reverse("own-board", args=[board_id]), _("看板回来了"))


def _lens(request: HttpRequest, board: Dashboard, at: datetime) -> tuple[Lens, str]:
    """The question in the address, with the board's own period where it names none."""
    given = given_of(request)
    if not {"period", "from", "to"} & set(given):
        given["period"] = [board.period]
    try:
        return asking.read(given, at), ""
    except Invalid as problem:
        return asking.read({"period": [board.period]}, at), str(problem)


def _with_charts(response: HttpResponse) -> HttpResponse:
    response.sn_charts = True  # type: ignore[attr-defined]
    return response
