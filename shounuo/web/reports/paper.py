"""A report as PDF, on A4, with the glyphs it uses embedded: phones and previews of mail bring no Chinese face."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import HexColor, linearlyInterpolatedColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle
from reportlab.platypus.flowables import Flowable

from shounuo.analytics.models import ReportComment
from shounuo.staff import queries as staff
from shounuo.web import words
from shounuo.web.dashboards.parts import Part, Slot
from shounuo.web.reports.faces import registered
from shounuo.web.reports.showing import Told

FACE = registered()
INK, GREY, LINE, ACCENT = (HexColor(code) for code in ("#16201c", "#616c66", "#cfd6d1", "#0b6b5b"))
RED, PALE, PAPER = (HexColor(code) for code in ("#cc372d", "#eef1ee", "#ffffff"))
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
INSET = 6  # what a frame keeps free inside its margins; tables do not keep to it
MOST_ROWS = 20
CHART = 46 * mm


def _style(name: str, size: float, lead: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=FACE, fontSize=size, leading=lead, wordWrap="CJK", textColor=INK, **more
    )


TITLE = _style("title", 18, 26, spaceAfter=2)
SPAN = _style("span", 10, 15, spaceAfter=10)
HEAD = _style("head", 13, 19, spaceBefore=12, spaceAfter=4)
BODY = _style("body", 10.5, 17)
SMALL = _style("small", 8.5, 12)
FIGURE = _style("figure", 14, 20)
CELL = _style("cell", 9, 12.5)
NUMBER = _style("number", 9, 12.5, alignment=TA_RIGHT)


def document(told: Told, comments: Sequence[ReportComment]) -> bytes:
    """The bytes of the PDF: points, figures, parts with their courses and tables, comments."""
    target = io.BytesIO()
    page = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN - INSET,
        rightMargin=MARGIN - INSET,
        topMargin=MARGIN,
        bottomMargin=20 * mm,
        title=f"{told.title} {told.period}",
        author=staff.organisation().name,
    )
    flow: list[Flowable] = [
        Paragraph(escape(f"{told.title} · {told.period}"), TITLE),
        Paragraph(escape(f"{staff.organisation().name} · {told.span}"), SPAN),
        *(Paragraph(f"· {escape(point)}", BODY) for point in told.points),
        Spacer(1, 8),
        _figures(told),
    ]
    for part in told.parts:
        if part.rows:
            flow += _part(part)
    if comments:
        flow.append(Paragraph(escape(_("评语")), HEAD))
        flow += [_comment(one) for one in comments]
    foot = _("%(title)s · 第 %(page)s 页")

    def number(canvas: Canvas, document: Any) -> None:
        canvas.setFont(FACE, 8.5)
        canvas.setFillColor(GREY)
        said = foot % {"title": f"{told.title} {told.period}", "page": document.page}
        canvas.drawString(MARGIN, 11 * mm, said)

    page.build(flow, onFirstPage=number, onLaterPages=number)
    return target.getvalue()


def _figures(told: Told) -> Flowable:
    """The five figures beside one another, each with what it is made of."""
    cells = [
        [
            Paragraph(escape(str(k["name"])), SMALL),
            Paragraph(f"{escape(str(k['value']))} <font size='9'>{escape(str(k['unit']))}</font>", FIGURE),
            Paragraph(escape(_change(k)), SMALL),
            Paragraph(escape(str(k["population"])), SMALL),
        ]
        for k in told.kpis
    ]
    table = Table([cells], colWidths=[WIDTH / len(cells)] * len(cells))
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BOX", (0, 0), (-1, -1), 0.5, LINE),
                ("INNERGRID", (0, 0), (-1, -1), 0.5, LINE),
            ]
        )
    )
    return table


def _change(kpi: dict[str, Any]) -> str:
    return str(kpi["delta"]["text"]) if kpi["delta"] else ""


def _part(part: Part) -> list[Flowable]:
    head: list[Flowable] = [Paragraph(escape(part.title), HEAD)]
    if part.note:
        head.append(Paragraph(escape(part.note), SMALL))
    if part.is_drawn and part.chart in ("lines", "trend"):
        return [KeepTogether([*head, _course(part)])]
    if part.is_drawn and part.chart == "heat":
        return [KeepTogether([*head, _heat(part)])]
    head.append(Spacer(1, 3))
    table = _table(part)
    more = len(part.rows) - MOST_ROWS
    told = (
        [Paragraph(escape(_("另有 %(n)s 行，见电子表格") % {"n": words.number(more)}), SMALL)]
        if more > 0
        else []
    )
    return [KeepTogether([*head, table, *told])] if len(part.rows) <= 12 else [*head, table, *told]


def _table(part: Part) -> Flowable:
    shown = [n for n, column in enumerate(part.columns) if column.code and column.is_shown]
    heads = [
        Paragraph(escape(part.columns[n].label), NUMBER if part.columns[n].is_number else CELL) for n in shown
    ]
    rows = [
        [Paragraph(escape(_words(row[n])), NUMBER if part.columns[n].is_number else CELL) for n in shown]
        for row in part.rows[:MOST_ROWS]
    ]
    wide = [1.0 if part.columns[n].is_number else 2.4 for n in shown]
    table = Table([heads, *rows], colWidths=[WIDTH * w / sum(wide) for w in wide], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, GREY),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _words(slot: Slot) -> str:
    return str(slot.delta["text"]) if slot.delta else slot.text


def _course(part: Part) -> Drawing:
    """The part's course as a line, its target dashed, bars of the population where it has them."""
    data = part.data
    lines = [data["shares"]] if part.chart == "trend" else [line["data"] for line in data["lines"]]
    limits = data["limits"]
    known = [v for line in lines for v in line if v is not None] + [one["value"] for one in limits]
    low = float(data.get("min", 0)) if part.chart == "trend" else 0.0
    high = 100.0 if part.chart == "trend" else max(known, default=1.0) * 1.1 or 1.0
    left, base, top = 26.0, 16.0, CHART - 6
    span = WIDTH - left - 30
    labels = data["labels"]
    step = span / max(1, len(labels) - 1)

    def y(value: float) -> float:
        return base + (min(max(value, low), high) - low) / (high - low) * (top - base)

    drawing = Drawing(WIDTH, CHART)
    for share in (0, 0.5, 1):
        value = low + (high - low) * share
        drawing.add(Line(left, y(value), left + span, y(value), strokeColor=LINE, strokeWidth=0.4))
        drawing.add(_said(left - 4, y(value) - 3, words.number(value, 0 if value >= 10 else 1), "end"))
    counts = data.get("counts") or []
    most = max(counts, default=0)
    for n, count in enumerate(counts):
        height = (top - base) * 0.3 * count / most if most else 0
        drawing.add(Rect(left + n * step - 2, base, 4, height, fillColor=LINE, strokeColor=None))
    for one in limits:
        drawing.add(
            Line(
                left,
                y(one["value"]),
                left + span,
                y(one["value"]),
                strokeColor=GREY,
                strokeWidth=0.6,
                strokeDashArray=[3, 3],
            )
        )
        drawing.add(_said(left + 2, y(one["value"]) + 2, one["label"], "start"))
    for place, line in enumerate(lines):
        main = place == len(lines) - 1
        for run in _runs(line):
            spots = [c for n in run for c in (left + n * step, y(line[n]))]
            if len(run) > 1:
                drawing.add(
                    PolyLine(spots, strokeColor=ACCENT, strokeWidth=1.4 if main else 0.5, fillColor=None)
                )
    every = max(1, len(labels) // 8)
    for n in range(0, len(labels), every):
        drawing.add(_said(left + n * step, 4, labels[n], "middle"))
    return drawing


def _heat(part: Part) -> Drawing:
    """A grid of days and hours, darker where more came, its number in each cell; outlined where too few were served."""
    across, down, cells = part.data["x"], part.data["y"], part.data["cells"]
    left, high = 34.0, 13.0
    wide = (WIDTH - left) / max(1, len(across))
    top = len(down) * high
    most = max((cell[2] for cell in cells), default=0) or 1
    drawing = Drawing(WIDTH, top + 14)
    for n, day in enumerate(down):
        drawing.add(_said(left - 4, top - n * high, day, "end"))
    for n, hour in enumerate(across):
        drawing.add(_said(left + (n + 0.5) * wide, 2, hour, "middle"))
    for x, y, value, is_short in cells:
        share = value / most
        place = (left + x * wide + 0.5, top - y * high - 3.5)
        drawing.add(
            Rect(
                *place,
                wide - 1,
                high - 1,
                fillColor=linearlyInterpolatedColor(PALE, ACCENT, 0, 1, share),
                strokeColor=RED if is_short else None,
                strokeWidth=1,
            )
        )
        text = words.number(value, 0 if value >= 10 or value == int(value) else 1)
        middle = (place[0] + wide / 2 - 0.5, place[1] + 3.5)
        colour = PAPER if share > 0.6 else INK
        drawing.add(String(*middle, text, fontName=FACE, fontSize=6.5, fillColor=colour, textAnchor="middle"))
    return drawing


def _runs(line: Sequence[float | None]) -> list[list[int]]:
    """The places that follow one another without a gap."""
    runs: list[list[int]] = [[]]
    for n, value in enumerate(line):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(n)
    return runs


def _said(x: float, y: float, text: str, anchor: str) -> String:
    return String(x, y, text, fontName=FACE, fontSize=7.5, fillColor=GREY, textAnchor=anchor)


def _comment(one: ReportComment) -> Paragraph:
    day = timezone.localtime(one.at).date()
    said = escape(one.text).replace("\n", "<br/>")
    return Paragraph(f"{escape(one.person.name)} · {escape(words.full_day(day))}<br/>{said}", BODY)
