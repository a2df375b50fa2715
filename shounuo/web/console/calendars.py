"""Working calendars: the list, a year, its days, imports, trials, and the clocks that a change would move."""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.calendars import queries, rules, services
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.permissions import MANAGE
from shounuo.commitments import queries as clocks
from shounuo.commitments import services as commitments
from shounuo.commitments.permissions import REBASE
from shounuo.events import subjects
from shounuo.kernel import reach
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, Problem
from shounuo.kernel.text import decode
from shounuo.web.console import pages, trial, year
from shounuo.web.console.calendar_forms import AlwaysForm, CalendarForm, DayForm, ImportForm, RebaseForm
from shounuo.web.console.hours import hours_text
from shounuo.web.console.menu import first_url
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page
from shounuo.web.words import moment_words

LIST = "/settings/calendars/"
MOST_COUNTED = 1000  # affected clocks are counted up to here
MOST_LISTED = 12
MOST_BYTES = 1024 * 1024


@staff_page(MANAGE)
def index(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "id": c.pk,
            "url": f"{LIST}{c.code}/",
            "cells": [
                _("%(name)s（默认）") % {"name": c.name} if c.code == services.BUSINESS else c.name,
                c.code,
                year.week_line(c),
                _("随国务院安排") if c.statutory else _("不随"),
                c.zone,
            ],
            "acts": [{"url": f"{LIST}{c.code}/edit/", "label": _("改")}],
        }
        for c in queries.visible_to(actor_of(request))
    ]
    unknown = queries.missing_years(timezone.localdate())
    note = ""
    if unknown:
        told = _("、").join(f"{c.name} {y}" for c, y in unknown)
        note = _("还不知道放假安排：%(which)s。先按每周安排计，公布后请导入。") % {"which": told}
    return pages.table(
        request,
        title=_("工作日历"),
        columns=[{"label": t} for t in (_("名称"), _("代码"), _("每周"), _("节假日"), _("时区"))],
        rows=rows,
        note=note,
        add={"url": f"{LIST}new/", "label": _("加一本日历")},
        empty={
            "title": _("还没有日历"),
            "text": _("时限按日历里的工作时间计"),
            "url": f"{LIST}new/",
            "action": _("加一本日历"),
        },
    )


@staff_page(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    zone = request.organisation.zone  # type: ignore[attr-defined]
    form = CalendarForm(request.POST or None, weekly=rules.DEFAULT_WEEKLY, initial={"zone": zone})

    def save(values: dict[str, Any]) -> str:
        values["statutory_days"] = values.pop("statutory")
        made = services.calendar_create(**values, actor=actor_of(request), at=now())
        return f"{LIST}{made.code}/"

    return pages.edit(
        request,
        form,
        title=_("加一本日历"),
        save=save,
        done_url=LIST,
        save_label=_("加进来"),
        toast=_("日历已加"),
        template="calendars/form.html",
    )


@staff_page(MANAGE)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Name, zone, hours of the week. Nothing of it moves a clock that runs."""
    calendar = queries.calendar_of(code)
    initial = {f: getattr(calendar, f) for f in ("name", "code", "zone", "statutory")}
    form: forms.Form
    if calendar.kind == Calendar.Kind.ALWAYS:
        form = AlwaysForm(request.POST or None, initial=initial)
    else:
        form = CalendarForm(request.POST or None, weekly=calendar.weekly, initial=initial)
        form.fields["code"].disabled = True

    def save(values: dict[str, Any]) -> None:
        given: dict[str, Any] = {"code": code, "actor": actor_of(request), "at": now()}
        with transaction.atomic():
            services.calendar_rename(name=values["name"], **given)
            services.calendar_change_zone(zone=values["zone"], **given)
            if "weekly" in values:
                services.calendar_change_hours(weekly=values["weekly"], **given)
                services.calendar_follow_statutory(follow=values["statutory"], **given)

    return pages.edit(
        request,
        form,
        title=calendar.name,
        save=save,
        done_url=f"{LIST}{code}/",
        toast=_("已保存；在计的时限没有动"),
        template="calendars/form.html",
    )


@staff_page(MANAGE)
def this_year(request: HttpRequest, code: str) -> HttpResponse:
    return page(request, code, _today(queries.calendar_of(code)).year)


@staff_page(MANAGE)
def page(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A year, its selected day, what differs, a trial and whether running clocks stand by older hours."""
    calendar = queries.calendar_of(code)
    view = queries.year_view(calendar, number)
    today = _today(calendar)
    chosen = _date(request.GET.get("day")) or (today if today.year == number else None)
    day = next((d for d in view.days if d.date == chosen), None)
    summary, summary_note = year.summary(view)
    business = calendar.kind == Calendar.Kind.BUSINESS
    actor = actor_of(request)
    start = now().astimezone(ZoneInfo(calendar.zone)).replace(second=0, microsecond=0, tzinfo=None)
    months = year.months(view, day.date if day else None, today)
    return render(
        request,
        "calendars/year.html",
        {
            "calendar": {
                "name": calendar.name,
                "is_default": code == services.BUSINESS,
                "index_url": LIST,
                "settings_url": first_url(actor),
                "edit_url": f"{LIST}{code}/edit/",
            },
            "years": [
                {"label": n, "url": year.address(calendar, n), "active": n == number}
                for n in (number - 1, number, number + 1)
                if n in rules.YEARS
            ],
            "import_url": f"{LIST}{code}/import/?year={number}" if business else "",
            "add_url": f"{LIST}{code}/day/" if business else "",
            "summary": summary,
            "summary_note": summary_note,
            "provisional": _provisional(view),
            "months": months,
            "guessed": any(cell.get("guess") for month in months for cell in month["cells"]),
            "selected": year.selected(calendar, day) if day else None,
            "week": year.week(calendar),
            "exceptions": year.exceptions(calendar, number),
            "affected_url": f"{LIST}{code}/affected/" if _may_be_affected(calendar, request) else "",
            "trial": {
                "url": f"{LIST}{code}/trial/",
                "start": start.isoformat(timespec="minutes"),
                "within": _("3 个工作日"),
                **_tried(calendar, start, _("3 个工作日")),
            },
        },
    )


@staff_page(MANAGE)
def try_out(request: HttpRequest, code: str) -> HttpResponse:
    """The trial's answer, in place."""
    calendar = queries.calendar_of(code)
    start = _moment(request.GET.get("start", ""))
    if start is None:
        return render(request, "calendars/_trial.html", {"trial": {"error": _("请写开始的日期和时间")}})
    tried = _tried(calendar, start, request.GET.get("within", ""))
    return render(request, "calendars/_trial.html", {"trial": tried})


def _tried(calendar: Calendar, start: datetime, within: str) -> dict[str, Any]:
    try:
        return trial.run(calendar, start.replace(tzinfo=ZoneInfo(calendar.zone)), within)
    except Problem as problem:
        return {"error": str(problem)}


@staff_page(MANAGE)
def day_edit(request: HttpRequest, code: str) -> HttpResponse:
    """A dialog that sets a date by the organisation's own word, or takes that back."""
    calendar = queries.calendar_of(code)
    chosen = _date(request.GET.get("date"))
    own = None
    if chosen is not None:
        own = calendar.days.filter(date=chosen, source=CalendarDay.Source.OWN).first()
    initial: dict[str, Any] = {"date": chosen, "kind": "holiday"}
    if own is not None:
        initial |= {"kind": own.kind, "name": own.name, "like": own.like}
        initial["intervals"] = hours_text(own.intervals or [])

    def save(values: dict[str, Any]) -> str:
        services.day_set(code=code, **values, actor=actor_of(request), at=now())
        return year.address(calendar, values["date"].year, values["date"])

    remove = None
    if own is not None and chosen is not None:
        remove = {
            "url": f"{LIST}{code}/day/clear/?date={chosen.isoformat()}",
            "label": _("取消这个例外"),
            "confirm": _("这一天恢复原来的安排；在计的时限不动"),
        }
    return pages.dialog(
        request,
        DayForm(request.POST or None, initial=initial),
        title=_("改这一天") if chosen else _("加例外"),
        save=save,
        done_url=f"{LIST}{code}/",
        verb=_("就这样定"),
        toast=_("已定；在计的时限没有动"),
        lead=_("本单位的设定高于法定和导入的安排。"),
        remove=remove,
    )


@staff_page(MANAGE)
def day_clear(request: HttpRequest, code: str) -> HttpResponse:
    chosen = _date(request.GET.get("date"))
    if chosen is None:
        raise Invalid(_("日期看不懂"), field="date")
    calendar = queries.calendar_of(code)
    return pages.act(
        request,
        lambda: services.day_clear(code=code, date=chosen, actor=actor_of(request), at=now()),
        done_url=year.address(calendar, chosen.year, chosen),
        toast=_("已恢复原来的安排"),
    )


@staff_page(MANAGE)
def year_import(request: HttpRequest, code: str) -> HttpResponse:
    """Brings a year's holidays and make-up days in. What was read of a file comes back as text when refused."""
    calendar = queries.calendar_of(code)
    given = request.POST.copy() if request.method == "POST" else None
    file = request.FILES.get("file")
    if given is not None and file is not None:
        if file.size and file.size > MOST_BYTES:
            raise Invalid(_("文件太大，最多 1 MB"), field="file")
        given["days"] = decode(file.read())
    number = _year(request.GET.get("year")) or _today(calendar).year
    form = ImportForm(given, initial={"year": number})

    def save(values: dict[str, Any]) -> str:
        days = rules.year_parse(values["days"])
        services.year_import(code=code, year=values["year"], days=days, actor=actor_of(request), at=now())
        return year.address(calendar, values["year"])

    imported = number in calendar.imported_years
    return pages.edit(
        request,
        form,
        title=_("导入放假安排"),
        save=save,
        done_url=year.address(calendar, number),
        save_label=_("导入"),
        toast=_("已导入；在计的时限没有动"),
        lead=_("导入的就是这一年全部的放假和调休，替换原先的；本单位自设的例外仍然在上。"),
        delete={
            "url": f"{LIST}{code}/forget/?year={number}",
            "label": _("撤掉 %(year)s 年的导入") % {"year": number},
            "confirm": _("撤掉后按国务院公布的安排计，没有公布就按每周安排"),
        }
        if imported
        else None,
    )


@staff_page(MANAGE)
def year_forget(request: HttpRequest, code: str) -> HttpResponse:
    number = _year(request.GET.get("year"))
    if number is None:
        raise Invalid(_("年份看不懂"), field="year")
    calendar = queries.calendar_of(code)
    return pages.act(
        request,
        lambda: services.year_forget(code=code, year=number, actor=actor_of(request), at=now()),
        done_url=year.address(calendar, number),
        toast=_("导入已撤掉"),
    )


@staff_page(MANAGE)
def affected(request: HttpRequest, code: str) -> HttpResponse:
    """How many running clocks would fall due at another moment now; empty when none would."""
    calendar = queries.calendar_of(code)
    found = sum(1 for _c in islice(clocks.affected_by(code, actor=actor_of(request)), MOST_COUNTED))
    text = ""
    if found:
        words = {"n": found}
        text = (
            _("%(n)s 项以上在计的时限还按改动前的日历计。")
            if found == MOST_COUNTED
            else ngettext(
                "%(n)s 项在计的时限还按改动前的日历计。", "%(n)s 项在计的时限还按改动前的日历计。", found
            )
        ) % words
    context = {"rebase": {"text": text, "url": f"{LIST}{calendar.code}/rebase/", "label": _("看看并重排")}}
    return render(request, "calendars/_affected.html", context if text else {})


@staff_page(MANAGE)
def rebase(request: HttpRequest, code: str) -> HttpResponse:
    """A dialog: which clocks would move, and one offer to move them all with a reason."""
    calendar = queries.calendar_of(code)
    actor = actor_of(request)
    moved = 0

    def save(values: dict[str, Any]) -> None:
        nonlocal moved
        moved = commitments.rebase_calendar(
            calendar_code=code, reason=values["reason"], actor=actor, at=now()
        )

    return pages.dialog(
        request,
        RebaseForm(request.POST or None),
        title=_("重排“%(name)s”上的时限") % {"name": calendar.name},
        save=save,
        done_url=f"{LIST}{code}/",
        verb=_("全部重排"),
        toast=lambda: ngettext("已重排 %(n)s 项时限", "已重排 %(n)s 项时限", moved) % {"n": moved},
        template="calendars/_rebase.html",
        lead=_("按现在的日历重新计算到期时间；已经过点的改为此刻到期，不算违诺。"),
        clocks=lambda: _listed(code, request),
    )


def _listed(code: str, request: HttpRequest) -> list[dict[str, Any]]:
    found = list(islice(clocks.affected_by(code, actor=actor_of(request)), MOST_LISTED))
    ids: dict[str, set[int]] = {}
    for clock, _due in found:
        ids.setdefault(clock.subject_kind, set()).add(clock.subject_id)
    labels: dict[tuple[str, int], str] = {}
    for kind, of_kind in ids.items():
        if (subject := subjects.get(kind)) is not None:
            labels |= {(kind, i): label for i, label in subject.label(of_kind).items()}
    at = now()
    return [
        {
            "clause": clock.clause_code,
            "label": labels.get((clock.subject_kind, clock.subject_id), ""),
            "was": moment_words(clock.due_at, at, "short"),
            "due": moment_words(due, at, "short"),
        }
        for clock, due in found
    ]


def _may_be_affected(calendar: Calendar, request: HttpRequest) -> bool:
    """Whether a clock runs here that is older than the last change, and the reader may move it."""
    if not actor_of(request).may(REBASE):
        return False
    older = clocks.live().filter(calendar=calendar.code, started_at__lt=calendar.changed_at)
    return older.exists()


def _provisional(view: queries.YearView) -> str:
    if not view.provisional:
        return ""
    return _(
        "%(year)s 年的放假安排还没有公布，先按每周安排计。公布后更新守诺，或在这里导入；以后改动不会自己移动在计的时限。"
    ) % {"year": view.year}


def _today(calendar: Calendar) -> date:
    return now().astimezone(ZoneInfo(calendar.zone)).date()


def _date(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if reach.can_be_named(day) else None


def _moment(text: str) -> datetime | None:
    """A wall time as the browser's field gives it."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if reach.can_be_named(moment) else None


def _year(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{4}", text) and int(text) in rules.YEARS else None
