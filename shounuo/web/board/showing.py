"""What the supervisor's board shows, in a fixed number of queries whatever stands in the queue."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.calendars import queries as calendars
from shounuo.cases.permissions import ASSIGN, WORK
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.metrics.rules import Window
from shounuo.policy import queries as policy
from shounuo.staff import queries as staff
from shounuo.staff.models import Person, Team
from shounuo.web import timing, words
from shounuo.web.board import asking
from shounuo.web.board.asking import Dot, Held, Known, Owed
from shounuo.web.dashboards import links

BEHIND = timedelta(minutes=30)
MOST_ACTS = 12
MOST_PEOPLE = 60


class Worker(NamedTuple):
    """A person with how many cases he holds in all, and how many of these are overdue."""

    person: Person
    load: int
    late: int


def board(actor: Actor, team: Team | None, at: datetime) -> dict[str, Any]:
    """Figures, lanes, what needs a hand, and people; all under the reader's visibility."""
    of = None if team is None else team.pk
    upcoming, risk = asking.upcoming(actor, of, at), asking.pressing(actor, of, at)
    known = asking.known({d.subject_id for d in upcoming} | {c.subject_id for c in risk})
    held = asking.held(actor, of)
    people = _people(asking.people(actor, of), held)
    return {
        "figures": _figures(actor, held, asking.owed(actor, of, at), people, team, at),
        "lanes": _lanes(upcoming, known, at),
        "acts": _acts(actor, risk, known, team, at),
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


def _people(people: list[Person], held: list[Held]) -> list[Worker]:
    """With what they hold in all, most first, and how many of these are overdue."""
    loads: Counter[int | None] = Counter()
    late: Counter[int | None] = Counter()
    for row in held:
        loads[row.owner] += row.n
        late[row.owner] += row.late
    workers = [Worker(p, loads[p.pk], late[p.pk]) for p in people]
    return sorted(workers, key=lambda w: -w.load)


def _figures(
    actor: Actor,
    held: list[Held],
    owed: Owed,
    people: list[Worker],
    team: Team | None,
    at: datetime,
) -> list[dict[str, Any]]:
    inside = [row for row in held if row.inside]
    waiting = [row for row in inside if row.owner is None]
    queue, oldest = sum(r.n for r in waiting), min((r.oldest for r in waiting), default=None)
    working, late = sum(r.n for r in inside) - queue, sum(r.late for r in inside)
    online = sum(1 for w in people if w.person.presence == "online")
    zone = ZoneInfo(staff.organisation().zone)
    midnight = timezone.localtime(at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = commitments.kept_total(midnight, at, where={"team": team.pk} if team else None)
    of_team = {"team": team.code} if team else {}
    return [
        {
            "name": _("排队"),
            "value": words.number(queue),
            "unit": _("件"),
            "population": _("最久 %(span)s") % {"span": words.span((at - oldest).total_seconds())}
            if oldest
            else _("无人等待"),
            "tone": "warn" if queue else "",
            "url": _cases(team, view="unassigned"),
        },
        {
            "name": _("处理中"),
            "value": words.number(working),
            "unit": _("件"),
            "population": _("人均 %(n)s 件") % {"n": words.number(working / online, 1)}
            if online
            else _("没有人在线"),
            "url": _cases(team, view="open"),
        },
        {
            "name": _("在线"),
            "value": words.number(online),
            "unit": _("人"),
            "population": ngettext("共 %(n)s 人", "共 %(n)s 人", len(people)) % {"n": len(people)},
        },
        {
            "name": _("1 小时内到期"),
            "value": words.number(owed.soon),
            "unit": _("项"),
            "population": _("%(n)s 项无人负责") % {"n": owed.free},
            "tone": "warn" if owed.soon else "",
            "url": _cases(team, view="risk"),
        },
        {
            "name": _("已超时"),
            "value": words.number(late),
            "unit": _("件"),
            "population": _("全部还欠 %(n)s 项") % {"n": words.number(owed.overdue)},
            "tone": "breach" if late else "",
            "url": _cases(team, view="open", overdue="true"),
        },
        {
            "name": _("今日守诺"),
            "value": words.percent(kept.share).removesuffix("%"),
            "unit": "%" if kept.share is not None else "",
            "population": _("%(due)s 项应守 %(met)s") % {"due": kept.due, "met": kept.met},
            "url": links.behind_url(actor, "kept_share", Window.of("day", at, zone), {}, **of_team)
            if kept.due
            else "",
        },
    ]


def _cases(team: Team | None, **asked: str) -> str:
    """The list of cases, of the team that is looked at."""
    return "/cases/?" + urlencode(asked | ({"team": team.code} if team is not None else {}))


def _lanes(clocks: list[Dot], known: dict[int, Known], at: datetime) -> dict[str, Any]:
    """A lane per team, a dot per promise; `cut` is their number where more may be due."""
    by_team: dict[str, list[dict[str, Any]]] = {}
    for clock in clocks:
        case = known.get(clock.subject_id)
        if case is None:
            continue
        state, said = timing.clock_said(clock, at)
        number = timing.clause_number(clock.clause_code)
        by_team.setdefault(case.team or _("未分组"), []).append(
            {
                "due_at": clock.due_at,
                "state": state,
                "is_free": case.owner_id is None,
                "title": f"{case.number} {case.subject} · {number} · {said}",
                "url": f"/cases/{case.number}/",
            }
        )
    teams = [{"name": name, "count": len(dots), "dots": dots} for name, dots in sorted(by_team.items())]
    cut = len(clocks) if len(clocks) == asking.MOST_DOTS else 0
    return {"teams": teams, "start": at - BEHIND, "end": at + asking.AHEAD, "now": at, "cut": cut}


def _acts(
    actor: Actor, clocks: list[Clock], known: dict[int, Known], team: Team | None, at: datetime
) -> dict[str, Any]:
    """What needs a hand, one row per case (its most urgent promise), with the one step that mends it."""
    titles = policy.rule_titles(c.rule_id for c in clocks)
    rows: list[dict[str, Any]] = []
    seen: set[int] = set()
    for clock in clocks:
        case = known.get(clock.subject_id)
        if case is None or case.pk in seen:
            continue
        seen.add(case.pk)
        view = timing.clock_view(clock, at, titles=titles)
        rows.append(
            {
                "clock": view,
                "number": case.number,
                "title": case.subject,
                "who": " · ".join(filter(None, (case.customer, case.company))),
                "url": f"/cases/{case.number}/",
                "clause": {**view["clause"], "name": view["name"]},
                "owner": {"name": case.owner, "presence": case.presence} if case.owner_id else None,
                "acts": _steps(actor, case),
            }
        )
    return {
        "total": min(len(rows), MOST_ACTS),
        "has_more": len(clocks) == asking.MOST_PRESSING or len(rows) > MOST_ACTS,
        "all_url": _cases(team, view="risk"),
        "rows": rows[:MOST_ACTS],
    }


def _steps(actor: Actor, case: Known) -> list[dict[str, Any]]:
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


def _staff(people: list[Worker], at: datetime) -> dict[str, Any]:
    there = Counter(w.person.presence for w in people)
    rows = [
        {
            "person": {"name": w.person.name, "presence": w.person.presence},
            "load": w.load,
            "capacity": w.person.capacity,
            "doing": _("%(n)s 件超时") % {"n": w.late}
            if w.late
            else words.choice(Person.Presence, w.person.presence),
            "late": bool(w.late),
            "since": words.span((at - w.person.presence_at).total_seconds()) if w.person.presence_at else "",
        }
        for w in people[:MOST_PEOPLE]
    ]
    counts = {state: there[state] for state in ("online", "busy", "away")}
    return {"note": _("%(online)s 在线 · %(busy)s 忙 · %(away)s 离开") % counts, "rows": rows}
