"""What the regulation asks of a figure."""

import pytest

from shounuo.analytics import queries
from shounuo.metrics import registry
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.testing import AT, make_cast

RULES = """
      - {target: fcr, title: 一次解决率, metric: fcr, op: ">=", value: 85%, owner: manager}
      - {target: fcr-own, title: 一次解决率, metric: fcr, op: ">=", value: 80%, owner: manager}
      - {target: fcr-vip, title: 重点客户, metric: fcr, op: ">=", value: 95%, owner: manager, when: {channel: phone}}
      - {target: first, title: 首响, metric: first_response_median, op: "<=", value: PT3M, owner: manager}
      - {target: open, title: 未定, metric: reopen_rate, op: "<=", value: unset, owner: manager}
      - {alarm: complaints, title: 单日投诉量, metric: complaint_count, op: ">", value: 20, window: P1D, level: blue, notify: manager}
      - {alarm: fcr-low, title: 偏低, metric: fcr, op: "<", value: 70%, level: yellow, notify: manager}
"""


@pytest.fixture
def in_force(db):
    make_cast()
    make_in_force(make_text("T-1", code="targets", rules=RULES), at=AT)


def test_targets_and_alarms_are_numbers_in_the_metrics_unit(in_force):
    found = queries.limits(("fcr", "first_response_median"), AT)
    assert [(one.level, one.value, one.clause) for one in found["fcr"]] == [
        ("target", 0.85, "T-1"),
        ("target", 0.8, "T-1"),
        ("yellow", 0.7, "T-1"),
    ]
    assert [one.value for one in found["first_response_median"]] == [180.0]


def test_of_several_targets_the_strictest_is_drawn(in_force):
    found = queries.limits(("fcr",), AT)["fcr"]
    metric = registry.get("fcr")
    assert [(one.level, one.value) for one in queries.drawn(found, metric, "day")] == [
        ("target", 0.85),
        ("yellow", 0.7),
    ]
    assert queries.target_of(found).value == 0.85


def test_a_target_for_some_cases_stands_only_where_those_are_asked_for(in_force):
    by_phone = queries.limits(("fcr",), AT, where={"channel": ["phone"]})["fcr"]
    assert queries.target_of(by_phone).value == 0.95
    both = queries.limits(("fcr",), AT, where={"channel": ["phone", "mail"]})["fcr"]
    assert queries.target_of(both).value == 0.85


def test_a_limit_of_a_day_is_drawn_on_days_alone(in_force):
    found = queries.limits(("complaint_count",), AT)["complaint_count"]
    metric = registry.get("complaint_count")
    assert [one.value for one in queries.drawn(found, metric, "day")] == [20.0]
    assert queries.drawn(found, metric, "week") == []
    assert queries.drawn(found, metric, None) == []


def test_what_is_not_set_draws_nothing(in_force):
    assert queries.limits(("reopen_rate",), AT)["reopen_rate"] == ()


def test_the_kept_share_has_a_target_where_no_rule_says_one(in_force):
    (one,) = queries.limits(("kept_share",), AT)["kept_share"]
    assert (one.value, one.clause, one.is_target) == (0.95, "", True)


def test_two_statements_whatever_the_number_of_metrics(in_force, django_assert_num_queries):
    queries.limits(("first_response_median",), AT)  # what is in force is known from then on
    with django_assert_num_queries(2):
        queries.limits((*queries.KPIS, *queries.QUALITY), AT)


def test_a_value_meets_a_target_from_its_side(in_force):
    (first,) = queries.limits(("first_response_median",), AT)["first_response_median"]
    assert queries.meets(170.0, first) and not queries.meets(190.0, first)
