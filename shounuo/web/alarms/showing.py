"""What the pages of the alarms show: figures in words beside their limits, the days of an alarm, a month of them."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import whole
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.permissions import READ
from shounuo.metrics.registry import Dimension, Metric
from shounuo.metrics.rules import Unit
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import CHAINED
from shounuo.policy.schema import Alarm as AlarmRule
from shounuo.policy.sentences import sentence
from shounuo.policy.thresholds import limit_of
from shounuo.process import book
from shounuo.process import queries as process
from shounuo.risk import queries, rules
from shounuo.risk.models import Alarm, AlarmDay
from shounuo.staff import queries as staff
from shounuo.web.figures import showing as figures
from shounuo.web.process.showing import rows as process_rows
from shounuo.web.words import WEEKDAYS, days_span, sign

ON_BOARD = 8  # lines of alarms on the supervisor's board; the others are on their own page


def zone() -> ZoneInfo:
    return ZoneInfo(staff.organisation().zone)


def rows(actor: Actor, alarms: Iterable[Alarm]) -> list[dict[str, Any]]:
    """Alarms as lines of a list. Two queries and one per kind of what they are about, whatever their number."""
    found = list(alarms)
    specs = _specs({a.rule_id for a in found})
    about = _about(actor, found)
    return [_row(a, specs[a.rule_id], about.get(a.about)) for a in found]


def _row(alarm: Alarm, rule: tuple[Rule, AlarmRule], about: dict[str, str] | None) -> dict[str, Any]:
    row, spec = rule
    return {
        "id": alarm.pk,
        "level": alarm.level,
        "name": spoken(row.title, row.title_en) or alarm.name,
        "clause": alarm.clause_code.partition("-")[2],
        "clause_url": reverse("clause", args=[alarm.clause_code]),
        "url": reverse("alarm", args=[alarm.pk]),
        "figure": figure(spec, alarm) if alarm.metric else "",
        "raised_figure": figure(spec, alarm, alarm.raised_value) if alarm.raised_value is not None else "",
        "stands": stands(spec, alarm),
        "counts_days": alarm.metric == CHAINED,
        "limit": limit(spec, alarm),
        "about": about,
        "raised_at": alarm.raised_at,
        "ended_at": alarm.closed_at or alarm.released_at,
        "state": alarm.get_state_display(),
        "is_open": alarm.is_open,
        "by": alarm.acknowledged_by,
        "acknowledged_at": alarm.acknowledged_at,
        "reviewed": bool(alarm.review),
        "ack_url": reverse("alarm-acknowledge", args=[alarm.pk]) if alarm.acknowledged_at is None else "",
    }


def _specs(ids: set[int]) -> dict[int, tuple[Rule, AlarmRule]]:
    found = {}
    for row in Rule.objects.filter(pk__in=ids):
        spec = rule_of(row.kind, row.name, row.body)
        assert isinstance(spec, AlarmRule)
        found[row.pk] = (row, spec)
    return found


def _about(actor: Actor, alarms: list[Alarm]) -> dict[str, dict[str, str]]:
    """What alarms are about, by its key; of what the reader may not see, no more than that."""
    ids: dict[str, set[int]] = {}
    for alarm in alarms:
        kind, _colon, text = alarm.about.partition(":")
        if (number := whole(text)) is not None:
            ids.setdefault(kind, set()).add(number)
    found = _slices(alarms)
    for kind, of_kind in ids.items():
        subject = subjects.get(kind)
        if subject is None:
            continue
        seen = subject.visible_ids(actor, of_kind)
        for id in of_kind - seen:
            found[f"{kind}:{id}"] = {"label": _("不在您的可见范围"), "url": "", "hidden": "1"}
        for id, label in subject.label(seen).items():
            found[f"{kind}:{id}"] = {"label": label, "url": subject.url(id)}
    return found


def _slices(alarms: list[Alarm]) -> dict[str, dict[str, str]]:
    """What alarms on a slice are about: the value of a dimension, or a metric."""
    texts: dict[str, set[str]] = {}
    for alarm in alarms:
        by, sign, text = alarm.about.partition("@")
        if sign:
            texts.setdefault(by, set()).add(text)
    found = {}
    for by, some in texts.items():
        if by == "metric":
            for code in some:
                metric = registry.get(code)
                if metric is not None:
                    found[f"{by}@{code}"] = {
                        "label": metric_words.name(metric),
                        "url": reverse("metric", args=[code]),
                    }
            continue
        dimension = registry.dimensions().get(by)
        if dimension is not None:
            values = {_key(dimension, text): text for text in some}
            for value, name in dimension.names(list(values)).items():
                if value in values:
                    found[f"{by}@{values[value]}"] = {"label": str(name), "url": ""}
    return found


def _key(dimension: Dimension, text: str) -> Any:
    """The value of a dimension's column as it was written into the alarm."""
    number = whole(text) if dimension.column.endswith("_id") else None
    return text if number is None else number


def figure(spec: AlarmRule, alarm: Alarm, value: float | None = None) -> str:
    """The figure in words; empty for an alarm that an event raised."""
    value = alarm.value if value is None else value
    if alarm.metric == CHAINED:
        return _("连续 %(n)d 天") % {"n": int(value or 0)}
    if spec.absent:
        return _("没有数据") if not value else _("有数据了")
    if spec.change:
        return _("新出现") if value is None else f"{value * 100:+.0f}%"
    metric = metric_of(alarm)
    return figures.plain(metric, value) if metric is not None else ""


def stands(spec: AlarmRule, alarm: Alarm) -> bool:
    """Whether the figure as last read is one to give alarm for. An open alarm's need not be: today may have too few yet,
    or it has gone back and the day is not over."""
    metric = metric_of(alarm)
    unit = Unit.COUNT if alarm.metric == CHAINED else metric.unit if metric is not None else None
    line = limit_of(spec.threshold, unit) if spec.threshold is not None and unit is not None else None
    return rules.stands(spec, alarm.value, limit=line)


def given_for(line: Mapping[str, Any]) -> str:
    """The figure that a line's alarm was given for: as it stands, or as it was then."""
    if line["stands"]:
        return str(line["figure"])
    return _("发出时 %(figure)s") % {"figure": line["raised_figure"]} if line["raised_figure"] else ""


def metric_of(alarm: Alarm) -> Metric | None:
    """The metric that the alarm is on: its rule's, or that which the rule watches among others."""
    by, _sign, code = alarm.about.partition("@")
    return registry.get(code if by == "metric" else alarm.metric)


def limit(spec: AlarmRule, alarm: Alarm) -> str:
    """The threshold in words, with its comparison."""
    if spec.change:
        return f"{'≥' if spec.change[0] == '+' else '≤'} {spec.change}"
    if spec.threshold is None:
        return ""
    metric = metric_of(alarm)
    if alarm.metric == CHAINED or metric is None:
        return f"{sign(spec.threshold.op)} {spec.threshold.value}"
    return f"{sign(spec.threshold.op)} {figures.plain(metric, limit_of(spec.threshold, metric.unit))}"


def chart(spec: AlarmRule, alarm: Alarm, days: list[AlarmDay]) -> dict[str, Any] | None:
    """The alarm's days as a course with its limit; None of what is no figure, or of fewer than three days."""
    metric = metric_of(alarm)
    told = [d for d in days if d.value is not None]
    if len(told) < 3 or spec.absent:
        return None
    values = [d.value for d in days]
    line: float | None = None
    if alarm.metric == CHAINED:
        scale, unit = 1.0, _("天")
        line = float(str(spec.threshold.value)) if spec.threshold is not None else None
    elif spec.change:
        scale, unit = 0.01, "%"
        line = float(spec.change.rstrip("%")) / 100
    elif metric is not None:
        scale, unit = figures.axis_scale(metric, values)
        line = limit_of(spec.threshold, metric.unit) if spec.threshold is not None else None
    else:
        return None
    name = metric_words.name(metric) if metric is not None else _("天数")
    return {
        "labels": [figures.tick(d.day, "day") for d in days],
        "values": figures.scaled(values, scale),
        "counts": [],
        "unit": unit,
        "bars": alarm.metric == CHAINED,
        "value_name": name,
        "count_name": "",
        "limits": [
            {"value": round(line / scale, 2), "label": limit(spec, alarm), "level": alarm.level or "notice"}
        ]
        if line is not None
        else [],
        "label": _("%(name)s，%(n)d 天，最近 %(value)s")
        % {"name": name, "n": len(days), "value": figure(spec, alarm, told[-1].value)},
    }


def plan(actor: Actor, spec: AlarmRule, alarm: Alarm, at: datetime) -> dict[str, Any] | None:
    """The playbook that the rule names: its runs for this alarm as far as the reader may see them, and whether there is such
    a playbook at all. None of a rule that names none."""
    if not spec.plan:
        return None
    runs, _more = process.listed(actor, about=("alarm", alarm.pk))
    found = book.plan_of(alarm.rule_id, at)
    title = policy.rule_titles([found.rule_id])[found.rule_id] if found is not None else spec.plan
    return {"title": title, "runs": process_rows(runs, actor, at), "is_missing": found is None and not runs}


def details(actor: Actor, alarm: Alarm, at: datetime) -> dict[str, Any]:
    """One alarm with its rule in words, its plan, its days and its course."""
    shown = rows(actor, [alarm])[0]
    spec = _specs({alarm.rule_id})[alarm.rule_id][1]
    days = queries.days_of(alarm)
    metric = metric_of(alarm)
    return shown | {
        "chart": chart(spec, alarm, days),
        "plan": plan(actor, spec, alarm, at),
        "rule": sentence(spec),
        "metric": metric_words.name(metric) if metric is not None else "",
        "metric_url": reverse("metric", args=[metric.code])
        if metric is not None and not metric.waits_for and actor.may(READ)
        else "",
        "population": str(metric.population) if metric is not None else "",
        "n": alarm.n,
        "seen_at": alarm.seen_at,
        "roles": list(spec.notify),
        "days": [
            {
                "day": d.day,
                "value": figure(spec, alarm, d.value) if d.value is not None else "",
                "n": d.n,
                "held": d.held,
            }
            for d in reversed(days)
        ],
        "review": alarm.review,
        "closed_by": alarm.closed_by,
        "closed_at": alarm.closed_at,
        "released_at": alarm.released_at,
        "can_close": alarm.state != Alarm.State.CLOSED and not (alarm.is_open and alarm.metric),
        "waits": alarm.is_open and bool(alarm.metric),
    }


def board(
    actor: Actor, open_: Iterable[Alarm], lately: Iterable[Alarm], first: date, at: datetime
) -> dict[str, Any]:
    """What is open and what ended lately as lines, and the month of the date. What they are about is asked for once."""
    now, over = list(open_), list(lately)
    weeks = Calendar(firstweekday=0).monthdatescalendar(first.year, first.month)
    held = queries.on_days(actor, weeks[0][0], weeks[-1][-1])
    shown = {a.pk: a for a in (*now, *over, *(r.alarm for some in held.values() for r in some))}
    lines = {line["id"]: line for line in rows(actor, shown.values())}
    return {
        "open": [lines[a.pk] for a in now],
        "lately": [lines[a.pk] for a in over],
        "month": month(weeks, held, lines, first.replace(day=1), at),
    }


def month(
    weeks: list[list[date]],
    held: dict[date, list[AlarmDay]],
    lines: dict[int, dict[str, Any]],
    first: date,
    at: datetime,
) -> dict[str, Any]:
    """A month as weeks from Monday: their days, and what held as bars over its days. `lines`: rows by their alarm."""
    names = {
        id: " · ".join(filter(None, (line["name"], line["about"] and line["about"]["label"])))
        for id, line in lines.items()
    }
    today = at.astimezone(zone()).date()
    before, after = first - timedelta(days=1), first + timedelta(days=32)
    return {
        "name": date_format(first, "YEAR_MONTH_FORMAT"),
        "before": f"?month={before:%Y-%m}",
        "after": f"?month={after:%Y-%m}" if after.replace(day=1) <= today else "",
        "weekdays": [str(day) for day in WEEKDAYS],
        "weeks": [
            {
                "days": [
                    {"day": day, "other": day.month != first.month, "today": day == today} for day in week
                ],
                "bars": bars(week, held, names, first),
            }
            for week in weeks
        ],
    }


def bars(
    week: list[date], held: dict[date, list[AlarmDay]], names: dict[int, str], first: date
) -> list[dict[str, Any]]:
    """What held in a week, the gravest first: a bar for each run of days on which the same alarm held."""
    found: list[tuple[Alarm, int, int]] = []
    last: dict[int, int] = {}
    for column, day in enumerate(week, start=1):
        for row in held.get(day, []):
            place = last.get(row.alarm_id)
            if place is not None and found[place][1] + found[place][2] == column:
                alarm, start, span = found[place]
                found[place] = (alarm, start, span + 1)
            else:
                last[row.alarm_id] = len(found)
                found.append((row.alarm, column, 1))
    return [
        {
            "level": alarm.level,
            "name": names[alarm.pk],
            "url": reverse("alarm", args=[alarm.pk]),
            "start": start,
            "span": span,
            "days": days_span(week[start - 1], week[start + span - 2], first),
        }
        for alarm, start, span in sorted(
            found, key=lambda bar: (queries.ORDER[bar[0].level], -bar[2], bar[1])
        )
    ]


def board_items(actor: Actor) -> tuple[list[dict[str, str]], int]:
    """The first of what is open, for the supervisor's board, and how many are open. Of one level, what he can look into
    stands before what he cannot."""
    found = rows(actor, queries.open_alarms(actor))
    found.sort(key=lambda r: (queries.ORDER[r["level"]], bool(r["about"] and r["about"].get("hidden"))))
    shown = [
        {
            "level": r["level"],
            "text": r["name"],
            "note": " · ".join(filter(None, (given_for(r), r["about"]["label"] if r["about"] else ""))),
            "url": r["url"],
        }
        for r in found[:ON_BOARD]
    ]
    return shown, len(found)
