"""Composite scores: every part shown, what is missing named, nothing guessed."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.durations import Percent, Span
from shounuo.metrics import registry
from shounuo.metrics.rules import Direction, Unit
from shounuo.policy.composites import Missing, Reading, compose, composite_of, why_not, window_of
from shounuo.policy.schema import UNSET, Weight
from shounuo.policy.standing import Standing, standing_of
from shounuo.policy.tests.words import WORDS
from shounuo.staff.testing import AT


def weight(partial=False, every=None, **parts):
    shares = tuple(
        (code, UNSET if share is None else Percent(int(Decimal(share) * 100)))
        for code, share in parts.items()
    )
    return Weight(name="w", of="appraisal", parts=shares, partial=partial, every=every)


def read(**values):
    return {code: Reading(value, 10) for code, value in values.items()}


def test_the_whole_is_the_sum_of_what_the_parts_add():
    found = compose(weight(process=40, result=40, growth=20), read(process=90.0, result=80.0, growth=50.0))
    assert [(p.code, p.share, p.contribution) for p in found.parts] == [
        ("process", 4000, 36.0),
        ("result", 4000, 32.0),
        ("growth", 2000, 10.0),
    ]
    assert (found.total, found.missing) == (78.0, ())


def test_without_a_part_there_is_no_total_and_it_is_named():
    found = compose(weight(process=40, result=40, growth=20), read(process=90.0))
    assert found.total is None
    assert [p.code for p in found.missing] == ["result", "growth"]
    assert (found.known, found.covered) == (36.0, 4000)
    assert found.parts[1].reading.missing is Missing.UNKNOWN


def test_some_of_the_parts_are_no_whole():
    found = compose(weight(partial=True, qa=20), read(qa=90.0))
    assert (found.total, found.known, found.covered) == (None, 18.0, 2000)


def test_a_share_that_is_not_set_is_missing():
    found = compose(weight(speed=None, quality=60), read(speed=90.0, quality=90.0))
    assert found.total is None
    assert found.parts[0].reading.missing is Missing.UNSET and found.parts[0].contribution is None


@given(st.lists(st.floats(0, 100), min_size=4, max_size=4))
def test_a_whole_lies_between_its_least_and_its_best_part(values):
    found = compose(weight(a=10, b=20, c=30, d=40), read(**dict(zip("abcd", values, strict=True))))
    assert found.total is not None
    assert min(values) - 1e-9 <= found.total <= max(values) + 1e-9


def some(unit, direction):
    """The code of a metric of this sort that can be counted."""
    return next(
        m.code
        for m in registry.catalogue()
        if m.unit is unit and m.direction is direction and not m.waits_for
    )


def test_only_what_is_better_the_higher_has_a_place_on_the_scale():
    assert why_not(some(Unit.SHARE, Direction.UP)) is Missing.NONE
    assert why_not(some(Unit.SECONDS, Direction.DOWN)) is Missing.SCALE
    assert why_not("no_such_figure") is Missing.UNKNOWN
    assert why_not(next(m.code for m in registry.catalogue() if m.waits_for)) is Missing.WAITING


def test_a_rule_of_figures_that_are_there_is_live():
    good = some(Unit.SHARE, Direction.UP)
    assert standing_of(weight(**{good: 100}), WORDS) == Standing("live")
    assert standing_of(weight(process=100), WORDS) == Standing("waiting", ("performance",))
    assert standing_of(weight(process=None, result=40), WORDS).status == "shown"


@pytest.mark.django_db
def test_of_what_nobody_has_measured_nothing_is_said():
    good = some(Unit.SHARE, Direction.UP)
    found = composite_of(weight(every=Span(months=3), **{good: 100}), AT + timedelta(days=1))
    assert (found.total, found.parts[0].reading.missing) == (None, Missing.FEW)


@pytest.mark.parametrize(
    ("every", "first"),
    [
        (Span(months=3), "2026-08-01"),
        (Span(months=1), "2026-10-01"),
        (Span(months=12), "2025-11-01"),
        (None, "2026-09-11"),
    ],
)
def test_it_looks_at_the_months_of_which_it_is_composed(every, first):
    window = window_of(weight(every=every, a=100), AT, ZoneInfo("Asia/Shanghai"))
    assert window.start.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat() == first
