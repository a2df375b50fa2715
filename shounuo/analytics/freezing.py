"""Figures as plain values that a report keeps, and back. Pure but for the catalogue of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shounuo.analytics.queries import Compared, Limit, Overview, PersonRow, Rest
from shounuo.metrics import registry
from shounuo.metrics.queries import Cell, Figure
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Window

VERSION = 1
Frozen = dict[str, Any]


def freeze(overview: Overview, rest: Rest, limits: dict[str, tuple[Limit, ...]]) -> Frozen:
    """Everything that a report shows, as values that JSON can hold: codes, ids, numbers, times."""
    return {
        "version": VERSION,
        "kpis": [_compared(one) for one in overview.kpis],
        "slow": _figure(overview.slow),
        "clauses": _figure(overview.clauses),
        "hours": _figure(overview.hours),
        "missed": _figure(overview.missed),
        "topics": _compared(overview.topics),
        "kept": _figure(rest.kept),
        "by_clause": _compared(rest.clauses),
        "quality": [_compared(one) for one in rest.quality],
        "complaints": _figure(rest.complaints),
        "people": [
            {"person": p.person_id, "cells": {code: _cell(cell) for code, cell in p.cells.items()}}
            for p in rest.people or ()
        ],
        "more_people": rest.more_people,
        "limits": {code: [asdict(one) for one in rows] for code, rows in limits.items()},
    }


def thaw(content: Frozen, *, with_people: bool) -> tuple[Overview, Rest, dict[str, tuple[Limit, ...]]]:
    """What `freeze` was given, but for the people where they are not for the reader."""
    overview = Overview(
        kpis=tuple(_to_compared(one) for one in content["kpis"]),
        slow=_to_figure(content["slow"]),
        clauses=_to_figure(content["clauses"]),
        hours=_to_figure(content["hours"]),
        missed=_to_figure(content["missed"]),
        topics=_to_compared(content["topics"]),
    )
    people = tuple(
        PersonRow(p["person"], {code: _to_cell(cell) for code, cell in p["cells"].items()})
        for p in content["people"]
    )
    rest = Rest(
        kept=_to_figure(content["kept"]),
        clauses=_to_compared(content["by_clause"]),
        quality=tuple(_to_compared(one) for one in content["quality"]),
        complaints=_to_figure(content["complaints"]),
        people=people if with_people else None,
        more_people=content["more_people"],
    )
    limits = {code: tuple(Limit(**one) for one in rows) for code, rows in content["limits"].items()}
    return overview, rest, limits


def _compared(one: Compared) -> Frozen:
    return {"now": _figure(one.now), "before": _figure(one.before)}


def _to_compared(frozen: Frozen) -> Compared:
    return Compared(_to_figure(frozen["now"]), _to_figure(frozen["before"]))


def _figure(one: Figure) -> Frozen:
    return {
        "metric": one.metric.code,
        "from": one.window.start.isoformat(),
        "to": one.window.end.isoformat(),
        "zone": one.window.zone.key,
        "bucket": one.bucket,
        "by": list(one.by),
        "limit": one.limit,
        "left_out": one.left_out,
        "total": _cell(one.total),
        "cells": [_cell(cell) for cell in one.cells],
    }


def _to_figure(frozen: Frozen) -> Figure:
    zone = ZoneInfo(frozen["zone"])
    start, end = (datetime.fromisoformat(frozen[name]).astimezone(zone) for name in ("from", "to"))
    return Figure(
        _metric(frozen["metric"]),
        Window(start, end, zone),
        _to_cell(frozen["total"]),
        tuple(_to_cell(cell) for cell in frozen["cells"]),
        by=tuple(frozen["by"]),
        bucket=frozen["bucket"],
        limit=frozen["limit"],
        left_out=frozen["left_out"],
    )


def _metric(code: str) -> Metric:
    """The metric of this code; of one that the catalogue no longer has, its code as a name."""
    return registry.get(code) or Metric(code, code, "quality", "", "", waits_for="metrics")


def _cell(cell: Cell) -> list[Any]:
    bucket = cell.bucket.isoformat() if cell.bucket is not None else None
    return [bucket, list(cell.by), cell.value, cell.n, cell.part]


def _to_cell(frozen: Sequence[Any]) -> Cell:
    bucket, by, value, n, part = frozen
    return Cell(date.fromisoformat(bucket) if bucket else None, tuple(by), value, n, part)
