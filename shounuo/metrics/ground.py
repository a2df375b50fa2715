"""What the parts beneath this one have to count: people and their presence. They cannot declare it themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from shounuo.kernel.text import whole
from shounuo.metrics import registry
from shounuo.metrics.registry import Dimension, Metric, Series, Source
from shounuo.metrics.rules import Aggregate, Direction, Unit
from shounuo.staff import events as staff_events
from shounuo.staff import queries as staff
from shounuo.staff.models import Person, Team

WEEKDAYS = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
DEPARTMENTS: dict[str, Any] = {
    "service": _("客服"),
    "tech": _("技术"),
    "product": _("产品"),
    "marketing": _("市场"),
    "logistics": _("物流"),
    "finance": _("财务"),
    "legal": _("法务"),
    "hr": _("人力资源"),
}
# Nouns of counts; `noun % n` takes the right number in English.
CASES = npgettext_lazy("cases", "件", "件")
TIMES = npgettext_lazy("times", "次", "次")
PEOPLE = npgettext_lazy("people", "人", "人")
CUSTOMERS = npgettext_lazy("customers", "位", "位")
OPEN_END = "timestamptz '9000-01-01 00:00:00+00'"


def units_of(table: str, kind: str) -> list[tuple[str, int, int]]:
    """(kind, least id, greatest id) of a table of ours; nothing of an empty one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id), max(id) FROM {table}")  # noqa: S608  a table of ours
        first, last = cursor.fetchone()
    return [(kind, first, last)] if first is not None else []


def whole_number(text: str) -> int:
    """The number that a text says; ValueError when it says none that a column can hold."""
    number = whole(text)
    if number is None:
        raise ValueError(text)
    return number


def _team(text: str) -> int:
    """The team of an id, which is digits alone, or of a code, which never is."""
    row = None if text.isdigit() else Team.objects.filter(code=text).values_list("pk", flat=True).first()
    return row if row is not None else whole_number(text)


def _team_names(ids: Iterable[Any]) -> dict[Any, str]:
    return dict(Team.objects.filter(pk__in=[i for i in ids if i is not None]).values_list("pk", "name"))


def _person(text: str) -> int:
    """The person of an id, which is digits alone, or of a login, which never is."""
    row = (
        None
        if text.isdigit()
        else Person.objects.filter(login__iexact=text).values_list("pk", flat=True).first()
    )
    return row if row is not None else whole_number(text)


def _departments() -> dict[Any, Any]:
    return dict(Team.objects.values_list("pk", "department"))


def _day_number(text: str) -> int:
    number = whole(text, 7)
    if not number:
        raise ValueError(text)
    return number


registry.dimension(Dimension("team", _("团队"), "team_id", _team_names, _team))
registry.dimension(Dimension("person", _("人员"), "person_id", lambda ids: dict(staff.names(ids)), _person))
registry.dimension(
    Dimension(
        "department",
        _("部门"),
        "team_id",
        lambda codes: {c: str(DEPARTMENTS.get(c, c)) for c in codes},
        str,
        mapping=_departments,
    )
)
registry.dimension(
    Dimension(
        "hour",
        _("一天的时段"),
        "hour",
        lambda hours: {h: f"{h:02d}:00" for h in hours if h is not None},
        whole_number,
    )
)
registry.dimension(
    Dimension(
        "weekday",
        _("星期"),
        "day",
        lambda days: {d: str(WEEKDAYS[d - 1]) for d in days if d is not None},
        _day_number,
        sql="extract(isodow FROM o.day)::int",
    )
)

_TURNS = """
SELECT e.subject_id AS person, e.seq, e.at, e.kind, e.payload->>'presence' AS presence,
  lead(e.at) OVER (PARTITION BY e.subject_id ORDER BY e.seq) AS ends, t.team
FROM events_event e
LEFT JOIN (SELECT person_id, min(team_id) AS team FROM staff_membership GROUP BY 1) t ON t.person_id = e.subject_id
WHERE e.subject_kind = %(kind)s AND e.subject_id = ANY(%(ids)s)
  AND e.kind IN ('presence.changed', 'person.deactivated', 'person.signed_in', 'person.sign_in_failed')
"""
_STRETCHES = """
SELECT person, seq, at, presence, team, lead(at) OVER (PARTITION BY person ORDER BY seq) AS ends FROM turns
WHERE kind IN ('presence.changed', 'person.deactivated')
"""

registry.source(
    Source(
        "presence",
        _("人员在线"),
        "person",
        frozenset(
            {
                staff_events.PERSON_CHANGED,
                staff_events.PRESENCE_CHANGED,
                staff_events.PERSON_DEACTIVATED,
                staff_events.PERSON_SIGNED_IN,
                staff_events.PERSON_SIGN_IN_FAILED,
            }
        ),
        given={"turns": _TURNS, "stretches": _STRETCHES},
        columns={
            "subject_id": "s.person",
            "person_id": "s.person",
            "team_id": "s.team",
            "at": "s.at",
            "ref": "s.seq",
        },
        series=(
            Series(
                "person.presence",
                "FROM stretches s WHERE s.presence IS NOT NULL AND (s.ends IS NULL OR s.ends > s.at)",
                {"until": f"coalesce(s.ends, {OPEN_END})", "outcome": "s.presence"},
            ),
            Series("person.signed_in", "FROM turns s WHERE s.kind = 'person.signed_in'", {}),
            Series("person.sign_in_failed", "FROM turns s WHERE s.kind = 'person.sign_in_failed'", {}),
        ),
        units=lambda: units_of("staff_person", "person"),
    )
)

_HERE = {"outcome": ("online", "busy")}
registry.metrics(
    Metric(
        "online_time",
        _("在线时长"),
        "people",
        _("人员处于“在线”或“忙碌”状态的时长合计。正在进行的一段算到此刻。"),
        _("“在线”或“忙碌”的时段"),
        "person.presence",
        Aggregate.LASTING,
        Unit.SECONDS,
        only=_HERE,
        cut=("person",),
    ),
    Metric(
        "online_time_per_person",
        _("人均在线时长"),
        "people",
        _("在线时长合计，除以时间范围内曾经在线的人数。"),
        _("“在线”或“忙碌”的时段"),
        "person.presence",
        Aggregate.LASTING_PER,
        Unit.SECONDS,
        only=_HERE,
        per=("person_id",),
        cut=("team",),
    ),
    Metric(
        "busy_share",
        _("忙碌占比"),
        "people",
        _("在线时间里标为“忙碌”的部分。是本人标示的状态，不是系统推算的占用率。"),
        _("“在线”或“忙碌”的时段"),
        "person.presence",
        Aggregate.LASTING_SHARE,
        Unit.SHARE,
        hits=_("“忙碌”的时段"),
        only=_HERE,
        hit={"outcome": "busy"},
        cut=("team", "person"),
    ),
    Metric(
        "online_people",
        _("在线人数"),
        "people",
        _("时间范围结束时（或此刻）在线或忙碌的人数。"),
        _("当时在线或忙碌的人"),
        "person.presence",
        Aggregate.STANDING,
        noun=PEOPLE,
        only=_HERE,
        cut=("team",),
    ),
    Metric(
        "sign_ins",
        _("登录次数"),
        "people",
        _("人员登录系统的次数。"),
        _("期内的登录"),
        "person.signed_in",
        noun=TIMES,
        cut=("person",),
    ),
    Metric(
        "sign_in_failures",
        _("登录失败次数"),
        "people",
        _("密码或验证码不对的登录。突然增多值得查看。"),
        _("未通过的登录"),
        "person.sign_in_failed",
        noun=TIMES,
        direction=Direction.DOWN,
        cut=("person",),
    ),
)
