"""Waiting, resolving, confirming, disputing, closing; plans; the record."""

from datetime import timedelta

import pytest

from shounuo.cases import services
from shounuo.cases.models import Option, Plan
from shounuo.cases.testing import make_case, make_field, make_resolved, make_topic
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.staff.services import organisation_change
from shounuo.staff.testing import AT

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)
OPTIONS = [
    {
        "title": "换 3 吨新料",
        "pros": "旧料同车拉走",
        "cons": "须留人装卸",
        "time": "2 个工作日",
        "cost": "0 元",
    },
    {"title": "折价留用", "steps": ["过筛", "15 天内喂完"], "recommended": True},
    {"title": "退货退款"},
]


def test_waiting_ends_by_itself_when_its_time_has_come(cast, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    services.case_wait(
        case_id=case.pk, on="internal", reason="等磅单", until=LATER, actor=cast.actor(cast.agent), at=AT
    )
    assert services.resume_due(at=AT + timedelta(minutes=59)) == 0
    assert services.resume_due(at=LATER) == 1
    assert services.resume_due(at=LATER) == 0
    case.refresh_from_db()
    assert (
        case.status == "open" and case.wait_until is None and payload(case, "case.resumed")["why"] == "timer"
    )


def test_nothing_waits_for_the_past(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Invalid):
        services.case_wait(case_id=case.pk, on="customer", until=AT, actor=cast.actor(cast.agent), at=AT)


def test_resolving_needs_words_and_tells_the_customer(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Invalid):
        services.case_resolve(case_id=case.pk, text="  ", actor=cast.actor(cast.agent), at=AT)
    case = services.case_resolve(case_id=case.pk, text="已补发", actor=cast.actor(cast.agent), at=AT)
    assert case.status == "resolved" and case.close_at == AT + timedelta(hours=72)
    assert told(case)[-2:] == ["interaction.sent", "case.resolved"]
    assert case.interactions.get(purpose="solution").text == "已补发"


def test_another_agent_does_not_resolve_it(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(NotAllowed):
        services.case_resolve(case_id=case.pk, text="好了", actor=cast.actor(colleague), at=AT)


def test_required_fields_are_named_before_it_is_resolved(cast):
    make_field("batch", label="批次", kinds=["complaint"], required_to_resolve=True)
    make_field("model", label="型号", required_to_resolve=True)
    case = make_case(team=cast.team, owner=cast.agent, kind="complaint")
    act = {"case_id": case.pk, "text": "好了", "actor": cast.actor(cast.agent), "at": AT}
    with pytest.raises(Invalid) as raised:
        services.case_resolve(**act)
    assert raised.value.code == "missing_fields" and "批次、型号" in str(raised.value)
    assert raised.value.extra["fields"] == ["batch", "model"]
    services.custom_set(
        case_id=case.pk, values={"batch": "F0926-3", "model": "552"}, actor=cast.actor(cast.agent), at=AT
    )
    assert services.case_resolve(**act).status == "resolved"


def test_the_customer_confirms_and_it_closes_with_a_full_record(cast, told):
    case = make_resolved(
        owner=cast.agent, team=cast.team, customer=make_customer("宋建国", mail="s@example.cn")
    )
    case = services.case_confirm(case_id=case.pk, actor=Actor.customer(case.customer_id), at=LATER)
    assert (case.status, case.closed_how, case.verified_how) == ("closed", "confirmed", "customer")
    assert case.closed_at == case.confirmed_at == case.record_completed_at == LATER
    assert told(case)[-3:] == ["case.confirmed", "case.closed", "record.completed"]


def test_the_record_waits_for_the_customers_name(cast, told):
    from shounuo.customers import services as customers
    from shounuo.events.testing import run_jobs

    case = make_resolved(owner=cast.agent, team=cast.team, customer=make_customer(phone="13812346721"))
    services.case_confirm(case_id=case.pk, actor=cast.actor(cast.agent), at=LATER)
    assert "record.completed" not in told(case)
    customers.customer_change(
        customer_id=case.customer_id, name="宋建国", actor=cast.actor(cast.agent), at=LATER
    )
    run_jobs(LATER)
    assert told(case)[-1] == "record.completed"


def test_staff_record_what_the_customer_said_and_how_it_was_verified(cast, told):
    case = make_resolved(
        owner=cast.agent, team=cast.team, customer=make_customer("宋建国", mail="s@example.cn")
    )
    case = services.feedback_note(
        case_id=case.pk, text="电话回访：满意", how="onsite", actor=cast.actor(cast.agent), at=LATER
    )
    assert case.verified_how == "onsite" and told(case)[-1] == "record.completed"
    case = services.record_verify(case_id=case.pk, actor=cast.actor(cast.agent), at=LATER)
    assert case.record_verified_at == LATER and told(case)[-1] == "record.verified"


def test_a_record_that_lacks_something_is_not_verified(cast):
    case = make_resolved(owner=cast.agent, team=cast.team)
    with pytest.raises(Conflict):
        services.record_verify(case_id=case.pk, actor=cast.actor(cast.agent), at=LATER)


def test_a_dispute_reopens_with_its_reason_as_a_message(cast, told, payload):
    case = make_resolved(owner=cast.agent, team=cast.team)
    case = services.case_dispute(
        case_id=case.pk, reason="又结块了", actor=Actor.customer(case.customer_id), at=LATER
    )
    assert (case.status, case.round, case.unanswered) == ("open", 2, True)
    assert told(case)[-3:] == ["interaction.received", "case.disputed", "case.reopened"]
    assert case.interactions.get(purpose="dispute").text == "又结块了"
    assert payload(case, "case.reopened")["count"] == 1


def test_it_can_be_reopened_without_limit_and_each_is_counted(cast, payload):
    case = make_resolved(owner=cast.agent, team=cast.team)
    for count in range(1, 6):
        case = services.case_reopen(case_id=case.pk, reason="再看", actor=cast.actor(cast.agent), at=LATER)
        assert case.reopen_count == count and payload(case, "case.reopened")["count"] == count
        services.case_resolve(case_id=case.pk, text="好了", actor=cast.actor(cast.agent), at=LATER)


def test_a_resolved_case_closes_after_its_silence(cast, told):
    case = make_resolved(
        owner=cast.agent, team=cast.team, customer=make_customer("宋建国", mail="s@example.cn")
    )
    assert services.close_silent(at=AT + timedelta(hours=71, minutes=59)) == 0
    assert services.close_silent(at=AT + timedelta(hours=72)) == 1
    case.refresh_from_db()
    assert (case.status, case.closed_how, case.close_at) == ("closed", "silence", None)
    assert told(case)[-2:] == ["case.closed", "record.completed"]


def test_the_organisation_sets_the_silence(cast):
    organisation_change(values={"close_after_hours": 24}, actor=Actor.system(), at=AT)
    assert make_resolved(owner=cast.agent, team=cast.team).close_at == AT + timedelta(hours=24)


def test_what_is_open_is_not_closed(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Conflict) as raised:
        services.case_close(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    assert raised.value.code == "wrong_status"


def test_a_plan_is_put_to_the_customer_in_words(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    plan = services.plan_propose(
        case_id=case.pk,
        options=OPTIONS,
        checks=["safety", "accuracy"],
        then="wait",
        actor=cast.actor(cast.agent),
        at=LATER,
    )
    assert [o.title for o in plan.options.all()] == ["换 3 吨新料", "折价留用", "退货退款"]
    assert plan.options.all()[1].steps == "过筛\n15 天内喂完" and plan.checks == ["accuracy", "safety"]
    assert "方案 1：换 3 吨新料" in plan.interaction.text and "不足：须留人装卸" in plan.interaction.text
    assert told(case)[-3:] == ["interaction.sent", "plan.proposed", "case.waiting"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ([], "options"),
        ([{"title": "一"}] * 4, "options"),
        ([{"pros": "没有名称"}], "options.0.title"),
        ([{"title": "长" * 121}], "options.0.title"),
        ([{"title": "一", "pros": {"a": 1}}], "options.0.pros"),
        ([{"title": "一", "recommended": True}, {"title": "二", "recommended": True}], "options"),
    ],
)
def test_a_plan_that_is_none_is_refused_where_it_is_wrong(cast, options, field):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Invalid) as raised:
        services.plan_propose(case_id=case.pk, options=options, actor=cast.actor(cast.agent), at=AT)
    assert raised.value.field == field and not Plan.objects.exists()


def test_the_customer_chooses_and_the_case_goes_on(cast, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    plan = services.plan_propose(
        case_id=case.pk, options=OPTIONS, then="wait", actor=cast.actor(cast.agent), at=AT
    )
    services.plan_choose(case_id=case.pk, option=2, actor=Actor.customer(case.customer_id), at=LATER)
    plan.refresh_from_db()
    case.refresh_from_db()
    assert plan.chosen.title == "折价留用" and plan.chosen_by_kind == "customer"
    assert case.status == "open" and told(case)[-2:] == ["plan.chosen", "case.resumed"]
    assert payload(case, "plan.chosen")["position"] == 2
    with pytest.raises(Conflict):
        services.plan_choose(case_id=case.pk, option=1, actor=Actor.customer(case.customer_id), at=LATER)


def test_an_option_is_named_by_its_place_whatever_its_id(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    act = {"actor": cast.actor(cast.agent), "at": AT}
    plan = services.plan_propose(case_id=case.pk, options=OPTIONS, **act)
    Option.objects.all().delete()  # the first rows of an installation: the option in the first place has the id 2
    for place, option_id in ((1, 2), (2, 1)):
        Option.objects.create(pk=option_id, plan=plan, position=place, title=OPTIONS[place - 1]["title"])
    with pytest.raises(Invalid):
        services.plan_choose(case_id=case.pk, option=3, **act)
    assert services.plan_choose(case_id=case.pk, option=2, **act).chosen.title == OPTIONS[1]["title"]


def test_what_was_chosen_of_an_older_plan_is_not_taken_for_the_new_one(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    act = {"actor": cast.actor(cast.agent), "at": AT}
    old = services.plan_propose(case_id=case.pk, options=OPTIONS, **act)
    new = services.plan_propose(case_id=case.pk, options=OPTIONS[::-1], **act)
    with pytest.raises(Conflict) as raised:
        services.plan_choose(case_id=case.pk, option=1, plan_id=old.pk, **act)
    assert raised.value.code == "plan_changed" and not Plan.objects.exclude(chosen_at=None).exists()
    chosen = services.plan_choose(case_id=case.pk, option=1, plan_id=new.pk, **act).chosen
    assert chosen.title == OPTIONS[-1]["title"]


def test_a_new_plan_withdraws_the_one_before_and_resolving_withdraws_the_last(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    act = {"actor": cast.actor(cast.agent), "at": AT}
    first = services.plan_propose(case_id=case.pk, options=OPTIONS[:1], **act)
    second = services.plan_propose(case_id=case.pk, options=OPTIONS[1:], **act)
    services.case_resolve(case_id=case.pk, text="好了", **act)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.withdrawn_at == second.withdrawn_at == AT
    assert told(case).count("plan.withdrawn") == 2


def test_the_first_judgement_is_the_triage_also_when_all_was_right(cast, told):
    case = make_case(team=cast.team)
    services.case_classify(case_id=case.pk, kind="inquiry", actor=cast.actor(cast.agent), at=LATER)
    assert told(case)[-1] == "case.triaged"
    topic = make_topic("feed", "饲料")
    case = services.case_classify(
        case_id=case.pk,
        level="L2",
        complexity="complex",
        priority="high",
        topic_id=topic.pk,
        actor=cast.actor(cast.agent),
        at=LATER,
    )
    assert told(case)[-1] == "case.classified" and told(case).count("case.triaged") == 1
    case = services.case_classify(
        case_id=case.pk, level="", topic_id=0, actor=cast.actor(cast.agent), at=LATER
    )
    assert case.level == "" and case.topic_id is None and case.complexity == "complex"


def test_diagnosis_expected_time_warning_and_planned_response(cast, told):
    case = make_case(team=cast.team)
    act = {"case_id": case.pk, "actor": cast.actor(cast.agent), "at": AT}
    case = services.case_diagnose(text="运输途中受潮", **act)
    assert case.owner_id == cast.agent.pk and told(case)[-2:] == ["interaction.noted", "case.diagnosed"]
    case = services.eta_tell(expected_at=LATER, text="一小时内答复您", **act)
    assert case.expected_at == LATER and told(case)[-2:] == ["interaction.sent", "case.eta_told"]
    services.customer_warn(text="磅单未到，改为明天", expected_at=LATER + timedelta(days=1), **act)
    assert told(case)[-2:] == ["interaction.sent", "customer.warned"]
    services.response_plan(case_id=case.pk, planned_at=LATER, actor=cast.actor(cast.agent), at=AT)
    services.info_collect(**act)
    assert told(case)[-2:] == ["response.planned", "info.collected"]
    with pytest.raises(Invalid):
        services.eta_tell(expected_at=AT, **act)


def test_a_case_can_go_to_the_customer_it_really_belongs_to(cast, told):
    case, right = make_case(team=cast.team, owner=cast.agent), make_customer()
    case = services.case_customer_set(
        case_id=case.pk, customer_id=right.pk, actor=cast.actor(cast.agent), at=AT
    )
    assert case.customer_id == right.pk and told(case)[-1] == "case.customer_changed"
    with pytest.raises(Invalid):
        services.case_customer_set(case_id=case.pk, customer_id=999_999, actor=cast.actor(cast.agent), at=AT)
