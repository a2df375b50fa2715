"""The supervisor's board, live, and its one-click steps."""

from __future__ import annotations

from json import dumps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shounuo.cases import queries as cases
from shounuo.channels import queries as channels
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict
from shounuo.notices import services as notices
from shounuo.staff import queries as staff
from shounuo.web.alarms import showing as alarms
from shounuo.web.board import kinds, showing
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page


@staff_page("board.view")
def board(request: HttpRequest) -> HttpResponse:
    at, actor = now(), actor_of(request)
    chosen = request.GET.get("team", "")
    teams = [t for t in staff.teams() if actor.may("cases.view_all") or t.pk in actor.team_ids]
    team = next((t for t in teams if t.code == chosen), None)
    wall = "wall" in request.GET
    context: dict[str, Any] = showing.board(actor, team, at) | {
        "title": _("督办看板"),
        "note": showing.note(at),
        "teams": [{"label": _("全部门"), "url": "/board/", "active": team is None}]
        + [{"label": t.name, "url": f"/board/?team={t.code}", "active": t == team} for t in teams],
        "wall_url": "" if wall else "?" + (f"team={team.code}&" if team else "") + "wall=1",
        "is_wall": wall,
        "alarms": _alarms(actor),
    }
    part = "#live" if request.headers.get("HX-Request") else ""
    return render(request, f"board/board.html{part}", context)


def _alarms(actor: Actor) -> dict[str, Any]:
    """The regulation's alarms that are open, and what is wrong with the house itself: mail that could not be read,
    mailboxes that cannot be fetched."""
    items: list[dict[str, Any]]
    items, told = alarms.board_items(actor)
    if not actor.may("ops.view"):
        return {"open": told, "url": "/alarms/", "items": items}
    regulated = len(items)
    held = channels.quarantined_count()
    if held:
        items.append(
            {
                "level": "yellow",
                "text": _("%(n)s 封邮件读不懂，已隔离") % {"n": held},
                "note": _("原文都在，可以查看、重试、放行"),
                "url": "/settings/quarantine/",
            }
        )
    items += [
        {
            "level": "yellow",
            "text": _("%(name)s 收不到信") % {"name": mailbox.name},
            "note": mailbox.imap_error[:80],
            "url": f"/settings/mailboxes/{mailbox.pk}/",
        }
        for mailbox in channels.mailboxes(active=True)
        if mailbox.imap_error
    ]
    url = "/alarms/" if told else "/settings/operations/"
    return {"open": told + len(items) - regulated, "url": url, "items": items}


@staff_page("board.view")
def nudge(request: HttpRequest, number: int) -> HttpResponse:
    """Reminds the owner, at most once in ten minutes by the same person."""
    actor, at = actor_of(request), now()
    case = cases.get(actor, number)
    if request.method != "POST":
        return done(request, "/board/")
    if case.owner_id is None:
        raise Conflict(_("还没有人负责，请先分派"))
    window = int(at.timestamp() // 600)
    told = notices.notify(
        key=f"nudge:{case.pk}:{actor.person_id}:{window}",
        person_ids=[case.owner_id],
        kind=kinds.NUDGED,
        subject=("case", case.pk),
        urgent=True,
        at=at,
    )
    text = _("已提醒 %(name)s") if told else _("十分钟内已经提醒过 %(name)s")
    response = HttpResponse(status=204)
    response["HX-Trigger"] = dumps(
        {"toast": {"text": text % {"name": case.owner.name if case.owner else ""}}}
    )
    return response
