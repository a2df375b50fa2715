"""The quarterly compliance report as a workbook: summary, clauses, teams by weeks, breaches, targets."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.kernel import csvfile
from shounuo.kernel.errors import Unavailable
from shounuo.staff import queries as staff
from shounuo.web.compliance.period import Quarter
from shounuo.web.compliance.showing import Cell, Report, week_name

PERCENT = "0.0%"
WIDEST = 60


def made(quarter: Quarter, report: Report, breaches: Sequence[dict[str, Any]], at: datetime) -> bytes:
    """The workbook's bytes, in the reader's language. Unavailable where the library for it is not installed."""
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise Unavailable(_("没有安装 openpyxl，暂时导不出表格"), code="no_openpyxl") from error
    book = Workbook()
    book.remove(book.active)
    _sheet(book, _("概要"), (), _summary(quarter, report, at))
    head = (
        pgettext("dimension", "条款"),
        _("标题"),
        _("应办"),
        _("办到"),
        pgettext("place", "违诺"),
        _("守诺率"),
        pgettext("goal", "目标"),
    )
    _sheet(
        book,
        _("条款"),
        (*head, *map(week_name, report.weeks)),
        (
            (
                *(line.number, line.title, line.whole.due, line.whole.met, line.whole.broken),
                *(line.whole.share, line.target),
                *(c.share for c in line.weeks),
            )
            for line in report.lines
        ),
        shares=5,
    )
    _sheet(
        book,
        _("小组与周"),
        (_("小组"), _("应办"), _("守诺率"), *map(week_name, report.weeks)),
        ((name, whole.due, whole.share, *(c.share for c in cells)) for name, cells, whole in report.teams),
        shares=2,
    )
    _sheet(
        book,
        pgettext("place", "违诺"),
        (pgettext("dimension", "条款"), _("单据"), _("标题"), _("到期"), _("超时"), _("负责"), _("原因")),
        (
            (b["clause"], str(b["number"]), b["title"], _local(b["due"]), b["over"], b["who"], b["reason"])
            for b in breaches
        ),
    )
    _sheet(
        book,
        _("指标"),
        (
            pgettext("dimension", "条款"),
            _("指标"),
            _("结果"),
            _("数值"),
            pgettext("goal", "目标"),
            _("差距"),
            _("样本"),
        ),
        (
            (t["number"], t["title"], t["state"], t["value"], t["limit"], t["gap"], t["n"])
            for t in report.targets
        ),
    )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _summary(quarter: Quarter, report: Report, at: datetime) -> Iterable[tuple[Any, ...]]:
    whole: Cell = report.whole
    yield _("季度合规报告"), quarter.label
    yield _("单位"), staff.organisation().name
    yield pgettext("span", "时段"), f"{quarter.first:%Y-%m-%d} – {quarter.last:%Y-%m-%d}"
    yield _("制表"), _local(at)
    yield _("应办"), whole.due
    yield _("办到"), whole.met
    yield pgettext("place", "违诺"), whole.broken
    yield _("守诺率"), whole.share
    yield _("上一季守诺率"), report.before.share
    yield _("还没有写原因"), report.unexplained
    for name, count in report.reasons:
        yield _("原因：%(name)s") % {"name": name}, count


def _local(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _sheet(
    book: Any, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], *, shares: int | None = None
) -> None:
    """A sheet with its head in bold and frozen; from column `shares` on, numbers are shares."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title[:31])
    widths: dict[int, int] = {}
    for number, row in enumerate(([*head] if head else [], *rows), start=1 if head else 0):
        if number == 0:
            continue
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(
                row=number,
                column=column,
                value=csvfile.cell(capfirst(value) if number == 1 and head else value),
            )
            if head and number == 1:
                cell.font = Font(bold=True)
            if isinstance(value, float):
                cell.number_format = PERCENT if shares is None or column > shares else "General"
            widths[column] = max(widths.get(column, 8), min(_width(value), WIDEST))
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = width + 2
    if head:
        sheet.freeze_panes = "A2"


def _width(value: Any) -> int:
    """How wide a value is as the sheet shows it, in half-width characters: a share has one decimal, not sixteen."""
    if isinstance(value, float):
        return len(f"{value:.1%}")
    text = str(value if value is not None else "")
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)
