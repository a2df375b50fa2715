"""Finding cases by number, phone, name, words, one or two characters; and what jobs keep true."""

from datetime import timedelta

import pytest

from shounuo.cases import queries, services
from shounuo.cases.models import Interaction, SearchText
from shounuo.cases.testing import make_case
from shounuo.customers import services as customers
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.staff.testing import AT, make_person

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def case(cast):
    customer = make_customer("宋建国", mail="song@example.cn", phone="13812346721", company="兴旺家庭农场")
    case = make_case(
        "育肥料 552 到货结块，约 3 吨不敢喂", text="水分 14.8%，霉菌未检出", customer=customer, team=cast.team
    )
    make_case("料线电机异响", text="每 20 分钟停一次", team=cast.team)
    run_jobs(AT)
    return case


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("13812346721", "phone"),
        ("138 1234 6721", "phone"),
        ("+86 13812346721", "phone"),
        ("6721", "phone"),
        ("宋建国", "customer"),
        ("建国", "customer"),
        ("song@exa", "customer"),
        ("结块", "text"),
        ("结", "text"),
        ("霉菌", "text"),
        ("到货结块", "text"),
        ("育肥料552", "text"),
        ("552 结块", "text"),
        ("兴旺", "text"),
        ("１４．８", "text"),
    ],
)
def test_a_case_is_found_by_what_one_has_of_it(cast, case, text, by):
    (found,) = queries.search(cast.actor(cast.agent), text)
    assert found.case == case and found.by == by


@pytest.mark.parametrize("few", [0, 3_000])
def test_a_narrow_view_and_a_wide_one_are_searched_alike(cast, case, few, monkeypatch):
    monkeypatch.setattr("shounuo.cases.queries.finding._FEW", few)
    make_case("结块", team=cast.other_team)
    mine = make_case("结块")
    run_jobs(AT)
    assert {f.case for f in queries.search(cast.actor(cast.agent), "结块")} == {case, mine}
    assert len(queries.search(cast.actor(cast.manager), "结块")) == 3
    assert [f.case for f in queries.search(Actor.customer(case.customer_id), "结块")] == [case]


def test_signs_in_a_question_are_no_operators(cast, case):
    assert [f.case for f in queries.search(cast.actor(cast.agent), "结块 & ! | ( :*")] == [case]


def test_the_number_comes_first(cast, case):
    other = make_case(f"参见 {case.number}", team=cast.team)
    run_jobs(AT)
    for text in (str(case.number), f"#{case.number}"):
        assert [f.case for f in queries.search(cast.actor(cast.agent), text)] == [case, other]


@pytest.mark.parametrize("text", ["", "  ", "!!", "'", "& | !", "\x00", ":*", "没有的词", "9" * 30, "%"])
def test_what_is_not_there_or_is_no_question_finds_nothing(cast, case, text):
    assert queries.search(cast.actor(cast.agent), text) == []


def test_the_subject_weighs_more_than_the_messages(cast):
    said = make_case("饲料", text="电话里提到异响", team=cast.team)
    named = make_case("异响", text="饲料", team=cast.team, at=AT - timedelta(days=1))
    run_jobs(AT)
    assert queries.search(cast.actor(cast.agent), "异响")[0].case == named
    assert {f.case for f in queries.search(cast.actor(cast.agent), "异响")} == {named, said}


def test_a_search_costs_the_same_however_much_it_finds(cast, django_assert_max_num_queries):
    for _i in range(12):
        make_case("结块", team=cast.team)
    run_jobs(AT)
    with django_assert_max_num_queries(5):
        found = queries.search(cast.actor(cast.agent), "结块")
        assert len(found) == 12 and all(f.case.customer.name and f.case.team.name for f in found)


def test_later_words_are_found_too_and_notes_by_staff(cast, case):
    services.reply_send(case_id=case.pk, text="化验结果出来了", actor=cast.actor(cast.agent), at=AT)
    services.note_add(case_id=case.pk, text="物流篷布漏水", actor=cast.actor(cast.agent), at=AT)
    run_jobs(AT)
    for text in ("化验", "篷布"):
        assert [f.case for f in queries.search(cast.actor(cast.agent), text)] == [case]


def test_a_merged_case_gives_its_words_to_the_other(cast, case):
    senior = make_person(roles=("senior_agent",), teams=(cast.team,))
    other = make_case("另一张", customer=case.customer, team=cast.team)
    services.cases_merge(source_id=case.pk, target_id=other.pk, actor=cast.actor(senior), at=AT)
    run_jobs(AT)
    assert other in [f.case for f in queries.search(cast.actor(cast.agent), "霉菌")]


def test_a_new_name_is_found_on_old_cases(cast, case):
    customers.customer_change(
        customer_id=case.customer_id, name="宋大国", actor=cast.actor(cast.agent), at=AT
    )
    run_jobs(AT)
    assert [f.case for f in queries.search(cast.actor(cast.agent), "大国")] == [case]
    assert queries.search(cast.actor(cast.agent), "宋建国") == []


def test_cases_follow_a_merge_of_customers_and_come_back(cast, case, told):
    senior = make_person(roles=("senior_agent",), teams=(cast.team,))
    target = make_customer("宋建国", mail="jianguo@example.cn")
    own = make_case(customer=target, team=cast.team)
    source_id = case.customer_id
    merge = customers.customers_merge(
        source_id=source_id, target_id=target.pk, actor=cast.actor(senior), at=AT
    )
    run_jobs(AT)
    case.refresh_from_db()
    assert case.customer_id == target.pk and told(case)[-1] == "case.customer_changed"
    customers.merge_undo(merge_id=merge.pk, actor=cast.actor(senior), at=AT)
    run_jobs(AT)
    case.refresh_from_db()
    own.refresh_from_db()
    assert case.customer_id == source_id and own.customer_id == target.pk
    assert told(case).count("case.customer_changed") == 2


def test_an_erased_customer_leaves_no_word(cast, case):
    services.case_take(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    services.note_add(case_id=case.pk, text="宋老板人很急", actor=cast.actor(cast.agent), at=AT)
    services.plan_propose(case_id=case.pk, options=[{"title": "换新料"}], actor=cast.actor(cast.agent), at=AT)
    services.case_resolve(case_id=case.pk, text="已补发", actor=cast.actor(cast.agent), at=AT)
    copy = customers.customer_export(customer_id=case.customer_id, actor=cast.actor(cast.admin), at=AT)
    assert "霉菌" in str(copy["cases"]) and "宋老板人很急" in str(copy["cases"])
    customers.customer_erase(customer_id=case.customer_id, actor=cast.actor(cast.admin), at=AT)
    run_jobs(AT)
    case.refresh_from_db()
    said = str(list(Interaction.objects.filter(case=case).values())) + str(vars(case))
    assert not any(word in said for word in ("霉菌", "宋老板", "补发", "结块", "song@example.cn"))
    assert not SearchText.objects.filter(case=case).exists()
    assert case.status == "resolved" and case.owner_id == cast.agent.pk  # figures stay


def test_participants_and_threads(cast, case):
    from shounuo.cases.queries import by_message_ids, by_number, current, participants

    services.message_receive(
        case_id=case.pk,
        text="?",
        channel="mail",
        sender="Wife@Example.cn",
        message_id="<in-1@example.cn>",
        actor=SYSTEM,
        at=AT,
    )
    assert participants(case.pk) == {"song@example.cn", "wife@example.cn"}
    assert by_message_ids(["<none@x>", "<in-1@example.cn>"]).case == case
    assert by_message_ids([]) is None and by_message_ids([""]) is None
    assert by_number(case.number) == current(case) == case and by_number(-5) is None
