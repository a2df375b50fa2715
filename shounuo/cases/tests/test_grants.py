"""Grants on a case: what is given at once, what a second person decides, and what cannot be split."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shounuo.cases import services
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.testing import make_case
from shounuo.customers.testing import make_customer
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.testing import AT, make_cast, make_person

LADDER = """      - {authority: small, title: 小额补偿, grant: compensation, who: agent, up_to: 50 CNY, approver: supervisor}
      - {authority: large, title: 大额补偿, grant: compensation, who: manager, over: 500 CNY}
      - {authority: repair, grant: free_repair, who: supervisor, up_to: 500 CNY, per: customer, approver: manager, when: {kind: complaint}}
      - {authority: special, grant: special_request, who: [senior_agent, supervisor]}
"""
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def cast(db):
    make_in_force(make_text("T-1", rules=LADDER), at=AT)
    return make_cast()


@pytest.fixture
def case(cast):
    return make_case(team=cast.team, owner=cast.agent)


def ask(cast, case, yuan, *, who=None, kind="compensation", at=AT):
    amount = None if yuan is None else round(yuan * 100)
    return services.grant_ask(
        case_id=case.pk, kind=kind, amount=amount, reason="料受潮", actor=cast.actor(who or cast.agent), at=at
    )


def decide(cast, grant, who, *, approve=True, note="", at=LATER):
    return services.grant_decide(grant_id=grant.pk, approve=approve, note=note, actor=cast.actor(who), at=at)


def told(kind):
    return [e.payload for e in Event.objects.filter(kind=kind).order_by("id")]


def test_within_ones_limit_it_is_granted_at_once(cast, case):
    grant = ask(cast, case, 50)
    assert (grant.state, grant.amount, grant.total, grant.clause_code) == ("granted", 5000, 5000, "T-1")
    assert grant.decided_by_id == cast.agent.pk and not Duty.objects.exists()
    (event,) = told("grant.granted")
    assert (event["grant"], event["amount"], event["kind"]) == (grant.pk, 5000, "compensation")
    assert told("grant.asked") == []


def test_above_it_the_second_person_is_asked_by_a_duty(cast, case):
    grant = ask(cast, case, 300)
    duty = Duty.objects.get()
    assert grant.state == "asked" and grant.roles == ["supervisor"] and grant.decided_at is None
    assert (duty.kind, duty.roles, duty.team_id, duty.subject) == (
        "approval",
        ["supervisor"],
        cast.team.pk,
        ("case", case.pk),
    )
    assert duty.title == "审批：给予补偿 300 元" and duty.text == "料受潮"
    assert duty.rule_id == grant.rule_id and duty.clause_code == "T-1"


def test_approved_it_is_granted_and_its_duty_done(cast, case):
    grant = decide(cast, ask(cast, case, 300), cast.supervisor, note="同意")
    duty = Duty.objects.get()
    assert (grant.state, grant.decided_by_id, grant.note) == ("granted", cast.supervisor.pk, "同意")
    assert (duty.state, duty.outcome, duty.ended_by_id) == ("done", "approved", cast.supervisor.pk)
    assert len(told("grant.approved")) == len(told("grant.granted")) == 1


def test_refused_needs_a_reason_and_counts_in_no_sum(cast, case):
    grant = ask(cast, case, 300)
    with pytest.raises(Invalid):
        decide(cast, grant, cast.supervisor, approve=False)
    assert decide(cast, grant, cast.supervisor, approve=False, note="证据不足").state == "refused"
    assert Duty.objects.get().outcome == "refused"
    assert queries.sums(case.pk, case.customer_id) == {}


def test_nobody_decides_his_own_request(cast, case):
    # the supervisor's own, above what he may: another's word is needed
    grant = ask(cast, case, 600, who=cast.supervisor)
    assert grant.roles == ["manager"]
    with pytest.raises(NotAllowed, match="另一人"):
        decide(cast, grant, cast.supervisor)


def test_who_is_not_named_decides_nothing(cast, case):
    grant = ask(cast, case, 300)
    colleague = make_person(roles=("agent",), teams=(cast.team,))
    with pytest.raises(NotAllowed):
        decide(cast, grant, colleague)
    for stranger in (cast.outsider, cast.nobody):
        with pytest.raises(NotFound):
            decide(cast, grant, stranger)
    grant.refresh_from_db()
    assert grant.is_asked


def test_a_supervisor_of_another_team_is_not_asked_and_sees_nothing(cast, case):
    other = make_person(roles=("supervisor",), leads=(cast.other_team,))
    grant = ask(cast, case, 300)
    with pytest.raises(NotFound):
        queries.get(cast.actor(other), grant.pk)


def test_an_outsider_finds_no_case_to_ask_on(cast, case):
    for stranger in (cast.outsider, cast.nobody):
        with pytest.raises(NotFound):
            ask(cast, case, 10, who=stranger)


def test_decided_once(cast, case):
    grant = ask(cast, case, 300)
    decide(cast, grant, cast.supervisor)
    with pytest.raises(Conflict) as refused:
        decide(cast, grant, cast.manager)
    assert refused.value.code == "decided"


def test_small_sums_do_not_make_a_large_one(cast, case):
    assert ask(cast, case, 30).state == "granted"
    assert ask(cast, case, 20).state == "granted"
    third = ask(cast, case, 0.01)
    assert (third.state, third.total) == ("asked", 5001)


def test_what_was_split_off_and_merged_is_one_matter(cast, case):
    ask(cast, case, 30)
    extra = services.message_receive(
        case_id=case.pk, text="另外料线也响", channel="mail", actor=Actor.system(), at=AT
    )
    part = services.case_split(
        interaction_id=extra.pk,
        subject="另一半",
        actor=cast.actor(cast.supervisor),
        at=AT,
    )
    services.case_assign(case_id=part.pk, person_id=cast.agent.pk, actor=cast.actor(cast.supervisor), at=AT)
    assert ask(cast, part, 30).state == "asked", "60 in the matter"
    again = make_case(team=cast.team, owner=cast.agent, customer=case.customer)
    assert ask(cast, again, 50).state == "granted", "another matter of the customer"
    services.cases_merge(source_id=again.pk, target_id=part.pk, actor=cast.actor(cast.supervisor), at=AT)
    assert queries.sums(part.pk, part.customer_id)["compensation", "case"] == 8000


def test_summed_over_the_customer_where_the_rule_says_so(cast):
    customer = make_customer()
    first, second = (
        make_case(team=cast.team, owner=cast.supervisor, customer=customer, kind="complaint") for _ in "12"
    )
    assert ask(cast, first, 400, who=cast.supervisor, kind="free_repair").state == "granted"
    assert ask(cast, second, 101, who=cast.supervisor, kind="free_repair").roles == ["manager"]


def test_what_no_rule_speaks_of_for_this_case_is_not_granted(cast, case):
    for kind in ("free_repair", "membership", ""):
        with pytest.raises(Invalid) as refused:
            ask(cast, case, 10, kind=kind)
        assert refused.value.field == "kind"


@pytest.mark.parametrize("amount", [None, 0, -100, 10**13, True])
def test_an_amount_is_money(cast, case, amount):
    with pytest.raises(Invalid) as refused:
        services.grant_ask(
            case_id=case.pk,
            kind="compensation",
            amount=amount,
            reason="x",
            actor=cast.actor(cast.agent),
            at=AT,
        )
    assert refused.value.field == "amount"


def test_a_special_request_has_no_amount(cast, case):
    with pytest.raises(Invalid):
        ask(cast, case, 10, kind="special_request")
    grant = ask(cast, case, None, kind="special_request")
    assert (grant.state, grant.amount, grant.roles) == ("asked", None, ["senior_agent", "supervisor"])
    assert Duty.objects.get().title == "审批：办理特殊请求"
    assert decide(cast, grant, cast.supervisor).state == "granted"


def test_a_grown_sum_goes_to_who_may_decide_it(cast, case):
    first = ask(cast, case, 300)
    ask(cast, case, 400)  # 400 by itself: the supervisor's as well
    second = Grant.objects.latest("id")
    assert second.roles == ["supervisor"]
    decide(cast, second, cast.supervisor)
    first.refresh_from_db()
    assert (first.roles, first.round, first.total) == (["manager"], 2, 70000)
    assert [d.roles for d in Duty.objects.filter(state="open")] == [["manager"]]
    with pytest.raises(NotAllowed):
        decide(cast, first, cast.supervisor)
    assert decide(cast, first, cast.manager).state == "granted"
    assert len(told("grant.passed_on")) == 1


def test_withdrawn_by_who_asked_while_it_waits(cast, case):
    grant = ask(cast, case, 300)
    colleague = make_person(roles=("agent",), teams=(cast.team,))
    with pytest.raises(NotAllowed):
        services.grant_withdraw(grant_id=grant.pk, reason="x", actor=cast.actor(colleague), at=LATER)
    with pytest.raises(Invalid):
        services.grant_withdraw(grant_id=grant.pk, reason=" ", actor=cast.actor(cast.agent), at=LATER)
    services.grant_withdraw(grant_id=grant.pk, reason="客户不要了", actor=cast.actor(cast.agent), at=LATER)
    grant.refresh_from_db()
    assert (grant.state, grant.note) == ("withdrawn", "客户不要了")
    assert Duty.objects.get().state == "cancelled"
    assert told("grant.withdrawn")[0]["was"] == "asked"


def test_what_was_granted_and_withdrawn_counts_no_more(cast, case):
    grant = ask(cast, case, 50)
    services.grant_withdraw(grant_id=grant.pk, reason="没发", actor=cast.actor(cast.agent), at=LATER)
    assert ask(cast, case, 50).state == "granted"
    approved = decide(cast, ask(cast, case, 100), cast.supervisor)
    with pytest.raises(NotAllowed):
        services.grant_withdraw(grant_id=approved.pk, reason="x", actor=cast.actor(cast.agent), at=LATER)


def test_the_duty_ends_with_the_request_alone(cast, case):
    ask(cast, case, 300)
    duty = Duty.objects.get()
    supervisor = cast.actor(cast.supervisor)
    for end in (duties.duty_cancel, duties.duty_miss):
        with pytest.raises(Conflict):
            end(duty_id=duty.pk, reason="不管了", actor=supervisor, at=LATER)
    with pytest.raises(Conflict):
        duties.duty_done(duty_id=duty.pk, actor=supervisor, at=LATER)


def test_where_nobody_else_could_decide_it_is_said_at_once(cast, case):
    with pytest.raises(Conflict) as refused:
        ask(cast, case, 600, who=make_only_manager_away(cast))
    assert refused.value.code == "no_approver"
    assert not Grant.objects.exists()


def make_only_manager_away(cast):
    cast.manager.is_active = False
    cast.manager.save()
    return cast.agent


# -- standing in -----------------------------------------------------------------------------------------------------
def away(cast, delegate, *, days=3, who=None):
    who = who or cast.supervisor
    return duties.delegation_make(
        person_id=who.pk,
        delegate_id=delegate.pk,
        starts_at=AT,
        ends_at=AT + timedelta(days=days),
        reason="休假",
        actor=cast.actor(who),
        at=AT,
    )


@pytest.fixture
def at_that_time(monkeypatch):
    monkeypatch.setattr("shounuo.duties.queries.visibility.now", lambda: LATER)


@pytest.fixture
def senior(cast):
    return make_person("senior", roles=("agent",), teams=(cast.team,))


def test_a_stand_in_decides_in_the_place_of_who_is_away(cast, case, senior, at_that_time):
    away(cast, senior)
    grant = ask(cast, case, 300)
    assert queries.asked_people(grant, LATER) == {senior.pk: cast.supervisor.pk}
    done = decide(cast, grant, senior)
    assert (done.state, done.decided_by_id, done.stood_in_for_id) == (
        "granted",
        senior.pk,
        cast.supervisor.pk,
    )
    assert told("grant.approved")[0]["instead_of"] == cast.supervisor.pk


def test_a_stand_in_does_not_decide_what_he_asked_nor_in_the_place_of_who_asked(
    cast, case, senior, at_that_time
):
    away(cast, cast.agent)
    grant = ask(cast, case, 300)
    assert queries.asked_people(grant, LATER) == {cast.supervisor.pk: None}, "not he himself"
    with pytest.raises(NotAllowed):
        decide(cast, grant, cast.agent)
    own = ask(cast, case, 600, who=cast.supervisor)
    with pytest.raises(NotAllowed):
        decide(cast, own, cast.agent)


def test_standing_in_begins_and_ends(cast, case, senior, at_that_time):
    it = away(cast, senior, days=1)
    grant = ask(cast, case, 300)
    with pytest.raises(NotAllowed):
        decide(cast, grant, senior, at=AT + timedelta(days=2))
    duties.delegation_end(delegation_id=it.pk, actor=cast.actor(cast.supervisor), at=LATER)
    with pytest.raises(NotAllowed):
        decide(cast, grant, senior)


def test_what_is_lent_is_not_lent_on(cast, case, senior, at_that_time):
    third = make_person("third", roles=("agent",), teams=(cast.team,))
    away(cast, senior)
    away(cast, third, who=senior)
    with pytest.raises(NotAllowed):
        decide(cast, ask(cast, case, 300), third)


# -- money -----------------------------------------------------------------------------------------------------------
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sums=st.lists(st.integers(1, 9000), min_size=1, max_size=10), withdrawn=st.sets(st.integers(0, 9)))
def test_however_it_is_split_no_more_is_granted_alone_than_the_limit(cast, sums, withdrawn):
    case = make_case(team=cast.team, owner=cast.agent)
    for place, fen in enumerate(sums):
        grant = ask(cast, case, fen / 100)
        if place in withdrawn:
            services.grant_withdraw(grant_id=grant.pk, reason="x", actor=cast.actor(cast.agent), at=AT)
        alone = Grant.objects.filter(case=case, state="granted", decided_by=cast.agent)
        assert sum(alone.values_list("amount", flat=True)) <= 5000
        if grant.is_asked:
            others = queries.sums(case.pk, case.customer_id).get(("compensation", "case"), 0)
            assert others + fen > 5000, "nobody is asked for what is within the limit"
