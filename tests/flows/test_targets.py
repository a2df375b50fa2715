"""From the clause to the target: what a figure must reach is judged over its window, shown where it is written, and told."""

import pytest

from shounuo.cases.testing import make_case
from shounuo.metrics import services as metrics
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk import queries, services
from shounuo.risk.models import Goal
from shounuo.staff.queries import actor_for

RULES = """      - target: few-complaints
        title: 日投诉量
        metric: complaint_count
        op: "<="
        value: 2
        window: P1D
        benchmark: {value: 1, source: 行业年报 2025}
        owner: manager
      - target: fewer-each
        title: 各渠道投诉量
        metric: complaint_count
        op: "<="
        value: 3
        window: P1D
        horizon: P1M
        owner: manager
        when: {by: channel}
      - target: fewer-than-before
        title: 投诉减半
        metric: complaint_count
        op: "<="
        value: unset
        change: -50%
        window: P1D
        owner: manager
      - target: solved
        title: 解决率
        metric: resolution_ratio
        op: ">="
        value: unset
        owner: manager
"""


@pytest.fixture
def judged(house):
    house.open()
    for _n in range(4):
        make_case(kind="complaint", at=house.at)
    house.until("10-11 10:00")
    make_in_force(make_text("T-1", rules=RULES), at=house.at)
    judge(house)
    return house


def judge(house):
    """What the job does every five minutes."""
    metrics.build_missing(at=house.at)
    metrics.catch_up(at=house.at)
    services.targets_judge(at=house.at)
    house.work()


def told(house, person):
    """What the person was told of targets."""
    return [kind for kind in house.told(person) if kind.startswith("target.")]


def goal(name):
    return Goal.objects.get(name=name)


@pytest.mark.django_db(transaction=True)
def test_a_target_is_enforced_when_its_figure_is_counted_and_its_value_set(judged):
    assert dict(Rule.objects.values_list("name", "status")) == {
        "few-complaints": "live",
        "fewer-each": "live",
        "fewer-than-before": "live",
        "solved": "shown",
    }


@pytest.mark.django_db(transaction=True)
def test_a_missed_target_is_told_and_so_is_its_recovery(judged):
    found = goal("few-complaints")
    assert (found.state, found.value, found.before, found.limit) == ("reached", 0, 4, 2)
    assert told(judged, judged.cast.manager) == []

    for _n in range(3):
        make_case(kind="complaint", at=judged.at)
    judge(judged)
    judge(judged)
    found.refresh_from_db()
    assert (found.state, found.value, found.n) == ("missed", 3, 3)
    assert told(judged, judged.cast.manager) == ["target.missed", "target.missed"], (
        "and against the day before"
    )
    assert told(judged, judged.cast.agent) == []

    judged.until("10-12 10:00")
    judge(judged)
    found.refresh_from_db()
    assert (found.state, found.value, found.before) == ("reached", 0, 3)
    assert told(judged, judged.cast.manager).count("target.reached") == 2


@pytest.mark.django_db(transaction=True)
def test_until_its_date_a_target_is_only_short(judged):
    for _n in range(4):
        make_case(kind="complaint", channel="phone", at=judged.at)
    make_case(kind="complaint", channel="mail", at=judged.at)
    judge(judged)
    each = goal("fewer-each")
    assert (each.state, each.groups) == ("short", [["phone", 4, 4, False], ["mail", 1, 1, True]])
    judged.until("11-11 10:00")
    for _n in range(4):
        make_case(kind="complaint", channel="phone", at=judged.at)
    judge(judged)
    each.refresh_from_db()
    assert each.state == "missed"


@pytest.mark.django_db(transaction=True)
def test_a_change_is_measured_against_the_time_before_the_rule(judged):
    half = goal("fewer-than-before")
    assert (half.limit, half.state) == (2, "reached"), "four on the day before it came into force"


@pytest.mark.django_db(transaction=True)
def test_a_new_version_gives_no_new_time(judged):
    began = goal("fewer-each").began_at
    judged.until("10-20 10:00")
    make_in_force(make_text("T-1", rules=RULES).replace('version: "1"', 'version: "2"'), at=judged.at)
    judge(judged)
    each = goal("fewer-each")
    assert (each.began_at, each.due_at.month) == (began, 11)
    assert each.rule.clause.version.label == "2"


@pytest.mark.django_db(transaction=True)
def test_the_clause_and_the_policy_show_what_is_missed(judged):
    for _n in range(3):
        make_case(kind="complaint", at=judged.at)
    judge(judged)
    agent = judged.browser(judged.cast.agent)
    page = agent.get("/policy/clauses/T-1/").content.decode()
    for said in ("未达标", "差距", "行业年报 2025", "与基准差"):
        assert said in page, said
    assert "未达标" in agent.get("/policy/test/").content.decode()
    found = goal("few-complaints")
    assert agent.get(f"/alarms/targets/{found.pk}/")["Location"] == "/policy/clauses/T-1/"

    nobody = judged.browser(judged.cast.nobody)
    assert nobody.get("/policy/clauses/T-1/").status_code == 403
    assert nobody.get(f"/alarms/targets/{found.pk}/").status_code == 403
    assert queries.goals_of(actor_for(judged.cast.nobody), [found.rule_id]) == {}


@pytest.mark.django_db(transaction=True)
def test_the_cost_of_a_clause_does_not_grow_with_its_targets(judged, django_assert_max_num_queries):
    manager = judged.browser(judged.cast.manager)
    manager.get("/policy/clauses/T-1/")
    with django_assert_max_num_queries(26):
        manager.get("/policy/clauses/T-1/")
