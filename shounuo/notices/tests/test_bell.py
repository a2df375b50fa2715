"""Notices: told once, to those concerned, not to him who did it; mails by wish and in duty time."""

from datetime import timedelta

import pytest
from django.db import transaction

from shounuo.events import subjects
from shounuo.events.services import NewEvent, Published, publish
from shounuo.events.subjects import People, Subject
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.notices import kinds, queries, services, subscribers
from shounuo.notices.models import Notice, OutgoingMail
from shounuo.notices.testing import clear_outbox, make_relay, outbox, parsed
from shounuo.staff import services as staff_services
from shounuo.staff.models import OneTimeLink, Person
from shounuo.staff.testing import AT, make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast():
    clear_outbox()
    return make_cast()


@pytest.fixture
def case(cast, monkeypatch):
    """A case of the agent's, seen by his team."""
    state = {"people": People(cast.agent.id, cast.team.id, (cast.supervisor.id,))}
    subject = Subject(
        kind="case",
        facts=lambda ids: {},
        visible_ids=lambda actor, ids: set(ids) if cast.team.id in actor.team_ids else set(),
        people=lambda id: state["people"],
        label=lambda ids: {i: f"#{i} 饲料发霉" for i in ids},
        url=lambda id: f"/cases/{id}/",
    )
    monkeypatch.setitem(subjects._subjects, "case", subject)
    return state


def happened(kind, actor=SYSTEM, at=AT, id=100, **payload):
    event = Published(id, kind, ("case", 7), 1, at, actor.kind, actor.id, payload)
    handler = subscribers.clock_happened if kind.startswith("clock.") else subscribers.case_happened
    if kind.startswith("clock.") or subscribers.worth_telling(kind, payload):  # as the wiring does
        handler(event, at)
    return {(n.person_id, n.kind) for n in Notice.objects.filter(key__startswith=str(id))}


def test_each_person_is_told_once_however_often_the_handler_runs(cast, case):
    for _n in range(3):
        told = happened("case.assigned", owner=cast.agent.id)
    assert told == {(cast.agent.id, kinds.ASSIGNED)} and Notice.objects.count() == 1


def test_nobody_is_told_of_what_he_did_himself(cast, case):
    assert happened("case.assigned", actor=Actor.person(cast.agent.id), owner=cast.agent.id) == set()
    persons = [cast.agent.id, cast.outsider.id]
    assert happened("case.mentioned", actor=Actor.person(cast.agent.id), persons=persons) == {
        (cast.outsider.id, kinds.MENTIONED)
    }


@pytest.mark.parametrize(
    ("kind", "payload", "owned", "told"),
    [
        ("case.transferred", {"team": 1}, True, {"supervisor": kinds.TEAM_GOT}),
        ("case.disputed", {}, True, {"agent": kinds.DISPUTED}),
        ("case.disputed", {}, False, {"supervisor": kinds.DISPUTED}),
        ("case.reopened", {"count": 1}, True, {"agent": kinds.REOPENED}),
        (
            "case.reopened",
            {"count": 2},
            True,
            {"agent": kinds.REOPENED, "supervisor": kinds.REOPENED_AGAIN},
        ),
        ("interaction.received", {"first": True}, True, {}),
        ("interaction.received", {"first": False}, True, {"agent": kinds.RECEIVED}),
        ("interaction.received", {"first": False, "automatic": True}, True, {}),
        ("interaction.failed", {}, True, {"agent": kinds.FAILED}),
        ("clock.warned", {"clause": "2.2.1"}, True, {"agent": kinds.WARNED}),
        ("clock.warned", {"clause": "2.2.1"}, False, {"supervisor": kinds.WARNED}),
        (
            "clock.breached",
            {"clause": "2.2.1"},
            True,
            {"agent": kinds.BREACHED, "supervisor": kinds.BREACHED},
        ),
        ("clock.escalated", {"to": "owner"}, True, {"agent": kinds.ESCALATED}),
        ("clock.escalated", {"to": "owner"}, False, {"supervisor": kinds.ESCALATED}),
        ("clock.escalated", {"to": "owner_supervisor"}, True, {"supervisor": kinds.ESCALATED}),
        ("clock.escalated", {"to": "dept_head"}, True, {"supervisor": kinds.ESCALATED}),
        ("clock.escalated", {"to": "role:manager"}, True, {"manager": kinds.ESCALATED}),
        ("clock.escalated", {"to": "role:unknown"}, True, {"manager": kinds.ESCALATED}),
    ],
)
def test_who_is_told_of_what(cast, case, kind, payload, owned, told):
    if not owned:
        case["people"] = People(None, cast.team.id, (cast.supervisor.id,))
    assert happened(kind, **payload) == {(getattr(cast, who).id, what) for who, what in told.items()}


def test_the_list_shows_only_what_one_may_still_see(cast, case, django_assert_num_queries):
    for n in range(30):
        services.notify(
            key=f"k{n}",
            person_ids=[cast.agent.id, cast.outsider.id],
            kind=kinds.WARNED,
            params={"clause": "2.2.1"},
            subject=("case", n),
            at=AT,
        )
    agent = cast.actor(cast.agent)
    with django_assert_num_queries(1):
        page, cursor = queries.list_page(agent, limit=20)
    assert page[0].text == "快到期：#29 饲料发霉（条 2.2.1）" and page[0].url == "/cases/29/"
    more, end = queries.list_page(cast.actor(cast.agent), cursor=cursor, limit=20)
    assert len(page) + len(more) == 30 and end is None
    blind, _cursor = queries.list_page(cast.actor(cast.outsider), limit=5)
    assert "饲料" not in blind[0].text and blind[0].url == ""
    assert queries.list_page(SYSTEM) == ([], None)


def test_reading_is_ones_own(cast, case):
    services.notify(
        key="k", person_ids=[cast.agent.id, cast.outsider.id], kind=kinds.ASSIGNED, subject=("case", 7), at=AT
    )
    assert queries.unread_count(cast.agent.id) == 1
    theirs = Notice.objects.get(person=cast.outsider)
    assert services.mark_read(notice_ids=[theirs.id], actor=cast.actor(cast.agent), at=AT) == 0
    assert services.mark_all_read(actor=cast.actor(cast.agent), at=AT, subject=("case", 8)) == 0
    assert services.mark_all_read(actor=cast.actor(cast.agent), at=AT, subject=("case", 7)) == 1
    assert (queries.unread_count(cast.agent.id), queries.unread_count(cast.outsider.id)) == (0, 1)


def test_the_deactivated_are_not_told(cast, case):
    Person.objects.filter(pk=cast.agent.pk).update(is_active=False)
    assert services.notify(key="k", person_ids=[cast.agent.id], kind=kinds.ASSIGNED, at=AT) == []


def wish(person, what):
    Person.objects.filter(pk=person.pk).update(preferences={"mail_notices": what} if what else {})


@pytest.mark.parametrize(
    ("what", "urgent", "mailed"),
    [
        ("all", False, True),
        ("", False, False),
        ("urgent", False, False),
        ("", True, True),
        ("urgent", True, True),
        ("none", True, False),
    ],
)
def test_mails_go_to_those_who_want_them(cast, case, what, urgent, mailed):
    make_relay()
    set_up_organisation()
    wish(cast.agent, what)
    services.notify(
        key="k", person_ids=[cast.agent.id], kind=kinds.FAILED, subject=("case", 7), urgent=urgent, at=AT
    )
    run_jobs(AT)
    assert len(outbox) == int(mailed)
    if mailed:
        mail = parsed(outbox[0])
        assert mail["To"] == "林小满 <agent@example.cn>" and mail["Auto-Submitted"] == "auto-generated"
        assert mail["Subject"] == "回复没有送达：#7 饲料发霉"
        assert "https://kefu.example.cn/cases/7/" in mail.get_content()


def test_a_mail_waits_for_the_duty_time_and_an_urgent_one_does_not(cast, case):
    make_relay()
    wish(cast.agent, "all")
    start = AT + timedelta(hours=10)
    staff_services.shift_add(
        person_id=cast.agent.id, starts_at=start, ends_at=start + timedelta(hours=8), actor=SYSTEM, at=AT
    )
    services.notify(key="calm", person_ids=[cast.agent.id], kind=kinds.ASSIGNED, at=AT)
    services.notify(key="red", person_ids=[cast.agent.id], kind=kinds.FAILED, urgent=True, at=AT)
    run_jobs(AT)
    assert [m.key.split(":")[1] for m in OutgoingMail.objects.filter(state="sent")] == ["red"]
    assert OutgoingMail.objects.filter(state="queued").get().next_at == start
    run_jobs(start)
    assert OutgoingMail.objects.filter(state="sent").count() == 2
    assert queries.unread_count(cast.agent.id) == 2


def test_whoever_asks_for_a_new_password_gets_a_link_by_mail(cast):
    make_relay()
    set_up_organisation()
    assert staff_services.password_reset_ask(identifier="agent", at=AT)
    run_jobs(AT)
    run_jobs(AT)
    (sent,) = outbox
    mail = parsed(sent)
    assert mail["To"] == "林小满 <agent@example.cn>"
    token = mail.get_content().split("https://kefu.example.cn/link/")[1].split("/")[0]
    assert staff_services.link_person(token=token, at=AT).id == cast.agent.id
    assert OneTimeLink.objects.get().purpose == "reset"


def test_a_reset_that_is_handled_twice_is_one_link_and_one_mail(cast):
    make_relay()
    set_up_organisation()
    with transaction.atomic():
        (event,) = publish([NewEvent("password.reset_asked", ("person", cast.agent.id), AT, SYSTEM)])
    subscribers.password_reset_asked(event, AT)
    subscribers.password_reset_asked(event, AT)
    run_jobs(AT)
    assert len(outbox) == 1
    token = parsed(outbox[0]).get_content().split("/link/")[1].split("/")[0]
    assert staff_services.link_person(token=token, at=AT).id == cast.agent.id


def test_a_name_with_line_ends_writes_no_header(cast):
    make_relay()
    set_up_organisation()
    Person.objects.filter(pk=cast.agent.pk).update(name="Eve\r\nBcc: x@evil.example", preferences={})
    services.notify(key="k", person_ids=[cast.agent.id], kind=kinds.FAILED, urgent=True, at=AT)
    run_jobs(AT)
    assert all(parsed(m)["Bcc"] is None for m in outbox)


def test_old_notices_are_pruned(cast):
    services.notify(key="k", person_ids=[cast.agent.id], kind=kinds.ASSIGNED, at=AT)
    assert services.notices_prune(AT + timedelta(days=91)) == 1
