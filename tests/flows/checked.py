"""The engine's figures held against those worked out by hand."""

from collections import Counter, defaultdict
from statistics import median

import pytest

from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import Kept
from shounuo.kernel.actors import Actor
from shounuo.metrics import queries, registry
from shounuo.metrics.rules import Aggregate
from shounuo.metrics.testing import asked
from tests.flows import by_hand


def every_metric(windows, at):
    """Every metric of the catalogue, whole and cut, over each window, is what plain loops make of the same rows; returns how
    many had something to say."""
    made, said = by_hand.observations(), 0
    for metric in registry.catalogue():
        if metric.waits_for:
            continue
        dimensions = [d.code for d in registry.dimensions_of(metric)]
        cuts = [
            (),
            *[
                (code,)
                for code in dimensions
                if code in ("team", "person", "channel", "topic", "clause", "cause")
            ],
        ]
        for window in windows:
            for by in cuts:
                found = asked(metric.code, window, at, by=by)
                whole, groups = by_hand.figure(metric, made, window, at, by)
                where = (metric.code, window, by)
                assert by_hand.near((found.total.value, found.total.n), whole), (where, found.total, whole)
                told = {c.by: (c.value, c.n) for c in found.cells}
                assert set(told) == set(groups), (where, told, groups)
                for key, cell in told.items():
                    assert by_hand.near(cell, groups[key]), (where, key, cell, groups[key])
                said += found.total.value is not None
    return said


def what_stands_behind(windows, at):
    """The list behind every metric, read page by page, is as long as its population, and its hits are its part; returns the
    longest list."""
    longest = 0
    for metric in registry.catalogue():
        if metric.waits_for or metric.aggregate is Aggregate.GROWTH:
            continue
        for window in windows:
            where, total = (metric.code, window), asked(metric.code, window, at).total
            counted = _listed(metric.code, window, at, "all")
            if metric.aggregate is Aggregate.DIFFERENCE:
                counted += _listed(metric.code, window, at, "against")
            elif metric.aggregate is Aggregate.RATIO:
                assert counted == total.part, where
                counted = _listed(metric.code, window, at, "against")
            elif metric.aggregate is Aggregate.SHARE and total.n:
                assert _listed(metric.code, window, at, "hit") == total.part, where
                assert _listed(metric.code, window, at, "missed") == total.n - total.part, where
            assert counted == total.n, where
            longest = max(longest, counted)
    return longest


def _listed(code, window, at, which):
    count, cursor = 0, None
    while True:
        rows, cursor = queries.subjects(
            code, window, which=which, limit=50, cursor=cursor, actor=Actor.system(), at=at
        )
        count += len(rows)
        if cursor is None:
            return count


def kept_as_counted_by_hand(window, at):
    """How promises were kept, as pages ask for it, is what plain loops make of the clocks themselves; returns how many were
    due."""
    by_clause, by_channel, used = defaultdict(Counter), defaultdict(Counter), []
    for c in Clock.objects.filter(due_at__gte=window.start, due_at__lt=window.end):
        said = {"paused": "running"}.get(c.state, c.state)
        for of_one in (by_clause[c.clause_code], by_channel[c.facts.get("channel") or ""]):
            of_one[said] += 1
            of_one["met_by_person"] += bool(
                said == "met" and c.person_met_at is not None and c.person_met_at <= c.due_at
            )
        if c.used_s is not None:
            used.append((c.used_s, c.length_s))
    made = {code: Kept(**counts) for code, counts in by_clause.items()}
    assert commitments.kept(None, window.start, window.end) == made
    found = commitments.kept_by("channel", window.start, window.end)
    assert found == {channel: Kept(**counts) for channel, counts in by_channel.items()}
    whole = commitments.kept_total(window.start, window.end)
    assert whole == Kept(**sum(by_clause.values(), Counter()))
    with_times = commitments.kept_and_used(list(made), window.start, window.end)
    assert {code: kept for code, (kept, _used) in with_times.items()} == made
    assert sum(times.count for _kept, times in with_times.values()) == len(used)
    assert asked("promise_used_median", window, at).total.value == (
        pytest.approx(median(took for took, _allowed in used)) if used else None
    )
    tenths = Counter(min(took * 10 // allowed, 20) for took, allowed in used)
    bars = [commitments.used_spread(code, window.start, window.end) for code in made]
    assert [sum(column) for column in zip(*bars, strict=True)] == [
        tenths[n] for n in range(21 if bars else 0)
    ]
    return whole.due
