"""From the clause to the word of who may: what the shipped regulations let whom decide for the organisation."""

import re

import pytest
from django.test import Client

from shounuo.audit.models import Entry
from shounuo.cases import services
from shounuo.cases.models import Grant
from shounuo.cases.queries import requests
from shounuo.commitments.models import Clock
from shounuo.duties import services as duties
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.notices.testing import make_relay, outbox, parsed
from shounuo.policy import services as policy
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_draft, make_in_force, make_shipped, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.services import role_create
from shounuo.staff.testing import make_person, sign_in_client

CLOCK = """      - commitment: approval
        title: 审批时限
        subject: duty
        from: duty.created
        until: duty.done
        within: PT4H
        when: {kind: approval}
        escalate: [{at: 100%, to: "role:manager"}]
"""


@pytest.fixture
def opened(house):
    house.open()
    for code, name in (("legal", "法务"), ("management", "公司管理层")):
        role_create(code=code, name=name, permissions=("duties.work",), actor=Actor.system(), at=house.at)
    make_in_force(make_text("T-1", rules=CLOCK), at=house.at)
    make_relay()
    return house


def ask(house, kind, about="三季度服务质量报告"):
    return services.request_ask(
        kind=kind, about=about, reason="客户年会上要用", actor=house.agent, at=house.at
    )


def mail_to(person):
    return next(
        m for m in reversed(outbox) if person.mail in m.recipients and "/approve/" in parsed(m).get_content()
    )


def test_a_report_goes_out_when_legal_says_so_by_mail(opened):
    house = opened
    make_shipped("process-standard", at=house.at)
    legal = make_person("legal", name="王法务", roles=("legal",), mail="legal@example.cn", at=house.at)
    rules = [r for r in Rule.objects.filter(kind="authority") if r.body.get("per") == "organisation"]
    assert len(rules) == 16 and {r.status for r in rules} == {"live"}, "not one of them is only shown"
    kinds = {a.offer.kind: a.roles for a in requests.offers(house.agent, house.at)}
    assert kinds["report_release"] == ("legal",) and kinds["recall_approval"] == ("general_manager",)

    grant = ask(house, "report_release")
    assert (grant.state, grant.roles, grant.clause_code) == ("asked", ["legal"], "PCF-6.2.5")
    clock = Clock.objects.get(subject_kind="duty", commitment="approval")
    house.work()
    path = re.search(r"https://[^/]+(/approve/\S+)", parsed(mail_to(legal)).get_content())[1]
    house.later(60)
    assert Client().get(path).status_code == 200 and Grant.objects.get(pk=grant.pk).is_asked
    Client().post(path, {"decision": "approve", "note": "可以发布"})
    grant.refresh_from_db()
    clock.refresh_from_db()
    assert (grant.state, grant.via, clock.state) == ("granted", "mail", "met")
    assert Client().post(path, {"decision": "refuse", "note": "不"}).status_code == 404
    house.work()
    kinds = ["grant.asked", "grant.approved", "grant.granted"]
    told = Event.objects.filter(subject_kind="grant", subject_id=grant.pk).order_by("seq")
    assert [e.kind for e in told] == kinds
    kept = Entry.objects.filter(target_kind="grant", target_id=str(grant.pk)).order_by("id")
    assert [e.action for e in kept] == kinds


def test_who_is_away_is_stood_in_for_and_who_is_late_is_told_of(opened):
    house = opened
    make_shipped("process-standard", at=house.at)
    legal = make_person("legal", roles=("legal",), mail="legal@example.cn", at=house.at)
    deputy = make_person("deputy", name="代法务", mail="deputy@example.cn", at=house.at)
    duties.delegation_make(
        person_id=legal.pk,
        delegate_id=deputy.pk,
        starts_at=house.at,
        ends_at=house.at.replace(year=house.at.year + 1),
        reason="休假",
        actor=actor_for(legal),
        at=house.at,
    )
    grant = ask(house, "report_release")
    house.work()
    assert mail_to(deputy) and all(legal.mail not in m.recipients for m in outbox)
    house.later(5 * 60)
    assert Clock.objects.get(subject_kind="duty", commitment="approval").state == "breached"
    done = services.grant_decide(grant_id=grant.pk, approve=True, actor=actor_for(deputy), at=house.at)
    assert (done.decided_by_id, done.stood_in_for_id) == (deputy.pk, legal.pk)


def test_the_livestock_regulation_is_read_by_the_manager_and_revised_by_the_management(opened):
    house = opened
    make_shipped("livestock", at=house.at)
    manager = actor_for(house.cast.manager)
    assert ask(house, "policy_interpretation", "加急工单算不算夜间响应").roles == ["manager"]
    own = services.request_ask(
        kind="policy_interpretation", about="节假日值班", reason="有人问", actor=manager, at=house.at
    )
    assert own.state == "granted", "the manager's own word"

    version = make_draft(make_text(code="other"), at=house.at, actor=manager)
    policy.version_submit(version_id=version.pk, actor=manager, at=house.at)
    director = actor_for(make_person("director", roles=("director",), at=house.at))
    board = actor_for(make_person("board", roles=("director", "management"), at=house.at))
    with pytest.raises(NotAllowed, match="公司管理层"):
        policy.version_approve(version_id=version.pk, actor=director, at=house.at)
    admin = Client()
    sign_in_client(admin, house.cast.admin)
    page = admin.get("/policy/other/versions/").text
    assert "条 REG-6 规定，制度修订由公司管理层批准" in page and "/approve/" not in page
    assert policy.version_approve(version_id=version.pk, actor=board, at=house.at).state == "approved"
