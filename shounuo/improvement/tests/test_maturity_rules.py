"""Which level the evidence speaks for, quarters, and the tree as a picture."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.improvement.rules import maturity
from shounuo.improvement.rules.maturity import Evidence

WRITTEN = Evidence(practices=6, live=1, shown=2)
DONE = replace(WRITTEN, seen=3)
MEASURED = replace(DONE, figures=1)


def level(found):
    return maturity.propose(found).level


def last(found):
    return maturity.propose(found).reasons[-1][0]


def test_what_is_not_written_is_at_one():
    assert (level(Evidence()), last(Evidence())) == (1, "unwritten")


def test_written_without_traces_is_at_two():
    assert (level(WRITTEN), last(WRITTEN)) == (2, "few_traces")
    assert level(replace(WRITTEN, seen=2)) == 2


def test_half_of_the_practices_or_enough_promises_make_three():
    assert (level(DONE), last(DONE)) == (3, "unmeasured")
    assert level(replace(WRITTEN, due=9, met=9)) == 2
    assert level(replace(WRITTEN, due=10, met=9)) == 3, "they are decided, and fall short"


def test_measured_and_kept_is_at_four():
    assert level(MEASURED) == 4
    assert level(replace(WRITTEN, due=100, met=96)) == 4
    assert last(replace(MEASURED, due=100, met=90)) == "broken"
    assert level(replace(MEASURED, due=9, met=1)) == 4, "too few to say so"


def test_an_inspection_that_falls_short_holds_it_at_three():
    assert (
        level(replace(MEASURED, inspected=10, kept=8)),
        last(replace(MEASURED, inspected=10, kept=8)),
    ) == (
        3,
        "inspected_short",
    )
    assert level(replace(MEASURED, inspected=9, kept=1)) == 4


def test_five_needs_four_before_and_something_improved():
    assert level(replace(MEASURED, before=4)) == 4
    assert level(replace(MEASURED, improved=2)) == 4
    assert level(replace(MEASURED, before=4, improved=1)) == 5


counts = st.integers(0, 40)


@given(st.builds(Evidence, practices=counts, seen=counts, live=counts, due=counts, met=counts, inspected=counts, kept=counts, figures=counts, improved=counts, before=st.integers(0, 5)))  # fmt: skip
def test_more_traces_never_lower_a_level(found):
    assert 1 <= level(found) <= 5
    assert level(replace(found, seen=found.seen + 1)) >= level(found)
    assert level(replace(found, figures=found.figures + 1)) >= level(found)
    assert level(replace(found, improved=found.improved + 1)) >= level(found)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_quarters_follow_one_another(day):
    quarter = maturity.quarter_of(day)
    assert quarter <= day < maturity.after(quarter)
    assert maturity.before(maturity.after(quarter)) == quarter
    assert maturity.after(maturity.before(quarter)) == quarter


def test_a_tree_with_few_first_level_processes_is_shown_by_the_next():
    numbers = ["6.0", "6.1", "6.1.1", "6.1.2", "6.1.6", "6.1.6.1", "6.2", "6.2.1", "6.2.1.4", "6.3"]
    assert maturity.axes(numbers) == (3, ["6.1.1", "6.1.2", "6.1.6", "6.2.1", "6.3"])
    assert maturity.axes([f"6.{n}" for n in range(1, 8)]) == (2, [f"6.{n}" for n in range(1, 8)])


def test_a_process_stands_for_all_beneath_it():
    levels = {"6.0": 1, "6.1": 2, "6.1.6": 3, "6.1.6.1": 4, "6.2": 5}
    assert maturity.means(levels, 2) == {"6.1": 3, "6.2": 5}
    assert maturity.means(levels, 3) == {"6.1": 2, "6.1.6": 3.5, "6.2": 5}
    assert maturity.mean([]) is None


@pytest.mark.parametrize(
    ("number", "parts"), [("6.0", ("6",)), ("6.2.10", ("6", "2", "10")), ("6.10", ("6", "10"))]
)
def test_a_number_is_its_parts(number, parts):
    assert maturity.path(number) == parts
