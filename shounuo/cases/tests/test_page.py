"""A case's page in twelve queries, its timeline, who else is on it, and the case as the API says it."""

import json
from datetime import datetime, timedelta

import pytest

from shounuo.cases import queries, services
from shounuo.cases.testing import make_case, make_field
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotFound, TooLarge
from shounuo.staff.testing import AT, make_person

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
OPTIONS = [{"title": "换新料"}, {"title": "退货"}]


def busy_case(cast, *, rounds):
    customer = make_customer("宋建国", mail="song@example.cn", phone="13812346721")
    case = make_case("到货结块", customer=customer, team=cast.team, owner=cast.agent)
    act = {"case_id": case.pk, "actor": cast.actor(cast.agent)}
    for i in range(rounds):
        at = AT + timedelta(minutes=i)
        services.reply_send(text=f"回复 {i}", **act, at=at)
        services.note_add(text="@", mentions=[cast.supervisor.pk], **act, at=at)
        services.plan_propose(options=OPTIONS, **act, at=at)
        services.message_receive(
            case_id=case.pk, text="?", channel="mail", actor=Actor.customer(customer.pk), at=at
        )
        other = make_case(customer=customer, team=cast.team)
        services.cases_link(source_id=case.pk, target_id=other.pk, actor=cast.actor(cast.agent), at=at)
        merged = make_case(customer=customer, team=cast.team)
        services.cases_merge(source_id=merged.pk, target_id=case.pk, actor=Actor.system(), at=at)
        helper = make_person(teams=(cast.team,))
        services.helper_add(person_id=helper.pk, **act, at=at)
        services.viewer_seen(case_id=case.pk, actor=cast.actor(helper), at=AT)
        make_field()
    services.draft_save(mode="out", body={"text": "能"}, **act, at=AT)
    return case


@pytest.mark.parametrize("rounds", [1, 6])
def test_a_page_costs_the_same_whatever_the_case_holds(cast, rounds, django_assert_num_queries):
    case = busy_case(cast, rounds=rounds)
    agent = cast.actor(cast.agent)
    with django_assert_num_queries(12):
        page = queries.case_page(agent, case.number, at=AT)
        for message in page.messages:
            assert message.interaction.person is None or message.interaction.person.name
            assert all(option.plan_id for option in message.options)
        assert [t.case.number for t in page.ties] and [o.number for o in page.others]
        assert page.case.customer.company is None and page.case.owner.name and page.contacts
    assert len(page.merges) == len(page.helpers) == len(page.viewers) == rounds
    assert page.drafts == {"out": {"text": "能"}} and page.plan is not None and len(page.options) == 2
    assert len([m for m in page.messages if m.mentions]) == rounds
    assert set(page.people.values()) >= {"林小满", "周明"}


def test_messages_and_events_are_one_course_in_order(cast):
    case = busy_case(cast, rounds=2)
    page = queries.case_page(cast.actor(cast.agent), case.number, at=AT)
    moments = [one.at for one in page.timeline]
    assert moments == sorted(moments)
    assert "建立工单" in [h.label for h in page.happenings]
    assert not any(h.kind.startswith("clock.") or h.kind == "interaction.sent" for h in page.happenings)


def test_a_page_offers_what_the_actor_may_do_now(cast, colleague):
    case = make_case(team=cast.team)
    offered = queries.case_page(cast.actor(colleague), case.number, at=AT).actions
    assert {"take", "reply", "note", "transfer", "resolve"} <= offered
    assert not {"assign", "merge", "accept", "choose", "confirm", "verify"} & offered
    services.case_take(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    offered = queries.case_page(cast.actor(colleague), case.number, at=AT).actions
    assert {"reply", "note"} <= offered and not {"take", "resolve", "transfer"} & offered
    viewer = make_person("viewer", roles=("viewer",))
    assert queries.case_page(cast.actor(viewer), case.number, at=AT).actions == frozenset()


@pytest.mark.parametrize("number", [0, -1, 1, 2**70])
def test_a_number_that_nobody_has_is_not_found(cast, number):
    with pytest.raises(NotFound):
        queries.case_page(cast.actor(cast.admin), number, at=AT)
    with pytest.raises(NotFound):
        queries.get(cast.actor(cast.admin), number)


def test_who_looks_and_who_writes_is_seen_for_half_a_minute(cast, colleague):
    case = make_case(team=cast.team)
    assert services.viewer_seen(case_id=case.pk, actor=cast.actor(cast.agent), at=AT) == []
    (other,) = services.viewer_seen(
        case_id=case.pk, writing=True, actor=cast.actor(colleague), at=AT + timedelta(seconds=29)
    )
    assert (other.name, other.writing) == ("林小满", False)
    later = AT + timedelta(seconds=40)
    assert [p.writing for p in queries.present(case.pk, later)] == [True]
    services.viewer_left(case_id=case.pk, actor=cast.actor(colleague), at=later)
    assert queries.present(case.pk, later) == []
    assert services.viewers_forget(at=AT + timedelta(hours=2)) == 1


def test_a_draft_is_kept_replaced_and_gone_when_sent(cast):
    case = make_case(team=cast.team)
    act = {"case_id": case.pk, "actor": cast.actor(cast.agent), "at": AT}
    services.draft_save(mode="out", body={"text": "一"}, **act)
    services.draft_save(mode="out", body={"text": "二\x00", "to": []}, **act)
    assert case.drafts.get().body == {"text": "二"}
    services.reply_send(text="二", **act)
    assert not case.drafts.exists()
    services.draft_save(mode="note", body={"text": "三"}, **act)
    assert services.draft_save(mode="note", body={"text": ""}, **act) is None and not case.drafts.exists()
    assert services.draft_save(case_id=None, mode="phone", body={"a": 1}, actor=act["actor"], at=AT)
    with pytest.raises(TooLarge):
        services.draft_save(mode="out", body={"text": "长" * 100_000}, **act)


def test_a_case_as_the_api_says_it(cast):
    case = make_case("到货结块", team=cast.team, owner=cast.agent, level="L2", tags=["受潮"])
    said = queries.case_json(queries.get(cast.actor(cast.agent), case.number), [])
    assert said["number"] == case.number and said["status"] == "open" and said["level"] == "L2"
    assert said["owner"]["login"] == "agent" and said["team"]["code"] == "first"
    assert datetime.fromisoformat(said["opened_at"]) == AT and said["clocks"] == []
    assert queries.case_json(make_case(), [])["level"] is None
    json.dumps(said)
    (first, *_rest), _cursor = queries.interactions_page(cast.actor(cast.agent), case_id=case.pk)
    assert queries.interaction_json(first)["body"].startswith("育肥料")


@pytest.mark.parametrize("case_of", [True, False])
def test_interactions_come_in_pages(cast, case_of):
    case = make_case(team=cast.team, owner=cast.agent)
    for i in range(5):
        services.note_add(
            case_id=case.pk, text=str(i), actor=cast.actor(cast.agent), at=AT + timedelta(minutes=i)
        )
    seen, cursor = [], None
    while True:
        page, cursor = queries.interactions_page(
            cast.actor(cast.agent),
            case_id=case.pk if case_of else None,
            direction="note",
            cursor=cursor,
            limit=2,
        )
        seen += [i.text for i in page]
        if cursor is None:
            break
    assert seen == (list("01234") if case_of else list("43210"))


def test_the_facts_that_rules_match_on(cast):
    case = make_case(team=cast.team, owner=cast.agent, level="L2", tags=["受潮"])
    assert queries.facts([case.pk])[case.pk] == {
        "channel": "mail",
        "channel_class": "primary",
        "kind": "inquiry",
        "level": "L2",
        "severity": None,
        "complexity": None,
        "status": "open",
        "priority": "normal",
        "team": "first",
        "topic": [],
        "tags": ["受潮"],
        "segment": None,
        "owner": cast.agent.pk,
        "first_agent": True,
        "mailbox": None,
        "agreement": [],
    }
    people = queries.people(case.pk)
    assert people.owner_id == cast.agent.pk and people.supervisor_ids == (cast.supervisor.pk,)


def test_a_case_without_a_team_is_its_owners_supervisors(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent)
    type(case).objects.filter(pk=case.pk).update(team=None)
    assert queries.people(case.pk).supervisor_ids == (cast.supervisor.pk,)
    assert queries.people(make_case().pk).supervisor_ids == ()


def test_a_ready_answer_is_for_all_or_a_team_and_filled_from_the_case(cast):
    act = {"actor": SYSTEM, "at": AT}
    shared = services.canned_save(
        title="问候", body="{{customer}}您好，{{me}}为您处理 {{number}}。{{nobody}}", **act
    )
    services.canned_save(title="二组问候", body="x", team_id=cast.other_team.pk, **act)
    assert queries.canned_texts(cast.actor(cast.agent)) == [shared]
    assert queries.canned_texts(cast.actor(cast.agent), "wh") == [shared]  # by pinyin initials
    case = make_case(customer=make_customer("{{me}}", mail="song@example.cn"), team=cast.team)
    filled = queries.canned_fill(shared, queries.get(SYSTEM, case.number), me="林小满")
    assert filled == f"{{{{me}}}}您好，林小满为您处理 {case.number}。{{{{nobody}}}}"
    services.canned_delete(canned_id=shared.pk, **act)
    with pytest.raises(Conflict):
        services.canned_delete(canned_id=shared.pk, **act)
