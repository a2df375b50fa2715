"""How far the regulations were kept over a quarter: the whole, each clause, each team by weeks, what broke and why, and
how the targets stand. One engine counts it for page, print and export."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import causes
from shounuo.kernel.actors import Actor
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.rules import Window
from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.queries import ClauseView
from shounuo.risk import rules
from shounuo.risk.models import Goal
from shounuo.staff import queries as staff
from shounuo.web.figures.showing import plain
from shounuo.web.policies.showing import clauses as clause_page
from shounuo.web.policies.showing import goals
from shounuo.web.policies.showing.targets import TARGET, target_of

METRIC = "kept_share"
BREACHES = 60
FEW = 5  # a share of fewer is not coloured
STEPS = (0.0, 0.02, 0.05, 0.1)  # how far under the target, for the colours of the heat map


@dataclass(frozen=True, slots=True)
class Cell:
    """The kept share of so many promises; `share` None where none was due."""

    share: float | None
    due: int

    @property
    def met(self) -> int:
        return round((self.share or 0) * self.due)

    @property
    def broken(self) -> int:
        return self.due - self.met


NONE = Cell(None, 0)


@dataclass
class Line:
    """One clause with promises of its own."""

    code: str
    number: str
    title: str
    document: str
    target: float
    whole: Cell
    weeks: list[Cell]

    @property
    def url(self) -> str:
        return reverse("clause", args=[self.code])

    @property
    def points(self) -> list[float]:
        return [c.share for c in self.weeks if c.share is not None]

    @property
    def tone(self) -> str:
        return tone(self.whole, self.target)


@dataclass
class Report:
    """All that a compliance report says of a quarter."""

    window: Window
    weeks: list[date]
    whole: Cell = NONE
    before: Cell = NONE
    unexplained: int = 0
    lines: list[Line] = field(default_factory=list)
    silent: int = 0
    teams: list[tuple[str, list[Cell], Cell]] = field(default_factory=list)
    reasons: list[tuple[str, int]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)


def report(actor: Actor, window: Window, at: datetime) -> Report:
    """Counts the quarter as far as it has come. A dozen queries, whatever there is."""
    until = window.until(at) or window
    clauses = policy.clause_views(policy.clauses_in_force(actor, at))
    counted = [c for c in clauses if any(r.row.kind == Rule.Kind.COMMITMENT for r in c.rules)]
    codes = [c.row.code for c in counted]
    found = Report(window, [w for w in window.buckets("week") if w <= at.astimezone(window.zone).date()])
    if not codes:
        return found
    where = {"clause": codes}
    by_clause = _matrix(until, "clause", where, at)
    by_team = _matrix(until, "team", where, at)
    found.whole = _one(until, where, at)
    found.before = _one(window.previous(), where, at)
    for clause in counted:
        whole, weeks = by_clause.get(clause.row.code, (NONE, {}))
        if whole.due:
            found.lines.append(_line(clause, whole, [weeks.get(w, NONE) for w in found.weeks]))
        else:
            found.silent += 1
    found.lines.sort(key=lambda line: (-line.whole.broken, line.whole.share or 0.0, line.code))
    names = {t.pk: t.name for t in staff.teams(active=False)}
    rows = [
        (names.get(team, _("未分组")), [weeks.get(w, NONE) for w in found.weeks], whole)
        for team, (whole, weeks) in by_team.items()
    ]
    found.teams = sorted(rows, key=lambda row: -row[2].due)
    spoken = dict(Clock.Cause.choices)
    reasons = causes(codes, until.start, until.end)
    found.reasons = [(str(spoken.get(code, _("还没有写原因"))), n) for code, n in reasons]
    found.unexplained = sum(n for code, n in reasons if not code)
    found.targets = _targets(actor, clauses)
    return found


def _one(window: Window, where: dict[str, list[str]], at: datetime) -> Cell:
    total = metrics.figure(METRIC, window, where=where, actor=Actor.system(), at=at).total
    return Cell(total.value, total.n)


def _matrix(
    window: Window, by: str, where: dict[str, list[str]], at: datetime
) -> dict[Any, tuple[Cell, dict[date, Cell]]]:
    """Each value of a dimension with its whole and its weeks. The whole is the sum of the weeks."""
    found = metrics.figure(METRIC, window, where=where, by=[by], bucket="week", actor=Actor.system(), at=at)
    weeks: dict[Any, dict[date, Cell]] = {}
    for cell in found.cells:
        if cell.bucket is not None:
            weeks.setdefault(cell.by[0], {})[cell.bucket] = Cell(cell.value, cell.n)
    return {value: (_sum(cells.values()), cells) for value, cells in weeks.items()}


def _sum(cells: Iterable[Cell]) -> Cell:
    some = list(cells)
    due = sum(c.due for c in some)
    return Cell(sum(c.met for c in some) / due, due) if due else NONE


def _line(clause: ClauseView, whole: Cell, weeks: list[Cell]) -> Line:
    return Line(
        clause.row.code,
        clause.row.number,
        clause.title,
        clause.row.version.policy.code,
        target_of(clause),
        whole,
        weeks,
    )


def tone(cell: Cell, target: float = TARGET) -> str:
    """ok, near or bad against the target; nothing where too little is known."""
    if cell.share is None or cell.due < FEW:
        return ""
    return "ok" if cell.share >= target else "near" if cell.share >= target - 0.05 else "bad"


def heat(cell: Cell, target: float = TARGET) -> int:
    """How far a share lies under the target, from 0 (at it or over) to 4."""
    if cell.share is None:
        return 0
    return sum(1 for step in STEPS if target - cell.share > step)


def _targets(actor: Actor, clauses: Sequence[ClauseView]) -> list[dict[str, Any]]:
    """How the targets stand that were judged, missed ones first."""
    found = goals.of(actor, clauses)
    order = {Goal.State.MISSED: 0, Goal.State.SHORT: 1, Goal.State.REACHED: 2, Goal.State.UNKNOWN: 3}
    rows = []
    for clause in clauses:
        for view in clause.rules:
            goal = found.get(view.row.pk)
            metric = registry.get(goal.metric) if goal is not None else None
            if goal is None or metric is None:
                continue
            short = rules.gap(view.rule, goal.value, goal.limit)  # type: ignore[arg-type]
            rows.append(
                {
                    "number": clause.row.number,
                    "url": reverse("clause", args=[clause.row.code]),
                    "title": view.title,
                    "state": goal.get_state_display(),
                    "tone": goals.TONES[goal.state],
                    "value": plain(metric, goal.value),
                    "limit": plain(metric, goal.limit) if goal.limit is not None else "",
                    "gap": goals.distance(metric, short) if short else "",
                    "n": goal.n,
                    "order": order[Goal.State(goal.state)],
                }
            )
    return sorted(rows, key=lambda row: row["order"])


def breaches(actor: Actor, codes: Sequence[str], window: Window, at: datetime) -> list[dict[str, Any]]:
    """What was broken, latest first, as far as the reader may see it, each with the way to its ledger and its cause."""
    rows, _more = commitments.breaches(actor, window.start, window.end, clauses=codes, limit=BREACHES)
    shown = clause_page.breach_rows(rows, at, may_explain=False, named=True)
    for breach, row in zip(rows, shown, strict=True):
        clock = breach.clock
        row["clause"] = clock.clause_code.partition("-")[2]
        row["clause_url"] = reverse("clause", args=[clock.clause_code])
        row["due"] = clock.due_at
        row["ledger_url"] = f"{row['url']}clocks/{clock.pk}/" if row["url"] else ""
    return shown


def week_name(first: date) -> str:
    """The week that begins on the day, short."""
    return date_format(first, "n/j")
