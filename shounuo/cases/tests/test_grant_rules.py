"""Who may grant how much: the ladder that authority rules make."""

from hypothesis import given
from hypothesis import strategies as st

from shounuo.cases.rules.grants import Limit, asked_of, deciders, has_amount, limit_of
from shounuo.policy.schema import Authority, Money


def rule(who, up_to=None, over=None, approver=(), per="case"):
    money = {"up_to": up_to, "over": over}
    return Authority(
        name="r",
        grant="compensation",
        who=(who,) if isinstance(who, str) else who,
        approver=(approver,) if isinstance(approver, str) else approver,
        per=per,
        **{k: Money(v) if v is not None else None for k, v in money.items()},
    )


# As the enterprise pack has it: agent 50, supervisor 500 inclusive, manager above, in fen.
LADDER = [rule("agent", 5000, approver="supervisor"), rule("manager", over=50000)]


def may(rules, total):
    return set(deciders(rules, {"case": total, "customer": total}))


def test_each_step_of_the_ladder_is_inclusive():
    assert may(LADDER, 5000) == {"agent", "supervisor", "manager"}
    assert may(LADDER, 5001) == {"supervisor", "manager"}
    assert may(LADDER, 50000) == {"supervisor", "manager"}
    assert may(LADDER, 50001) == {"manager"}


def test_what_one_may_grant_by_oneself():
    assert limit_of(LADDER, {"agent"}) == Limit(True, 5000)
    assert limit_of(LADDER, {"supervisor"}) == Limit(True, 50000)
    assert limit_of(LADDER, {"manager"}) == Limit(True, None)
    assert limit_of(LADDER, {"agent", "manager"}) == Limit(True, None)
    assert limit_of(LADDER, {"tech_support"}) == Limit(False)


def test_the_next_step_is_asked():
    assert asked_of(LADDER, {"agent"}, {"case": 5001}) == ("supervisor",)
    assert asked_of(LADDER, {"agent"}, {"case": 50001}) == ("manager",)
    assert asked_of(LADDER, {"tech_support"}, {"case": 100}) == ("agent",)


def test_an_approver_with_a_limit_of_his_own_keeps_it():
    rules = [rule("agent", 5000, approver="supervisor"), rule("supervisor", 20000, approver="manager")]
    assert may(rules, 20001) == {"manager"}
    assert asked_of(rules, {"agent"}, {"case": 20001}) == ("manager",)


def test_an_approver_without_one_ends_where_a_greater_limit_does():
    rules = [
        rule("agent", 5000, approver="supervisor"),
        rule("manager", 500000, over=50000, approver="director"),
    ]
    assert may(rules, 500001) == {"director"}
    assert may([rule("supervisor", 50000)], 50001) == set(), "nobody is named above"


def test_a_rule_without_amounts_is_no_way_around_a_limit():
    without = rule(("agent", "supervisor", "manager"))
    assert may([*LADDER, without], 5001) == {"supervisor", "manager"}
    assert may([*LADDER, without], 50001) == {"manager"}
    assert not has_amount([without]) and has_amount([*LADDER, without])
    assert may([without], 0) == {"agent", "supervisor", "manager"}


def test_each_rule_sums_as_it_says():
    rules = [rule("agent", 5000, approver="supervisor", per="customer")]
    assert deciders(rules, {"case": 1000, "customer": 6000}) == {"supervisor"}


@given(st.lists(st.integers(1, 60000), max_size=8), st.sampled_from(["agent", "supervisor", "manager"]))
def test_whoever_may_grant_a_sum_may_grant_a_smaller_one(sums, role):
    for total in sums:
        if role in may(LADDER, total):
            assert all(role in may(LADDER, less) for less in sums if less <= total)
            end = limit_of(LADDER, {role})
            assert end.allowed and (end.fen is None or total <= end.fen)
