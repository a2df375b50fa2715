"""Requests that belong to no case: asked and decided on their pages, by mail and over the API."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.audit.models import Entry
from shounuo.cases import services as cases
from shounuo.cases.models import Grant
from shounuo.duties.models import Duty
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices.testing import make_relay, outbox, parsed
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.services import role_create, token_create
from shounuo.staff.testing import make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
RULES = """      - {authority: release, title: 批准对外报告, grant: report_release, who: legal, per: organisation}
      - {authority: gifts, title: 礼品, grant: gifts, who: supervisor, up_to: 500 CNY, per: organisation, approver: manager}
      - commitment: approval
        title: 审批时限
        subject: duty
        from: duty.created
        until: duty.done
        within: PT4H
        when: {kind: approval}
"""
HTMX = {"HX-Request": "true"}
NEW = "/approvals/new/?kind=report_release"


@pytest.fixture
def cast():
    outbox.clear()
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    made = make_cast(at=before)
    role_create(code="legal", name="法务", permissions=("duties.work",), actor=Actor.system(), at=before)
    make_in_force(make_text("T-1", rules=RULES), at=before)
    make_relay()
    return made


@pytest.fixture
def legal(cast):
    return make_person("legal", name="王法务", roles=("legal",), mail="legal@example.cn")


def client_of(person):
    client = Client()
    sign_in_client(client, person)
    return client


def asked(cast, who=None, about="三季度报告"):
    return cases.request_ask(
        kind="report_release", about=about, reason="年会上要用", actor=actor_for(who or cast.agent), at=now()
    )


def test_the_kinds_in_force_are_shown_with_who_decides(cast, legal):
    page = client_of(cast.agent).get("/approvals/new/").text
    assert "批准对外报告" in page and "谁来批：法务" in page and "gifts" in page
    assert "您可以直接决定" in client_of(legal).get("/approvals/new/").text
    assert "/approvals/new/" in client_of(cast.agent).get("/approvals/").text


def test_where_no_rule_speaks_it_is_said(cast):
    from shounuo.policy.models import Rule

    Rule.objects.all().update(status="shown")
    assert "现行制度没有写哪些组织事项要谁批" in client_of(cast.agent).get("/approvals/new/").text


def test_before_asking_one_reads_who_decides_and_by_when(cast, legal):
    dialog = client_of(cast.agent).get(NEW, headers=HTMX).text
    assert "由法务批：王法务。现在提出，最迟" in dialog and 'name="about"' in dialog
    assert 'name="amount"' not in dialog
    money = client_of(cast.agent).get("/approvals/new/?kind=gifts", headers=HTMX).text
    assert 'name="amount"' in money and "由客服主管批：周明" in money


def test_asked_on_its_page_it_says_who_decides_and_by_when(cast, legal):
    agent = client_of(cast.agent)
    answer = agent.post(NEW, {"about": "三季度报告", "reason": "年会上要用"})
    grant = Grant.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/approvals/{grant.pk}/"
    page = agent.get(f"/approvals/{grant.pk}/").text
    assert "三季度报告" in page and "王法务" in page and "最迟" in page and "撤回" in page
    assert 'value="approve"' not in page and "工单</dt>" not in page
    for box in ("asked", "organisation"):
        assert "三季度报告" in agent.get(f"/approvals/?box={box}").text
    refused = agent.post(NEW, {"about": "", "reason": ""}, headers=HTMX)
    assert refused.status_code == 422 and "sn-err" in refused.text


def test_an_amount_where_the_rule_speaks_of_money(cast):
    url = "/approvals/new/?kind=gifts"
    supervisor = client_of(cast.supervisor)
    assert supervisor.post(url, {"about": "样品", "reason": "x", "amount": ""}).status_code == 422
    supervisor.post(url, {"about": "样品", "reason": "x", "amount": "120.50"})
    grant = Grant.objects.get()
    assert (grant.state, grant.amount) == ("granted", 12050)
    assert "120.50 元" in supervisor.get("/approvals/?box=organisation&state=done").text


def test_decided_on_its_page_and_kept_in_the_audit(cast, legal):
    grant = asked(cast)
    client = client_of(legal)
    assert "三季度报告" in client.get("/approvals/").text
    page = client.get(f"/approvals/{grant.pk}/").text
    assert 'value="approve"' in page and "年会上要用" in page
    client.post(f"/approvals/{grant.pk}/decide/", {"decision": "refuse", "note": "数字未核"})
    grant.refresh_from_db()
    assert (grant.state, grant.note) == ("refused", "数字未核")
    run_jobs(now())
    agent = client_of(cast.agent)
    assert "数字未核" in agent.get(f"/approvals/{grant.pk}/").text
    assert "申请未批" in agent.get("/me/notices/").text
    kept = Entry.objects.filter(target_kind="grant", target_id=str(grant.pk)).order_by("id")
    assert [e.action for e in kept] == ["grant.asked", "grant.refused"]


def test_withdrawn_on_its_page(cast, legal):
    grant = asked(cast)
    client_of(cast.agent).post(f"/approvals/{grant.pk}/withdraw/", {"reason": "不发了"})
    grant.refresh_from_db()
    assert grant.state == "withdrawn"


@pytest.mark.parametrize("who", ["outsider", "supervisor", "nobody"])
def test_an_outsider_finds_nothing(cast, legal, who):
    waiting, done = asked(cast), asked(cast, legal, about="年报")
    client = client_of(getattr(cast, who))
    wanted = 403 if who == "nobody" else 404
    for grant in (waiting, done):
        assert client.get(f"/approvals/{grant.pk}/").status_code == wanted
        assert client.post(f"/approvals/{grant.pk}/decide/", {"decision": "approve"}).status_code == wanted
        assert client.post(f"/approvals/{grant.pk}/withdraw/", {"reason": "x"}).status_code == wanted
    for box in ("todo", "asked", "organisation", "all"):
        for state in ("", "done"):
            page = client.get(f"/approvals/?box={box}&state={state}").text
            assert "三季度报告" not in page and "年报" not in page
    for path in ("/search/?q=三季度", "/duties/?box=all", "/duties/?box=all&q=三季度"):
        assert "三季度" not in client.get(path).text.replace("q=三季度", "").replace('value="三季度"', "")
    if who == "nobody":
        assert client.get("/approvals/new/").status_code == 403
        assert client.post(NEW, {"about": "x", "reason": "x"}).status_code == 403
    waiting.refresh_from_db()
    assert waiting.is_asked


def test_a_kind_that_no_rule_knows_is_not_there(cast):
    agent = client_of(cast.agent)
    for kind in ("compensation", "x", "報"):
        assert agent.get(f"/approvals/new/?kind={kind}").status_code == 404
    assert not Grant.objects.exists()


def test_lists_ask_no_more_for_more_rows(cast, legal, django_assert_num_queries):
    client, asker = client_of(legal), client_of(cast.agent)
    asked(cast)
    for reader, path in (
        (client, "/approvals/"),
        (client, "/approvals/?box=organisation"),
        (asker, "/approvals/new/"),
    ):
        reader.get(path)
        with CaptureQueriesContext(connection) as few:
            reader.get(path)
        for n in range(4):
            asked(cast, about=f"第 {n} 份")
        with django_assert_num_queries(len(few)):
            reader.get(path)


# -- by mail ---------------------------------------------------------------------------------------------------------
def link_to(person):
    """The path of the link in the last mail to a person, and the mail's text."""
    mail = next(m for m in reversed(outbox) if person.mail in m.recipients)
    body = parsed(mail).get_content()
    return re.search(r"https://kefu\.example\.cn(/approve/\S+)", body)[1], body


def test_a_link_of_ones_own_decides_once(cast, legal):
    grant = asked(cast)
    run_jobs(now())
    assert [m.recipients for m in outbox if "/approve/" in parsed(m).get_content()] == [(legal.mail,)]
    path, body = link_to(legal)
    assert "林小满" in body and "三季度报告" in body and "年会上要用" in body and "工单" not in body
    opened = Client().get(path)
    grant.refresh_from_db()
    assert opened.status_code == 200 and "三季度报告" in opened.text and grant.is_asked
    assert "已批准" in Client().post(path, {"decision": "approve", "note": ""}).text
    grant.refresh_from_db()
    assert (grant.state, grant.via, grant.decided_by_id) == ("granted", "mail", legal.pk)
    assert Client().get(path).status_code == Client().post(path, {"decision": "refuse"}).status_code == 404


def test_a_forged_link_or_one_of_who_lost_the_role_opens_nothing(cast, legal):
    grant = asked(cast)
    run_jobs(now())
    path, _body = link_to(legal)
    forged = path.replace(f".{legal.pk}.", f".{cast.outsider.pk}.")
    assert Client().post(forged, {"decision": "approve"}).status_code == 404
    legal.roles.clear()
    assert Client().post(path, {"decision": "approve"}).status_code == 404
    grant.refresh_from_db()
    assert grant.is_asked


# -- over the API ----------------------------------------------------------------------------------------------------
def call(person, method, path, body=None, **headers):
    _token, bearer = token_create(person_id=person.pk, name="t", actor=Actor.system(), at=now())
    headers |= {"Authorization": f"Bearer {bearer}"}
    if method == "get":
        return Client().get(f"/api/v1{path}", headers=headers)
    return Client().post(f"/api/v1{path}", body, "application/json", headers=headers)


ASKED = {"kind": "report_release", "about": "三季度报告", "reason": "年会上要用"}


def test_offered_asked_approved_and_read_over_the_api(cast, legal):
    offers = call(cast.agent, "get", "/grants/offers").json()["items"]
    assert [(o["kind"], o["alone"], o["roles"], o["money"]) for o in offers] == [
        ("report_release", False, ["legal"], False),
        ("gifts", False, ["supervisor"], True),
    ]
    answer = call(cast.agent, "post", "/grants", ASKED)
    told = answer.json()
    assert answer.status_code == 201
    assert (told["state"], told["case"], told["about"], told["roles"]) == (
        "asked",
        None,
        "三季度报告",
        ["legal"],
    )
    for box in ("todo", "organisation"):
        listed = call(legal, "get", f"/grants?box={box}").json()["items"]
        assert [g["id"] for g in listed] == [told["id"]]
    done = call(legal, "post", f"/grants/{told['id']}/approve", {"note": "同意"}).json()
    assert (done["state"], done["via"]) == ("granted", "api")
    assert call(legal, "get", "/grants?box=organisation").json()["items"] == []
    ended = call(cast.agent, "get", "/grants?box=organisation&state=done").json()["items"]
    assert [g["state"] for g in ended] == ["granted"]


def test_what_is_wrong_is_said_over_the_api(cast, legal):
    for given, status in (({"kind": "x"}, 422), ({"about": " "}, 422), ({"amount": 100}, 422)):
        assert call(cast.agent, "post", "/grants", ASKED | given).status_code == status
    assert call(cast.agent, "get", "/grants?box=organisation&cursor=x").status_code == 422
    assert not Grant.objects.exists()


def test_outsiders_find_nothing_over_the_api(cast, legal):
    id = asked(cast).pk
    for method, path, body in (
        ("get", f"/grants/{id}", None),
        ("post", f"/grants/{id}/approve", {}),
        ("post", f"/grants/{id}/refuse", {"reason": "x"}),
        ("post", f"/grants/{id}/withdraw", {"reason": "x"}),
    ):
        for stranger in (cast.outsider, cast.supervisor):
            assert call(stranger, method, path, body).status_code == 404, path
        assert call(cast.nobody, method, path, body).status_code == 403, path
    for box in ("all", "organisation", "todo"):
        assert call(cast.outsider, "get", f"/grants?box={box}").json()["items"] == []
    assert call(cast.nobody, "post", "/grants", ASKED).status_code == 403
    assert call(cast.nobody, "get", "/grants/offers").status_code == 403
    assert Grant.objects.get().is_asked


# -- whose duty it is ------------------------------------------------------------------------------------------------
def test_only_those_who_may_decide_are_offered_and_others_refused_by_name(cast, legal):
    grant = asked(cast)
    duty = Duty.objects.get(origin_id=grant.pk, kind="approval")
    page = client_of(cast.manager).get(f"/duties/{duty.pk}/assign/").text
    assert "王法务" in page and f'value="{cast.agent.pk}"' not in page
    refused = client_of(cast.manager).post(f"/duties/{duty.pk}/assign/", {"person": cast.outsider.pk})
    assert refused.status_code == 422 and "韩梅无权处理这项待办，可以交给：王法务" in refused.text
    assert f"/duties/{duty.pk}/take/" not in client_of(cast.manager).get(f"/duties/{duty.pk}/").text
    answer = call(cast.manager, "post", f"/duties/{duty.pk}/assign", {"person": cast.agent.pk})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "may_not", "person")
    done = client_of(cast.manager).post(f"/duties/{duty.pk}/assign/", {"person": legal.pk})
    assert done.status_code == 302 and Duty.objects.get(pk=duty.pk).owner_id == legal.pk
    assert (
        client_of(cast.outsider).post(f"/duties/{duty.pk}/assign/", {"person": legal.pk}).status_code == 404
    )
