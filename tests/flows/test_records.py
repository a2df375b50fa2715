"""Records that a regulation demands: a gate before, a clock after, and how complete they are."""

from datetime import timedelta

import pytest

from shounuo.cases import services
from shounuo.cases.models import Case
from shounuo.commitments import records
from shounuo.commitments.models import Clock
from shounuo.customers import services as customers
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.metrics.models import Observation
from shounuo.metrics.testing import observe_all
from shounuo.policy.models import Rule
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
SYSTEM = Actor.system()

BEFORE_CLOSING = """
- record: verification
  title: 验证方式
  subject: case
  fields: [topic, verification_method]
  before: case.closed
"""
WITHIN_A_DAY = """
- record: outcome
  title: 办理结果
  subject: case
  fields: [outcome, topic]
  after: case.resolved
  within: PT24H
"""


def taken(house):
    case = house.case_of(house.mail())
    services.case_take(case_id=case.pk, actor=house.agent, at=house.at)
    return case


def resolved(house):
    case = taken(house)
    services.case_resolve(case_id=case.pk, text="已换货", actor=house.agent, at=house.later(5))
    return case


def topic(house):
    return services.topic_create(code="feed", name="饲料", actor=SYSTEM, at=house.at).pk


def close(house, case, actor=None):
    services.case_close(case_id=case.pk, actor=actor or house.agent, at=house.later(1))


def checked(case):
    rows = Event.objects.filter(kind="record.checked", subject_id=case.pk).order_by("id")
    return [
        (e.payload["on"], e.payload["clauses"], [m.partition(":")[2] for m in e.payload["missing"]])
        for e in rows
    ]


def test_what_is_missing_keeps_the_case_from_being_closed_and_is_named(house):
    house.open().promise(BEFORE_CLOSING)
    case = resolved(house)
    with pytest.raises(Invalid) as refused:
        close(house, case)
    assert refused.value.code == "record_incomplete"
    assert refused.value.extra["fields"] == ["topic", "verification_method"]
    assert "主题" in str(refused.value) and "验证方式" in str(refused.value) and "H-1" in str(refused.value)
    assert house.seen(case).status == "resolved"
    assert "case.closed" not in house.history(case)

    services.case_classify(case_id=case.pk, topic_id=topic(house), actor=house.agent, at=house.later(1))
    services.feedback_note(
        case_id=case.pk, text="客户说好了", how="remote", actor=house.agent, at=house.later(1)
    )
    close(house, case)
    assert house.seen(case).status == "closed"
    assert checked(case) == [("case.closed", ["H-1"], [])]


def test_a_customer_and_a_silence_are_not_kept_out_and_what_was_missing_is_noted(house):
    house.open().promise(BEFORE_CLOSING)
    mine, silent = resolved(house), resolved(house)
    services.case_confirm(case_id=mine.pk, actor=Actor.customer(mine.customer_id), at=house.later(10))
    services.close_silent(at=house.later(60 * 73))
    assert {house.seen(c).status for c in (mine, silent)} == {"closed"}
    assert checked(mine) == [("case.closed", ["H-1"], ["topic"])]
    assert checked(silent) == [("case.closed", ["H-1"], ["topic", "verification_method"])]


def test_the_pages_name_what_is_missing_next_to_the_act(house):
    house.open().promise(BEFORE_CLOSING)
    case = resolved(house)
    browser, url = house.browser(house.cast.agent), f"/cases/{case.number}/"
    page = browser.get(url).content.decode()
    assert "关闭之前还缺" in page
    assert f'hx-get="{url}classify/"' in page and f'hx-get="{url}feedback/"' in page
    refused = browser.post(url + "close/", headers={"HX-Request": "true"})
    assert refused.status_code == 422 and "验证方式" in refused.json()["detail"]


def test_resolving_asks_for_what_the_answer_itself_does_not_give(house):
    house.open().promise(
        "- record: result\n  subject: case\n  fields: [outcome, analysis_note]\n  before: case.resolved\n"
    )
    case = taken(house)
    browser, url = house.browser(house.cast.agent), f"/cases/{case.number}/"
    dialog = browser.get(url + "resolve/", headers={"HX-Request": "true"}).content.decode()
    assert "还缺" in dialog and f'hx-get="{url}diagnose/"' in dialog
    assert "处理结果" not in dialog  # the text of the answer is the outcome
    sent = browser.post(url + "resolve/", {"text": "好了"}, headers={"HX-Request": "true"})
    assert sent.status_code == 422
    services.case_diagnose(case_id=case.pk, text="受潮", actor=house.agent, at=house.later(1))
    services.case_resolve(case_id=case.pk, text="已换货", actor=house.agent, at=house.later(1))
    assert house.seen(case).status == "resolved"


def test_an_outsider_learns_nothing_of_what_is_missing(house):
    house.open().promise(BEFORE_CLOSING)
    case = resolved(house)
    browser = house.browser(house.cast.outsider)
    assert browser.get(f"/cases/{case.number}/").status_code == 404
    assert browser.post(f"/cases/{case.number}/close/").status_code == 404


def test_options_are_complete_one_by_one(house):
    house.open().promise(
        "- record: options\n  subject: case\n  fields: [pros, cons, steps, time, cost]\n"
        "  items: {of: solution_option, min: 1, max: 3}\n  before: plan.proposed\n"
    )
    case = taken(house)
    whole = {"title": "换货", "pros": "快", "cons": "等两天", "steps": "寄回", "time": "2 天", "cost": "0"}
    with pytest.raises(Invalid) as refused:
        services.plan_propose(
            case_id=case.pk, options=[whole, whole | {"cons": ""}], actor=house.agent, at=house.at
        )
    assert refused.value.extra["fields"] == ["cons"]
    assert not case.plans.exists()
    services.plan_propose(case_id=case.pk, options=[whole], actor=house.agent, at=house.at)


def test_the_triage_waits_for_its_fields_and_the_classification_does_not(house):
    house.open().promise("- record: intake\n  subject: case\n  fields: [topic]\n  before: case.triaged\n")
    case = taken(house)
    services.case_classify(case_id=case.pk, level="L2", actor=house.agent, at=house.later(1))
    assert (house.seen(case).level, house.seen(case).triaged_at) == ("L2", None)
    services.case_classify(case_id=case.pk, topic_id=topic(house), actor=house.agent, at=house.later(1))
    assert house.seen(case).triaged_at == house.at
    assert house.history(case).count("case.triaged") == 1


def test_what_is_owed_after_has_a_clock_until_the_last_field_is_filled(house):
    house.open().promise(WITHIN_A_DAY)
    case = resolved(house)
    clock = house.clock(case, "outcome")
    assert (clock.state, clock.due_at) == (State.RUNNING, moment("10-11 10:05"))
    services.case_close(case_id=case.pk, actor=house.agent, at=house.later(60))
    clock.refresh_from_db()
    assert clock.state == State.RUNNING  # the record outlives the close
    services.case_classify(case_id=case.pk, topic_id=topic(house), actor=house.agent, at=house.later(60))
    clock.refresh_from_db()
    assert (clock.state, clock.met_at) == (State.MET, house.at)
    filled = Event.objects.get(kind="record.filled")
    assert filled.payload == {"rule": clock.rule_id, "clause": "H-1", "record": "outcome"}
    assert filled.actor_id == house.agent.id


def test_what_is_complete_already_is_kept_at_once(house):
    house.open().promise(WITHIN_A_DAY)
    case = taken(house)
    services.case_classify(case_id=case.pk, topic_id=topic(house), actor=house.agent, at=house.at)
    services.case_resolve(case_id=case.pk, text="已换货", actor=house.agent, at=house.later(5))
    assert house.clock(case, "outcome").state == State.MET


def test_not_filled_in_time_it_is_broken_and_the_owner_is_told(house):
    house.open().promise(WITHIN_A_DAY)
    case = resolved(house)
    house.until("10-11 10:06")
    assert house.clock(case, "outcome").state == State.BREACHED
    assert "clock.breached" in house.told(house.cast.agent, clause="H-1")
    services.case_classify(case_id=case.pk, topic_id=topic(house), actor=house.agent, at=house.later(5))
    late = house.clock(case, "outcome")
    assert (late.state, late.met_at) == (State.BREACHED, house.at)


def test_reopened_nothing_is_owed_and_the_next_end_owes_it_again(house):
    house.open().promise(WITHIN_A_DAY)
    case = resolved(house)
    services.case_reopen(case_id=case.pk, reason="还没好", actor=house.agent, at=house.later(60))
    assert house.clock(case, "outcome").state == State.CANCELLED
    services.case_resolve(case_id=case.pk, text="这回好了", actor=house.agent, at=house.later(60))
    again = house.clock(case, "outcome")
    assert (again.state, again.due_at) == (State.RUNNING, house.at + timedelta(hours=24))


def test_what_is_learnt_of_the_customer_completes_the_record_of_his_case(house):
    house.open().promise(
        "- record: who\n  subject: case\n  fields: [region]\n  after: case.resolved\n  within: PT24H\n"
    )
    case = resolved(house)
    customers.customer_change(
        customer_id=case.customer_id, region="河南 周口", actor=house.agent, at=house.later(30)
    )
    house.work()
    assert house.clock(case, "who").state == State.MET


def test_a_field_that_nobody_has_keeps_the_rule_waiting_until_it_is_made(house):
    house.open().promise(
        "- record: stage\n  subject: case\n  fields: [fault_stage]\n  before: case.resolved\n"
    )
    row = Rule.objects.get(name="stage")
    assert (row.status, row.waiting_for) == ("waiting", ["field:fault_stage"])
    case = taken(house)
    field = services.custom_field_save(
        code="fault_stage", label="故障环节", actor=house.admin, at=house.later(1)
    )
    row.refresh_from_db()
    assert (row.status, row.waiting_for, row.live_since) == ("live", [], house.at)
    with pytest.raises(Invalid) as refused:
        services.case_resolve(case_id=case.pk, text="好了", actor=house.agent, at=house.later(1))
    assert "故障环节" in str(refused.value)
    services.custom_set(case_id=case.pk, values={"fault_stage": "安装"}, actor=house.agent, at=house.later(1))
    services.case_resolve(case_id=case.pk, text="好了", actor=house.agent, at=house.later(1))
    services.custom_field_save(
        field_id=field.pk, label="故障环节", active=False, actor=house.admin, at=house.later(1)
    )
    row.refresh_from_db()
    assert row.status == "waiting"


def test_nothing_is_asked_of_the_database_where_no_gate_stands(house, django_assert_num_queries):
    house.open().promise(WITHIN_A_DAY)
    case = resolved(house)
    with django_assert_num_queries(1):  # the generation of the policies
        assert records.lacking(("case", case.pk), "case.closed", house.at) == []
    assert not records.gated("case.closed")


def test_other_kinds_of_case_pass(house):
    house.open().promise(BEFORE_CLOSING.rstrip() + "\n  when: {kind: complaint}\n")
    case = resolved(house)
    close(house, case)
    assert Case.objects.get(pk=case.pk).status == "closed"
    assert checked(case) == []


def test_the_share_of_complete_records_is_counted_by_clause(house):
    house.open().promise(
        BEFORE_CLOSING
        + "- record: told\n  subject: case\n  fields: [outcome]\n  before: case.closed\n"
        + WITHIN_A_DAY.lstrip()
    )
    case = resolved(house)
    services.case_confirm(case_id=case.pk, actor=Actor.customer(case.customer_id), at=house.later(10))
    house.until("10-11 10:10")
    observe_all(house.at)
    rows = Observation.objects.filter(series="record.demanded").order_by("ref")
    assert sorted(rows.values_list("clause", "hit")) == [
        ("H-1", False),  # no topic at the close
        ("H-1", False),  # nor within a day
        ("H-1", True),
    ]
