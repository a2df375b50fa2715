"""Grants that belong to no case: who is asked, what is summed, and who may see them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shounuo.cases import services
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries import requests
from shounuo.cases.queries.requests import SUBJECT
from shounuo.cases.rules.grants import Limit
from shounuo.cases.testing import make_case
from shounuo.duties import queries as duty_queries
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.services import role_create
from shounuo.staff.testing import AT, make_cast, make_person, make_team

RULES = """      - {authority: release, title: 批准对外报告, grant: report_release, who: legal, per: organisation}
      - {authority: gifts, grant: gifts, who: supervisor, up_to: 500 CNY, per: organisation, approver: manager}
      - {authority: small, grant: compensation, who: agent, up_to: 50 CNY, approver: supervisor}
      - {authority: late, grant: late, who: legal, per: organisation, when: {kind: complaint}}
"""
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def cast(db):
    made = make_cast()
    for code, name in (("legal", "法务"), ("chief", "总管")):
        more = ("duties.view_all",) if code == "chief" else ()
        role_create(code=code, name=name, permissions=("duties.work", *more), actor=Actor.system(), at=AT)
    make_in_force(make_text("T-1", rules=RULES), at=AT)
    return made


@pytest.fixture
def legal(cast):
    return make_person("legal", name="王法务", roles=("legal",))


@pytest.fixture
def chief(cast):
    return make_person("chief", roles=("chief",))


def ask(cast, who=None, *, kind="report_release", yuan=None, about="三季度报告", at=AT):
    return services.request_ask(
        kind=kind,
        about=about,
        amount=None if yuan is None else yuan * 100,
        reason="年会上要用",
        actor=cast.actor(who or cast.agent),
        at=at,
    )


def decide(cast, grant, who, *, approve=True, note="", at=LATER):
    return services.grant_decide(grant_id=grant.pk, approve=approve, note=note, actor=cast.actor(who), at=at)


def sees(cast, who, grant):
    actor = cast.actor(who)
    seen = queries.visible_to(actor).filter(pk=grant.pk).exists()
    assert (SUBJECT.visible_ids(actor, [grant.pk]) == {grant.pk}) is seen, "pushed as it is listed"
    return seen


def test_it_is_asked_of_who_the_rule_names_by_a_duty_that_says_nothing_of_it(cast, legal):
    grant = ask(cast)
    duty = Duty.objects.get()
    assert (grant.state, grant.roles, grant.case_id, grant.about) == ("asked", ["legal"], None, "三季度报告")
    assert (duty.kind, duty.roles, duty.team_id, duty.subject) == (
        "approval",
        ["legal"],
        None,
        ("grant", grant.pk),
    )
    assert duty.text == "" and "三季度" not in duty.title
    event = Event.objects.get(kind="grant.asked")
    assert (event.subject_kind, event.subject_id) == ("grant", grant.pk)
    assert event.payload["clause"] == "T-1" and "version" not in event.payload


def test_who_is_named_decides_his_own_at_once(cast, legal):
    grant = ask(cast, legal)
    assert (grant.state, grant.decided_by_id, grant.roles) == ("granted", legal.pk, ["legal"])
    assert not Duty.objects.exists()
    assert [e.kind for e in Event.objects.filter(subject_kind="grant")] == ["grant.granted"]


def test_granted_or_refused_with_its_duty_and_its_events(cast, legal):
    granted = decide(cast, ask(cast), legal)
    refused = decide(cast, ask(cast, about="四季度报告"), legal, approve=False, note="数字未核")
    assert (granted.state, refused.state, refused.note) == ("granted", "refused", "数字未核")
    assert [d.outcome for d in Duty.objects.order_by("id")] == ["approved", "refused"]
    assert [e.kind for e in Event.objects.filter(subject_kind="grant").order_by("id")] == [
        "grant.asked",
        "grant.approved",
        "grant.granted",
        "grant.asked",
        "grant.refused",
    ]


def test_nobody_but_a_second_person_of_the_role_decides(cast, legal):
    grant = ask(cast)
    for who in (cast.agent, cast.manager):
        with pytest.raises(NotAllowed):
            decide(cast, grant, who)
    for stranger in (cast.outsider, cast.supervisor, cast.nobody):
        with pytest.raises(NotFound):
            decide(cast, grant, stranger)


def test_seen_by_who_asked_who_may_decide_and_who_sees_all(cast, legal, chief):
    other = make_person("other_legal", roles=("legal",))
    for grant in (ask(cast), decide(cast, ask(cast), legal), ask(cast, legal)):
        seers = {p for p in (cast.agent, legal, other, chief, cast.manager) if sees(cast, p, grant)}
        # the manager sees all duties, by his role
        assert seers == {legal, other, chief, cast.manager} | (
            {cast.agent} if grant.asked_by == cast.agent else set()
        )
        for stranger in (cast.outsider, cast.supervisor, cast.nobody):
            assert not sees(cast, stranger, grant)
            with pytest.raises(NotFound):
                queries.get(cast.actor(stranger), grant.pk)


def test_who_leads_the_one_that_took_it_learns_of_the_duty_alone(cast, legal):
    team = make_team("legal", "法务部")
    lead = make_person("lead", roles=("supervisor",), leads=(team,))
    taker = make_person("taker", roles=("legal",), teams=(team,))
    grant = ask(cast)
    duty = Duty.objects.get()
    duties.duty_take(duty_id=duty.pk, actor=cast.actor(taker), at=LATER)
    assert duty_queries.visible_ids(cast.actor(lead), [duty.pk]) == {duty.pk}
    assert not sees(cast, lead, grant)


def test_who_stands_in_sees_and_decides_in_that_place(cast, legal, monkeypatch):
    monkeypatch.setattr("shounuo.duties.queries.visibility.now", lambda: LATER)
    duties.delegation_make(
        person_id=legal.pk,
        delegate_id=cast.outsider.pk,
        starts_at=AT,
        ends_at=AT + timedelta(days=3),
        reason="休假",
        actor=cast.actor(legal),
        at=AT,
    )
    grant = ask(cast)
    assert queries.asked_people(grant, LATER) == {cast.outsider.pk: legal.pk}
    assert sees(cast, cast.outsider, grant)
    done = decide(cast, grant, cast.outsider)
    assert (done.state, done.stood_in_for_id) == ("granted", legal.pk)


def test_amounts_are_summed_over_the_organisation(cast):
    assert ask(cast, cast.supervisor, kind="gifts", yuan=400).state == "granted"
    second = ask(cast, cast.supervisor, kind="gifts", yuan=101, about="节日礼品")
    assert (second.state, second.total, second.roles) == ("asked", 50100, ["manager"])
    first = ask(cast, cast.agent, kind="gifts", yuan=60, about="样品")
    assert first.roles == ["supervisor"]
    decide(cast, second, cast.manager)
    first.refresh_from_db()
    assert (first.roles, first.round, first.total) == (["manager"], 2, 56100), "passed on as the sum grew"
    case = make_case(team=cast.team, owner=cast.agent)
    assert queries.sums(case.pk, case.customer_id) == {}, "no case has a part in it"


def test_a_case_and_no_case_know_nothing_of_each_others_kinds(cast, legal):
    case = make_case(team=cast.team, owner=cast.agent)
    assert [o.kind for o in queries.offers(cast.actor(cast.agent), case, AT)] == ["compensation"]
    with pytest.raises(Invalid):
        services.grant_ask(
            case_id=case.pk, kind="report_release", reason="x", actor=cast.actor(cast.agent), at=AT
        )
    # neither one of cases nor one that depends on facts which the organisation does not have
    for kind in ("compensation", "late", ""):
        with pytest.raises(Invalid) as refused:
            ask(cast, kind=kind)
        assert refused.value.field == "kind"


def test_what_is_wrong_stands_at_its_field(cast, legal):
    for given, field in (
        ({"about": " "}, "about"),
        ({"about": "x" * 201}, "about"),
        ({"yuan": 10}, "amount"),
        ({"kind": "gifts"}, "amount"),
    ):
        with pytest.raises(Invalid) as refused:
            ask(cast, **given)
        assert refused.value.field == field
    with pytest.raises(NotAllowed):
        ask(cast, cast.nobody)
    assert not Grant.objects.exists()


def test_where_nobody_else_holds_the_role_it_is_said_at_once(cast):
    with pytest.raises(Conflict) as refused:
        ask(cast)
    assert refused.value.code == "no_approver" and "法务" in str(refused.value)
    assert not Grant.objects.exists()


def test_withdrawn_by_who_asked(cast, legal):
    grant = ask(cast)
    with pytest.raises(NotFound):
        services.grant_withdraw(grant_id=grant.pk, reason="x", actor=cast.actor(cast.supervisor), at=LATER)
    with pytest.raises(NotAllowed):
        services.grant_withdraw(grant_id=grant.pk, reason="x", actor=cast.actor(legal), at=LATER)
    services.grant_withdraw(grant_id=grant.pk, reason="不发了", actor=cast.actor(cast.agent), at=LATER)
    assert Duty.objects.get().state == "cancelled"
    assert Event.objects.get(kind="grant.withdrawn").subject_kind == "grant"


def test_what_is_offered_says_who_would_be_asked(cast, legal):
    def told(who):
        return {a.offer.kind: (a.alone, a.roles, a.offer.limit) for a in requests.offers(cast.actor(who), AT)}

    ask(cast, cast.supervisor, kind="gifts", yuan=500)
    nothing = Limit(False)
    assert told(cast.agent) == {
        "report_release": (False, ("legal",), nothing),
        "gifts": (False, ("manager",), nothing),
    }
    assert told(legal)["report_release"] == (True, (), Limit(True))
    assert told(cast.supervisor)["gifts"] == (False, ("manager",), Limit(True, 50000))


def test_a_row_belongs_to_a_case_or_is_about_something(cast, legal):
    grant = ask(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(about="")


def test_pages_of_the_list_go_on_where_the_last_ended(cast, legal):
    made = [ask(cast, about=f"第 {n} 份", at=AT + timedelta(minutes=n)).pk for n in range(5)]
    actor, cursor, found = cast.actor(cast.agent), None, []
    for _ in range(3):
        rows, cursor = requests.page(actor, waiting=True, cursor=cursor, limit=2)
        found += [g.pk for g in rows]
    assert found == made[::-1] and cursor is None
    assert requests.page(cast.actor(cast.outsider), waiting=True) == ([], None)


@pytest.mark.parametrize(
    "cursor", [paging.encode("2026-10-10T02:00:00", 1), paging.encode("soon", 1), paging.encode("", 2**70)]
)
def test_a_cursor_that_no_list_gave_is_refused(cast, cursor):
    with pytest.raises(Invalid) as refused:
        requests.page(Actor.system(), waiting=True, cursor=cursor)
    assert refused.value.code == "bad_cursor"


def given(cast, duty, who, at=LATER):
    return duties.duty_assign(duty_id=duty.pk, person_id=who.pk, actor=cast.actor(cast.manager), at=at)


def test_its_duty_is_given_to_who_may_decide_it_alone(cast, legal):
    duty = queries.duty_of(ask(cast))
    for who in (cast.outsider, cast.supervisor, cast.agent):
        with pytest.raises(Invalid) as refused:
            given(cast, duty, who)
        assert (refused.value.field, refused.value.code) == ("person", "may_not")
        assert "王法务" in str(refused.value)
    second = make_person("second", roles=("legal",))
    assert given(cast, duty, second).owner_id == second.pk
    assert given(cast, duty, legal).owner_id == legal.pk
    with pytest.raises(Invalid):
        given(cast, queries.duty_of(ask(cast, kind="gifts", yuan=600, who=legal)), legal)


def test_who_stands_in_and_is_given_it_finds_the_request(cast, legal, monkeypatch):
    monkeypatch.setattr("shounuo.duties.queries.visibility.now", lambda: LATER)
    grant = ask(cast)
    with pytest.raises(Invalid):
        given(cast, queries.duty_of(grant), cast.outsider)
    duties.delegation_make(
        person_id=legal.pk,
        delegate_id=cast.outsider.pk,
        starts_at=AT,
        ends_at=AT + timedelta(days=3),
        reason="休假",
        actor=cast.actor(legal),
        at=AT,
    )
    given(cast, queries.duty_of(grant), cast.outsider)
    assert sees(cast, cast.outsider, grant) and sees(cast, legal, grant)
    assert decide(cast, grant, cast.outsider).stood_in_for_id == legal.pk
