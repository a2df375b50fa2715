"""What the supervisor's board shows, in a fixed number of queries whatever stands in the queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.calendars import queries as calendars
from shounuo.cases import queries as cases
from shounuo.cases.models import Case
from shounuo.cases.permissions import ASSIGN, VIEW_ALL, WORK
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.metrics.permissions import READ
from shounuo.metrics.rules import Window
from shounuo.policy import queries as policy
from shounuo.staff import queries as staff
from shounuo.staff.models import Person, Team
from shounuo.web import timing, words
from shounuo.web.dashboards import links

OPEN = ("new", "open", "waiting_customer", "waiting_internal")
AHEAD = timedelta(hours=2)
BEHIND = timedelta(minutes=30)
MOST_ACTS = 12


def board(actor: Actor, team: Team | None, at: datetime) -> dict[str, Any]:
    """Figures, lanes, what needs a hand, and people; all under the reader's visibility."""
    rows = cases.visible_to(actor)
    if team is not None:
        rows = rows.filter(team=team)
    open_rows = rows.filter(status__in=OPEN)
    seen = None if team is None and actor.may(VIEW_ALL) else rows.order_by().values("pk")
    lanes = commitments.lanes(at, scope={"case": seen})
    still_open: commitments.Scope = {"case": open_rows.order_by().values("pk")}
    upcoming = commitments.upcoming(actor, at, scope=still_open, within=AHEAD)
    risk = commitments.pressing(at, scope=still_open, limit=MOST_ACTS * 2)
    known = _known(upcoming, risk)
    people = _people(actor, team)
    return {
        "figures": _figures(actor, open_rows, lanes, people, team, at),
        "lanes": _lanes(upcoming, known, at),
        "acts": _acts(actor, risk, known, at),
        "staff": _staff(people, at),
    }


def note(at: datetime) -> str:
    """周六 10:48 · 调休上班: the moment, and what kind of day it is where that is not plain."""
    zone = ZoneInfo(staff.organisation().zone)
    there = timezone.localtime(at, zone)
    text = f"{words.WEEKDAYS[there.weekday()]} {there:%H:%M}"
    day = calendars.compiled("business").day(there.date())
    kind = {"makeup": _("调休上班"), "holiday": day.name or _("放假")}.get(str(day.kind))
    return f"{text} · {kind}" if kind else text


SHOWN = (
    *("number", "subject", "owner__name", "owner__presence", "team__name"),
    *("customer__name", "customer__company__name"),
)


def _known(*lists: list[Clock]) -> dict[int, Case]:
    ids = {c.subject_id for clocks in lists for c in clocks if c.subject_kind == "case"}
    return {
        c.pk: c
        for c in Case.objects.filter(pk__in=ids)
        .select_related("owner", "team", "customer__company")
        .only(*SHOWN)
    }


def _people(actor: Actor, team: Team | None) -> list[Person]:
    """Those who work on the cases in view, with how many they hold in all and how many of these are overdue. Two queries."""
    rows = staff.people().filter(teams__isnull=False).distinct()
    if team is not None:
        rows = rows.filter(teams=team)
    elif not actor.may(VIEW_ALL):
        rows = rows.filter(teams__in=sorted(actor.team_ids))
    people = list(rows.order_by("sort_key"))
    held = Case.objects.filter(status__in=OPEN, owner__isnull=False).values("owner").order_by()
    loads = {
        owner: (n, late)
        for owner, n, late in held.annotate(
            n=Count("pk"), late=Count("pk", filter=Q(overdue=True))
        ).values_list("owner", "n", "late")
    }
    for person in people:
        person.held, person.late = loads.get(person.pk, (0, 0))  # type: ignore[attr-defined]
    people.sort(key=lambda p: -p.held)  # type: ignore[attr-defined]
    return people[:60]


def _figures(
    actor: Actor,
    open_rows: QuerySet[Case],
    lanes: commitments.Lanes,
    people: list[Person],
    team: Team | None,
    at: datetime,
) -> list[dict[str, Any]]:
    counts = open_rows.order_by().aggregate(
        queue=Count("pk", filter=Q(owner=None)),
        oldest=Min("opened_at", filter=Q(owner=None)),
        working=Count("pk", filter=Q(owner__isnull=False)),
        late=Count("pk", filter=Q(overdue=True)),
    )
    free = (
        Clock.objects.filter(state="running", due_at__lte=at + timedelta(hours=1), subject_kind="case")
        .filter(Exists(open_rows.filter(pk=OuterRef("subject_id"), owner=None)))
        .count()
    )
    online = sum(1 for p in people if p.presence == "online")
    zone = ZoneInfo(staff.organisation().zone)
    midnight = timezone.localtime(at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = commitments.kept_total(midnight, at, where={"team": team.pk} if team else None)
    of_team = {"team": team.code} if team else {}
    oldest = counts["oldest"]
    return [
        {
            "name": _("排队"),
            "value": words.number(counts["queue"]),
            "unit": _("件"),
            "population": _("最久 %(span)s") % {"span": words.span((at - oldest).total_seconds())}
            if oldest
            else _("无人等待"),
            "tone": "warn" if counts["queue"] else "",
            "url": "/cases/?view=unassigned",
        },
        {
            "name": _("处理中"),
            "value": words.number(counts["working"]),
            "unit": _("件"),
            "population": _("人均 %(n)s 件") % {"n": words.number(counts["working"] / online, 1)}
            if online
            else _("没有人在线"),
            "url": "/cases/?view=open",
        },
        {
            "name": _("在线"),
            "value": words.number(online),
            "unit": _("人"),
            "population": ngettext("共 %(n)s 人", "共 %(n)s 人", len(people)) % {"n": len(people)},
        },
        {
            "name": _("1 小时内到期"),
            "value": words.number(lanes.quarter + lanes.hour),
            "unit": _("项"),
            "population": _("%(n)s 项无人负责") % {"n": free},
            "tone": "warn" if lanes.quarter + lanes.hour else "",
            "url": "/cases/?view=risk",
        },
        {
            "name": _("已超时"),
            "value": words.number(counts["late"]),
            "unit": _("件"),
            "population": _("全部还欠 %(n)s 项") % {"n": words.number(lanes.overdue)},
            "tone": "breach" if counts["late"] else "",
            "url": "/cases/?view=risk",
        },
        {
            "name": _("今日守诺"),
            "value": words.percent(kept.share).removesuffix("%"),
            "unit": "%" if kept.share is not None else "",
            "population": _("%(due)s 项应守 %(met)s") % {"due": kept.due, "met": kept.met},
            "url": links.behind_url("kept_share", Window.of("day", at, zone), {}, **of_team)
            if kept.due and actor.may(READ)
            else "",
        },
    ]


def _lanes(clocks: list[Clock], known: dict[int, Case], at: datetime) -> dict[str, Any]:
    """A lane per team, a dot per promise."""
    by_team: dict[str, list[dict[str, Any]]] = {}
    for clock in clocks:
        case = known.get(clock.subject_id)
        if case is None:
            continue
        view = timing.clock_view(clock, at)
        by_team.setdefault(case.team.name if case.team else _("未分组"), []).append(
            {
                "due_at": clock.due_at,
                "state": view["state"],
                "is_free": case.owner_id is None,
                "title": f"{case.number} {case.subject} · {view['clause']['number']} · {words.clock_words(view, at)}",
                "url": f"/cases/{case.number}/",
            }
        )
    teams = [{"name": name, "count": len(dots), "dots": dots} for name, dots in sorted(by_team.items())]
    return {"teams": teams, "start": at - BEHIND, "end": at + AHEAD, "now": at}


def _acts(actor: Actor, clocks: list[Clock], known: dict[int, Case], at: datetime) -> dict[str, Any]:
    """What needs a hand, one row per case (its most urgent promise), with the one step that mends it."""
    titles = policy.rule_titles(c.rule_id for c in clocks)
    rows: list[dict[str, Any]] = []
    seen: set[int] = set()
    for clock in clocks:
        case = known.get(clock.subject_id)
        if case is None or case.pk in seen:
            continue
        seen.add(case.pk)
        company = case.customer.company.name if case.customer.company else ""
        view = timing.clock_view(clock, at, titles=titles)
        rows.append(
            {
                "clock": view,
                "number": case.number,
                "title": case.subject,
                "who": " · ".join(filter(None, (case.customer.name, company))),
                "url": f"/cases/{case.number}/",
                "clause": {**view["clause"], "name": view["name"]},
                "owner": {"name": case.owner.name, "presence": case.owner.presence} if case.owner else None,
                "acts": _steps(actor, case),
            }
        )
    return {
        "total": min(len(rows), MOST_ACTS),
        "has_more": len(clocks) == MOST_ACTS * 2 or len(rows) > MOST_ACTS,
        "all_url": "/cases/?view=risk",
        "rows": rows[:MOST_ACTS],
    }


def _steps(actor: Actor, case: Case) -> list[dict[str, Any]]:
    base = f"/cases/{case.number}"
    steps: list[dict[str, Any]] = []
    if case.owner_id is None:
        if actor.may(WORK):
            steps.append({"label": _("我来接"), "url": f"{base}/take/", "primary": True})
        if actor.may(ASSIGN):
            steps.append({"label": _("分派"), "url": f"{base}/assign/", "dialog": True})
        return steps
    if case.owner_id != actor.person_id:
        steps.append({"label": _("催办"), "url": f"/board/nudge/{case.number}/"})
    if actor.may(ASSIGN):
        steps.append({"label": _("改派"), "url": f"{base}/assign/", "dialog": True})
    return steps


def _staff(people: list[Person], at: datetime) -> dict[str, Any]:
    counts = {state: sum(1 for p in people if p.presence == state) for state in ("online", "busy", "away")}
    rows = [
        {
            "person": {"name": p.name, "presence": p.presence},
            "load": p.held,  # type: ignore[attr-defined]
            "capacity": p.capacity,
            "doing": _("%(n)s 件超时") % {"n": p.late} if p.late else str(p.get_presence_display()),  # type: ignore[attr-defined]
            "late": bool(p.late),  # type: ignore[attr-defined]
            "since": words.span((at - p.presence_at).total_seconds()) if p.presence_at else "",
        }
        for p in people
    ]
    note = _("%(online)s 在线 · %(busy)s 忙 · %(away)s 离开") % counts
    return {"note": note, "rows": rows}
