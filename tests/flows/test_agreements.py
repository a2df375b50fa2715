"""From an agreement to its clocks: offered, accepted by the customer behind a signed link, in force for his cases only."""

from datetime import timedelta

import pytest

from shounuo.agreements import queries, services
from shounuo.agreements.models import Agreement
from shounuo.agreements.services import LinkOver, Promise
from shounuo.agreements.testing import make_agreement
from shounuo.cases.testing import make_case
from shounuo.channels import services as channels
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import nearest_of
from shounuo.customers import services as customers
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.web.tests.portal_world import sign_in

RULES = """      - commitment: first-response
        title: 首次响应
        subject: case
        from: case.opened
        until: interaction.sent
        within: PT30M
"""


@pytest.fixture
def promised(house):
    house.open()
    house.promise(RULES)
    return house


def director(house):
    return Actor.person(
        house.cast.manager.pk, permissions=frozenset({"customers.view", "policy.edit", "policy.publish"})
    )


def offered(house, **given):
    found = make_agreement(at=house.at, **given)
    return services.agreement_offer(agreement_id=found.pk, actor=director(house), at=house.at)


def token(agreement, at):
    return services.link_path(agreement, at).removeprefix("/help/agreements/").removesuffix("/")


def clocks(case):
    return {c.clause_code: c for c in Clock.objects.filter(subject_kind="case", subject_id=case.pk)}


@pytest.mark.django_db
def test_an_accepted_agreement_binds_for_its_customers_cases_and_the_best_promise_leads(promised):
    agreement = offered(promised)
    services.agreement_answer(token=token(agreement, promised.at), accepts=True, at=promised.at)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.answered_at) == ("active", promised.at)

    mine = make_case(customer=agreement.customer, at=promised.at)
    other = make_case(customer=make_customer("别家"), at=promised.at)
    own = agreement.clause_code(1)
    assert len(clocks(mine)) == 2, "its own beside that of the regulation"
    assert own not in clocks(other)
    assert clocks(mine)[own].due_at == promised.at + timedelta(minutes=10)
    nearest = nearest_of("case", [mine.pk])[mine.pk]
    assert nearest.clause_code == own
    assert queries.of_customer(agreement.customer) == [agreement]
    assert queries.of_customer(other.customer) == []


@pytest.mark.django_db
def test_the_signer_gets_the_link_by_mail_and_finds_it_when_signed_in(promised, client):
    agreement = offered(promised)
    run_jobs(promised.at)
    channels.agreement_send(agreement_id=agreement.pk, at=promised.at)
    (mail,) = promised.mails_to("hetao@example.cn")
    link = token(agreement, agreement.offered_at)
    assert link in mail.get_content()
    assert client.get(f"/help/agreements/{link}/").status_code == 200
    segment = offered(promised, segment="vip")
    assert channels.agreement_send(agreement_id=segment.pk, at=promised.at) is None, "nobody signs it"

    make_customer("外人", mail="stranger@example.cn")
    sign_in(client, "stranger@example.cn")
    assert "优先服务协议" not in client.get("/help/").content.decode()
    sign_in(client, "hetao@example.cn")
    assert "优先服务协议" in client.get("/help/").content.decode()
    services.agreement_answer(token=link, accepts=True, at=promised.at)
    assert "等您答复" not in client.get("/help/").content.decode()


@pytest.mark.django_db
def test_it_begins_on_its_first_day_and_ends_after_its_last(promised):
    day = promised.at.date()
    agreement = offered(promised, valid_from=day + timedelta(days=2), valid_until=day + timedelta(days=4))
    services.agreement_answer(token=token(agreement, promised.at), accepts=True, at=promised.at)
    seen = []
    for n in range(6):
        services.agreements_settle(at=promised.at + timedelta(days=n))
        agreement.refresh_from_db()
        seen.append(agreement.state)
    assert seen == ["accepted", "accepted", "active", "active", "active", "ended"]
    late = make_case(customer=agreement.customer, at=promised.at + timedelta(days=6))
    assert agreement.clause_code(1) not in clocks(late)


@pytest.mark.django_db
def test_a_company_and_a_segment_are_bound_as_well(promised):
    company = customers.company_create(name="河套牧场", actor=Actor.system(), at=promised.at)
    boss = make_customer("宋总", mail="boss@hetao.cn")
    worker = make_customer("小宋", mail="xs@hetao.cn")
    for one in (boss, worker):
        customers.customer_change(
            customer_id=one.pk, company="河套牧场", actor=Actor.system(), at=promised.at
        )
    of_company = offered(promised, company_id=company.pk, signer_id=boss.pk, within="PT20M")
    services.agreement_answer(token=token(of_company, promised.at), accepts=True, at=promised.at)
    customers.customer_change(customer_id=worker.pk, segment="vip", actor=Actor.system(), at=promised.at)
    of_segment = offered(promised, segment="vip", within="PT5M")
    assert of_segment.state == "active", "a segment is promised without being asked"
    assert set(clocks(make_case(customer=worker, at=promised.at))) >= {
        of_company.clause_code(1),
        of_segment.clause_code(1),
    }
    assert of_segment.clause_code(1) not in clocks(make_case(customer=boss, at=promised.at))


@pytest.mark.django_db
def test_a_customer_who_says_no_is_promised_nothing_more(promised):
    agreement = offered(promised)
    link = token(agreement, promised.at)
    services.agreement_answer(token=link, accepts=False, note="再快一点", at=promised.at)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.answer) == ("declined", "再快一点")
    with pytest.raises(Conflict):
        services.agreement_answer(token=link, accepts=True, at=promised.at)
    with pytest.raises(LinkOver):
        services.link_open(link, promised.at + timedelta(days=61))
    with pytest.raises(LinkOver):
        services.link_open(link[:-2] + "xx", promised.at)
    with pytest.raises(Conflict):
        services.agreement_end(agreement_id=agreement.pk, actor=director(promised), at=promised.at)


@pytest.mark.django_db
def test_what_cannot_be_agreed_is_said_at_its_field(promised):
    base = queries.bases(promised.at)[0][0].pk
    good = {
        "title": "优先",
        "segment": "vip",
        "promises": [Promise(base, "PT1H")],
        "valid_from": promised.at.date(),
    }
    for wrong, field in (
        ({"segment": ""}, "customer"),
        ({"customer_id": make_customer().pk}, "customer"),
        ({"title": " "}, "title"),
        ({"promises": []}, "promises"),
        ({"promises": [Promise(base + 999, "PT1H")]}, "promises"),
        ({"promises": [Promise(base, "PT0S")]}, "promises"),
        ({"promises": [Promise(base, "PT1H", benchmark="PT1H")]}, "promises"),
        ({"valid_until": promised.at.date() - timedelta(days=1)}, "valid_until"),
    ):
        with pytest.raises(Invalid) as refused:
            services.agreement_save(**{**good, **wrong}, actor=Actor.system(), at=promised.at)
        assert refused.value.field == field
    with pytest.raises(NotAllowed):
        services.agreement_save(**good, actor=promised.agent, at=promised.at)
    draft = services.agreement_save(**good, actor=Actor.system(), at=promised.at)
    reader = Actor.person(1, permissions=frozenset({"customers.view"}))
    with pytest.raises(NotAllowed):
        services.agreement_offer(agreement_id=draft.pk, actor=reader, at=promised.at)
    with pytest.raises(NotFound):
        services.agreement_offer(agreement_id=draft.pk, actor=Actor.person(1), at=promised.at)


@pytest.mark.django_db
def test_it_is_drawn_up_offered_and_answered_on_pages(promised):
    customer = make_customer("河套牧业", mail="hetao@example.cn")
    base = queries.bases(promised.at)[0][0].pk
    admin, agent = promised.browser(promised.cast.admin), promised.browser(promised.cast.agent)
    assert "还没有服务协议" in agent.get("/agreements/").content.decode()
    form = {
        "title": "金牌服务", "valid_from": f"{promised.at:%Y-%m-%d}", "ours": "专人值守", "rule_1": base, "amount_1": 10,
        "unit_1": "M", "target_1": 98, "benchmark_1": 5, "benchmark_unit_1": "M", "source_1": "行业年报 2025",
        **{f"unit_{n}": "H" for n in range(2, 7)}, **{f"benchmark_unit_{n}": "H" for n in range(2, 7)},
    }  # fmt: skip
    new = f"/agreements/new/?customer={customer.pk}"
    assert admin.post(new, form | {"amount_1": ""}).status_code == 422
    assert agent.post(new, form).status_code == 403
    assert admin.post(new, form).status_code == 302
    agreement = Agreement.objects.get()
    assert admin.get(f"/agreements/{agreement.pk}/edit/").status_code == 200
    admin.post(f"/agreements/{agreement.pk}/offer/")
    assert agent.post(f"/agreements/{agreement.pk}/end/").status_code == 403
    page = admin.get(f"/agreements/{agreement.pk}/").content.decode()
    for said in ("/help/agreements/", "行业年报 2025", "专人值守", "10 分钟"):
        assert said in page, said

    stranger = promised.browser()
    path = services.link_path(Agreement.objects.get(), promised.at)
    seen = stranger.get(path)
    assert "同意，按这份办" in seen.content.decode()
    assert "行业年报" not in seen.content.decode(), "what others reach is our own business"
    assert seen["Referrer-Policy"] == "no-referrer"
    assert stranger.get(path.replace(".", "x", 1)).status_code == 404
    assert stranger.post(path, {"answer": "yes", "note": "好"}).status_code == 302
    assert stranger.post(path, {"answer": "yes"}).status_code == 409
    assert "生效中" in stranger.get(path).content.decode()
    assert "金牌服务" in agent.get("/agreements/").content.decode()
    assert promised.browser(promised.cast.nobody).get("/agreements/").status_code == 403
    admin.post(f"/agreements/{agreement.pk}/end/")
    assert Agreement.objects.get().state == "ended"
