"""The engine's figures held against those worked out by hand."""

import pytest

from shounuo.commitments import queries as commitments
from shounuo.metrics import registry
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


def kept_as_the_clocks_say(window, at):
    """The kept share of every clause is the one that the policy pages show."""
    by_clause = {c.by[0]: c for c in asked("kept_share", window, at, by=["clause"]).cells}
    by_person = {c.by[0]: c for c in asked("kept_share_by_person", window, at, by=["clause"]).cells}
    for code, kept in commitments.kept(None, window.start, window.end).items():
        assert (by_clause[code].value, by_clause[code].n, by_clause[code].part) == (
            kept.share,
            kept.due,
            kept.met,
        ), code
        if kept.due:
            assert (by_person[code].value, by_person[code].part) == (
                kept.share_by_person,
                kept.met_by_person,
            ), code
    total = commitments.kept_total(window.start, window.end)
    for code, wanted in (
        ("promises_running", total.running),
        ("promises_cancelled", total.cancelled),
        ("breaches", total.breached),
    ):
        assert asked(code, window, at).total.n == wanted, code
    by_channel = {c.by[0]: c for c in asked("kept_share", window, at, by=["channel"]).cells}
    for channel, kept in commitments.kept_by("channel", None, window.start, window.end).items():
        assert (by_channel[channel].value, by_channel[channel].n) == (kept.share, kept.due), channel
    if not by_clause:
        return
    used = commitments.used_times(by_clause, window.start, window.end)
    assert asked("promise_used_median", window, at).total.value == pytest.approx(used.median)
    assert asked("promise_used_p90", window, at).total.value == pytest.approx(used.p90)
