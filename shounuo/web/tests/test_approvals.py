"""Grants on the case's page, approvals by page and by mail, and who stands in."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.cases import letters
from shounuo.cases import services as cases
from shounuo.cases.models import Grant
from shounuo.cases.testing import make_case
from shounuo.duties.models import Delegation
from shounuo.events.testing import run_jobs
from shounuo.kernel.clock import now
from shounuo.notices.testing import make_relay, outbox, parsed
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.models import Person
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
LADDER = """      - {authority: small, title: 小额补偿, grant: compensation, who: agent, up_to: 50 CNY, approver: supervisor}
      - {authority: large, title: 大额补偿, grant: compensation, who: manager, over: 500 CNY}
      - {authority: special, grant: special_request, who: supervisor}
"""
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast():
    outbox.clear()
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    made = make_cast(at=before)
    make_in_force(make_text("T-1", rules=LADDER), at=before)
    make_relay()
    return made


@pytest.fixture
def case(cast):
    return make_case(team=cast.team, owner=cast.agent, at=now() - timedelta(hours=1))


def client_of(person):
    client = Client()
    sign_in_client(client, person)
    return client


def asked(cast, case, yuan=300):
    return cases.grant_ask(
        case_id=case.pk,
        kind="compensation",
        amount=yuan * 100,
        reason="料受潮，客户要求补偿",
        actor=actor_for(cast.agent),
        at=now(),
    )


def test_the_case_shows_what_may_be_given_and_asks_in_two_fields(cast, case):
    agent = client_of(cast.agent)
    page = agent.get(f"/cases/{case.number}/").text
    assert "补偿与特批" in page and "可自行给到 50 元" in page
    dialog = agent.get(f"/cases/{case.number}/grant/?kind=compensation", headers=HTMX).text
    assert "已给合计 0 元" in dialog and 'name="amount"' in dialog and 'name="reason"' in dialog
    assert re.search(r'type="hidden" name="kind" value="compensation"', dialog)
    answer = agent.post(
        f"/cases/{case.number}/grant/",
        {"kind": "compensation", "amount": "30.50", "reason": "道歉"},
        headers=HTMX,
    )
    assert answer.status_code == 200 and "30.50 元" in answer.text and "已批" in answer.text
    assert Grant.objects.get().amount == 3050


def test_what_is_refused_stands_at_its_field(cast, case):
    agent = client_of(cast.agent)
    url = f"/cases/{case.number}/grant/"
    for given in (
        {"amount": "", "reason": "x"},
        {"amount": "-3", "reason": "x"},
        {"amount": "1.234", "reason": "x"},
    ):
        answer = agent.post(url, {"kind": "compensation", **given}, headers=HTMX)
        assert answer.status_code == 422 and "sn-err" in answer.text
    assert not Grant.objects.exists()


def test_a_special_request_asks_for_no_amount(cast, case):
    agent = client_of(cast.agent)
    dialog = agent.get(f"/cases/{case.number}/grant/?kind=special_request", headers=HTMX).text
    assert 'name="amount"' not in dialog
    agent.post(f"/cases/{case.number}/grant/", {"kind": "special_request", "reason": "加急"}, headers=HTMX)
    assert Grant.objects.get().is_asked


def test_decided_on_its_page(cast, case):
    grant = asked(cast, case)
    supervisor = client_of(cast.supervisor)
    rows = supervisor.get("/approvals/").text
    assert "300 元" in rows and "料受潮" in rows
    page = supervisor.get(f"/approvals/{grant.pk}/").text
    assert "批准" in page and "林小满" in page and "小额补偿" not in page
    answer = supervisor.post(f"/approvals/{grant.pk}/decide/", {"decision": "refuse", "note": ""})
    assert answer.status_code == 422 and "请写明不批的理由" in answer.text
    supervisor.post(f"/approvals/{grant.pk}/decide/", {"decision": "approve", "note": "同意"})
    grant.refresh_from_db()
    assert (grant.state, grant.via, grant.decided_by_id) == ("granted", "page", cast.supervisor.pk)
    assert "300 元" not in supervisor.get("/approvals/").text
    assert "300 元" in supervisor.get("/approvals/?state=done").text
    assert "300 元" in client_of(cast.agent).get("/approvals/?box=asked&state=done").text


def test_who_asked_sees_no_button(cast, case):
    grant = asked(cast, case)
    page = client_of(cast.agent).get(f"/approvals/{grant.pk}/").text
    assert 'value="approve"' not in page and "撤回" in page


@pytest.mark.parametrize("who", ["outsider", "nobody"])
def test_an_outsider_finds_nothing(cast, case, who):
    grant = asked(cast, case)
    client = client_of(getattr(cast, who))
    wanted = 404 if who == "outsider" else 403
    assert client.get(f"/approvals/{grant.pk}/").status_code == wanted
    assert client.post(f"/approvals/{grant.pk}/decide/", {"decision": "approve"}).status_code == wanted
    assert client.post(f"/approvals/{grant.pk}/withdraw/", {"reason": "x"}).status_code == wanted
    assert "300 元" not in client.get("/approvals/?box=all").text
    grant.refresh_from_db()
    assert grant.is_asked


def test_lists_ask_no_more_for_more_rows(cast, case, django_assert_num_queries):
    supervisor = client_of(cast.supervisor)
    asked(cast, case)
    supervisor.get("/approvals/")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        supervisor.get("/approvals/")
    for _ in range(4):
        asked(cast, make_case(team=cast.team, owner=cast.agent, at=now()), 120)
    with django_assert_num_queries(len(few)):
        page = supervisor.get("/approvals/").text
    assert page.count("data-row>") == 5


# -- by mail ---------------------------------------------------------------------------------------------------------
def link_to(person):
    """The path of the link in the last mail to a person."""
    mail = next(m for m in reversed(outbox) if person.mail in m.recipients)
    body = parsed(mail).get_content()
    return re.search(r"https://kefu\.example\.cn(/approve/\S+)", body)[1], body


@pytest.fixture
def mailed(cast, case):
    grant = asked(cast, case)
    run_jobs(now())
    return grant


def test_a_mail_goes_to_who_may_decide_with_a_link_of_his_own(cast, mailed):
    _path, body = link_to(cast.supervisor)
    assert "林小满" in body and "300 元" in body and "料受潮" in body
    assert [m.recipients for m in outbox if "/approve/" in parsed(m).get_content()] == [
        (cast.supervisor.mail,)
    ]
    run_jobs(now())
    assert len([m for m in outbox if "/approve/" in parsed(m).get_content()]) == 1


def test_opening_the_link_decides_nothing(cast, mailed):
    path, _body = link_to(cast.supervisor)
    scanner = Client()
    for _ in range(3):
        answer = scanner.get(path)
        assert answer.status_code == 200 and "按下按钮才算" in answer.text
        assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
    scanner.head(path)
    mailed.refresh_from_db()
    assert mailed.is_asked


def test_the_button_decides_once(cast, mailed):
    path, _body = link_to(cast.supervisor)
    answer = Client().post(path, {"decision": "approve", "note": ""})
    mailed.refresh_from_db()
    assert answer.status_code == 200 and "已批准" in answer.text
    assert (mailed.state, mailed.via, mailed.decided_by_id) == ("granted", "mail", cast.supervisor.pk)
    assert Client().post(path, {"decision": "refuse", "note": "不"}).status_code == 404
    assert Client().get(path).status_code == 404
    mailed.refresh_from_db()
    assert mailed.state == "granted"


def test_it_does_not_sign_in(cast, mailed):
    path, _body = link_to(cast.supervisor)
    client = Client()
    client.get(path)
    assert client.get("/approvals/").status_code == 302


def test_a_scanner_without_the_forms_secret_is_refused(cast, mailed):
    path, _body = link_to(cast.supervisor)
    answer = Client(enforce_csrf_checks=True).post(path, {"decision": "approve"})
    mailed.refresh_from_db()
    assert answer.status_code == 403 and mailed.is_asked


def test_hostile_links_open_nothing(cast, mailed):
    path, _body = link_to(cast.supervisor)
    token = path.split("/")[2]
    text, _dot, signed = token.rpartition(".")
    grant, round, person, until = text.split(".")
    forged = [
        f"{grant}.{round}.{cast.manager.pk}.{until}.{signed}",
        f"{grant}.{round}.{person}.{int(until) + 9999}.{signed}",
        f"{int(grant) + 1}.{round}.{person}.{until}.{signed}",
        text,
        f"{text}.",
        f"{text}.{signed[:-1]}",
        f"{text}.{signed}x",
        f"{text}.ü",
        "....",
        "9" * 300,
        f"{'9' * 25}.1.1.1.{signed}",
        f"٣.1.1.1.{signed}",
    ]
    for one in forged:
        answer = Client().post(f"/approve/{one}/", {"decision": "approve"})
        assert answer.status_code == 404, one
    mailed.refresh_from_db()
    assert mailed.is_asked


def test_a_link_ends_with_its_week_its_person_and_its_asking(cast, case, mailed):
    at = now()
    token = letters.link_path(mailed, cast.supervisor.pk, at - letters.LIVES).split("/")[2]
    assert Client().get(f"/approve/{token}/").status_code == 404
    path, _body = link_to(cast.supervisor)
    Person.objects.filter(pk=cast.supervisor.pk).update(is_active=False)
    assert Client().get(path).status_code == 404
    Person.objects.filter(pk=cast.supervisor.pk).update(is_active=True)
    assert Client().get(path).status_code == 200
    cases.grant_withdraw(grant_id=mailed.pk, reason="不要了", actor=actor_for(cast.agent), at=at)
    assert Client().get(path).status_code == 404


def test_who_has_lost_the_role_decides_nothing_by_his_link(cast, mailed):
    path, _body = link_to(cast.supervisor)
    cast.supervisor.roles.clear()
    answer = Client().post(path, {"decision": "approve"})
    mailed.refresh_from_db()
    assert answer.status_code in (404, 422) and mailed.is_asked


def test_who_has_a_second_factor_signs_in_first(cast, mailed):
    Person.objects.filter(pk=cast.supervisor.pk).update(totp_confirmed_at=now())
    path, _body = link_to(cast.supervisor)
    answer = Client().post(path, {"decision": "approve"})
    mailed.refresh_from_db()
    assert answer.status_code == 302 and answer["Location"] == f"/approvals/{mailed.pk}/" and mailed.is_asked


def test_who_asked_is_told(cast, mailed):
    cases.grant_decide(grant_id=mailed.pk, approve=True, actor=actor_for(cast.supervisor), at=now())
    run_jobs(now())
    assert "申请已批" in client_of(cast.agent).get("/me/notices/").text


# -- absence ---------------------------------------------------------------------------------------------------------
def test_a_person_names_a_stand_in_who_is_mailed_and_decides(cast, case):
    senior = make_person("senior", name="方远", teams=(cast.team,), mail="senior@example.cn")
    supervisor = client_of(cast.supervisor)
    at = now()
    answer = supervisor.post(
        "/approvals/absence/new/",
        {
            "person": cast.supervisor.pk,
            "delegate": senior.pk,
            "starts_at": (at - timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M"),
            "ends_at": (at + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"),
            "reason": "休假",
        },
    )
    assert answer.status_code == 302, answer.text
    assert "方远" in supervisor.get("/approvals/absence/").text
    grant = asked(cast, case)
    run_jobs(now())
    path, _body = link_to(senior)
    page = Client().get(path).text
    assert "您代周明审批" in page
    stand_in = client_of(senior)
    assert "300 元" in stand_in.get("/approvals/").text and "300 元" in stand_in.get("/duties/?box=open").text
    stand_in.post(f"/approvals/{grant.pk}/decide/", {"decision": "approve", "note": ""})
    grant.refresh_from_db()
    assert (grant.decided_by_id, grant.stood_in_for_id) == (senior.pk, cast.supervisor.pk)
    assert "（代周明）" in stand_in.get(f"/approvals/{grant.pk}/").text
    supervisor.post(f"/approvals/absence/{Delegation.objects.get().pk}/end/")
    assert Delegation.objects.get().ended_by_id == cast.supervisor.pk


def test_nobody_names_a_stand_in_for_another_nor_ends_his(cast):
    agent = client_of(cast.agent)
    at = now()
    span = {
        "starts_at": at.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (at + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"),
    }
    agent.post("/approvals/absence/new/", {"person": cast.manager.pk, "delegate": cast.supervisor.pk, **span})
    assert Delegation.objects.get().person_id == cast.agent.pk, "for himself, whatever he sends"
    outsider = client_of(cast.outsider)
    assert outsider.post(f"/approvals/absence/{Delegation.objects.get().pk}/end/").status_code == 404
    assert "周明" not in outsider.get("/approvals/absence/").text
