"""A report as a spreadsheet. Numbers are numbers: shares as per cent, lengths of time as hours, minutes and seconds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from shounuo.analytics import queries
from shounuo.metrics import words as metric_words
from shounuo.metrics.rules import Unit
from shounuo.web.dashboards.parts import Part, Slot, figure_slot
from shounuo.web.figures import showing as figures
from shounuo.web.reports.showing import Told

TITLE = Font(bold=True, size=14)
HEAD = Font(bold=True)
GREY = Font(color="616C66")
LINE = Border(bottom=Side(style="thin", color="CFD6D1"))
FORMATS = {
    Unit.SHARE: "0.0%",
    Unit.SECONDS: "[h]:mm:ss",
    Unit.RATIO: "0.00",
    Unit.SCORE: "0.0",
    Unit.MONEY: "0.00",
}
DAY = 86_400
WIDEST = 48


def workbook(told: Told) -> bytes:
    """The bytes of an .xlsx file."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _("概要")
    _summary(sheet, told)
    for part in told.parts:
        if part.rows:
            _part(book.create_sheet(_sheet_name(part.title, book.sheetnames)), part)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _summary(sheet: Worksheet, told: Told) -> None:
    _text(sheet.cell(1, 1), f"{told.title} {told.period}").font = TITLE
    _text(sheet.cell(2, 1), told.span).font = GREY
    line = 4
    for point in told.points:
        _text(sheet.cell(line, 1), point)
        line += 1
    line += 1
    heads = (_("指标"), _("本期"), _("上期"), _("目标"), _("样本"), _("数的是"))
    _heads(sheet, line, heads)
    for one in told.compared:
        line += 1
        metric, total = one.metric, one.now.total
        target = queries.target_of(queries.drawn(told.limits.get(metric.code, ()), metric, None))
        _text(sheet.cell(line, 1), metric_words.name(metric))
        _number(sheet.cell(line, 2), figure_slot(metric, total.value))
        _number(sheet.cell(line, 3), figure_slot(metric, one.before.total.value))
        _number(sheet.cell(line, 4), figure_slot(metric, target.value) if target else Slot())
        _number(sheet.cell(line, 5), Slot(raw=total.n))
        _text(sheet.cell(line, 6), figures.population(metric, total))
    sheet.column_dimensions["A"].width = 24
    for letter in "BCDE":
        sheet.column_dimensions[letter].width = 12
    sheet.column_dimensions["F"].width = WIDEST


def _part(sheet: Worksheet, part: Part) -> None:
    _text(sheet.cell(1, 1), part.title).font = TITLE
    _text(sheet.cell(2, 1), part.note).font = GREY
    shown = [n for n, column in enumerate(part.columns) if column.code]
    _heads(sheet, 3, [capfirst(part.columns[n].label or part.columns[n].code) for n in shown])
    widths = [_wide(part.columns[n].label) + 2 for n in shown]
    for line, row in enumerate(part.rows, 4):
        for place, n in enumerate(shown, 1):
            slot = row[n]
            cell = sheet.cell(line, place)
            if part.columns[n].is_number:
                _number(cell, slot)
            else:
                _text(cell, slot.text)
            widths[place - 1] = max(widths[place - 1], min(WIDEST, _wide(slot.text) + 2))
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = max(10, width)
    sheet.freeze_panes = "A4"


def _wide(text: str) -> int:
    """The width of a text in half-width characters."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _heads(sheet: Worksheet, line: int, names: Sequence[str]) -> None:
    for place, name in enumerate(names, 1):
        cell = _text(sheet.cell(line, place), name)
        cell.font, cell.border = HEAD, LINE
        cell.alignment = Alignment(horizontal="left" if place == 1 else "right")


def _text(cell: Any, text: str) -> Cell:
    """The text as it is: one that begins like a formula is none."""
    assert isinstance(cell, Cell)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    return cell


def _number(cell: Any, slot: Slot) -> None:
    if slot.raw is None:
        return
    if not isinstance(slot.raw, int | float):
        _text(cell, slot.text or str(slot.raw))
        return
    scale = {Unit.SECONDS: DAY, Unit.MONEY: 100}.get(slot.unit or Unit.COUNT, 1)
    cell.value = slot.raw / scale if scale != 1 else slot.raw
    if slot.unit in FORMATS:
        cell.number_format = FORMATS[slot.unit]


def _sheet_name(title: str, taken: Sequence[str]) -> str:
    """At most 31 characters, none that a sheet's name may not hold, each once."""
    plain = "".join(c for c in title if c not in "[]:*?/\\")[:28] or "-"
    return plain if plain not in taken else f"{plain} {len(taken)}"
