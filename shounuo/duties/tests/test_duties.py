"""Duties: made once, seen by whom they concern, taken, done with evidence, ended and opened again."""

from datetime import timedelta

import pytest
from django.utils import translation

from shounuo.duties import queries, registry, services, subscribers
from shounuo.duties.models import Duty, Evidence
from shounuo.duties.queries import Filters
from shounuo.duties.services import Plan
from shounuo.duties.testing import make_duty
from shounuo.events.models import Event
from shounuo.events.services import as_published
from shounuo.files.services import draft_upload
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.notices import queries as notices
from shounuo.staff import services as people
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
LATER = AT + timedelta(hours=1)
DUE = AT + timedelta(days=2)


@pytest.fixture
def cast():
    return make_cast()


def kinds(duty):
    return list(
        Event.objects.filter(subject_kind="duty", subject_id=duty.pk)
        .order_by("seq")
        .values_list("kind", flat=True)
    )


def ids(actor, at=AT, **filters):
    return [d.pk for d in queries.inbox(actor, Filters(**filters), at)[0]]


def test_the_same_origin_makes_one_duty(cast):
    first = make_duty(origin=("test", 3, "2026-10"))
    again = make_duty("别的题目", origin=("test", 3, "2026-10"))
    other = make_duty(origin=("test", 3, "2026-11"))
    assert again.pk == first.pk and again.title == first.title and other.pk != first.pk
    assert kinds(first) == ["duty.created"]


def test_planning_twice_makes_nothing_anew(cast):
    plans = [
        Plan(kind="task", title="巡检", roles=("agent",), origin_code="test", origin_key=str(n), at=AT)
        for n in range(5)
    ]
    assert len(services.duties_plan(plans=plans[:3], actor=SYSTEM)) == 3
    assert [d.origin_key for d in services.duties_plan(plans=plans, actor=SYSTEM)] == ["3", "4"]
    assert services.duties_plan(plans=plans, actor=SYSTEM) == []
    assert Event.objects.filter(kind="duty.created").count() == 5


def test_what_makes_no_sense_is_refused(cast):
    for field, given in (
        ("title", {"title": " "}),
        ("kind", {"title": "某事", "kind": "nothing"}),
        ("owner", {"title": "某事", "owner_id": 10**6}),
        ("team", {"title": "某事", "team_id": 10**6}),
        ("due_at", {"title": "某事", "due_at": AT}),
    ):
        with pytest.raises(Invalid) as error:
            make_duty(**given)
        assert error.value.field == field
    with pytest.raises(Invalid, match="由谁"):
        services.duty_create(kind="task", title="某事", actor=SYSTEM, at=AT)


def test_a_duty_is_seen_by_those_whom_it_concerns(cast):
    own = make_duty(owner_id=cast.agent.pk)
    team = make_duty(team_id=cast.team.pk)
    leaders = make_duty(team_id=cast.team.pk, roles=["supervisor"])
    role = make_duty(roles=["manager"])
    seen = {
        name: set(queries.visible_to(cast.actor(getattr(cast, name))).values_list("pk", flat=True))
        for name in ("agent", "supervisor", "outsider", "manager", "nobody")
    }
    assert seen["agent"] == {own.pk, team.pk}
    assert seen["supervisor"] == {own.pk, team.pk, leaders.pk}
    assert seen["manager"] == {own.pk, team.pk, leaders.pk, role.pk}
    assert seen["outsider"] == seen["nobody"] == set()
    with pytest.raises(NotFound):
        queries.get(cast.actor(cast.outsider), own.pk)
    with pytest.raises(NotFound):
        services.duty_take(duty_id=team.pk, actor=cast.actor(cast.outsider), at=LATER)
    with pytest.raises(NotFound):
        services.duty_done(duty_id=team.pk, actor=Actor.customer(1), at=LATER)


def test_who_sees_what_it_is_about_sees_the_duty_but_is_not_asked_to_do_it(cast):
    duty = make_duty(subject=("team", cast.team.pk), owner_id=cast.agent.pk)
    outsider = cast.actor(cast.outsider)
    assert queries.get(outsider, duty.pk) == duty and ids(outsider, box="all") == []
    assert [d.pk for d in queries.of_subject(outsider, "team", cast.team.pk)] == [duty.pk]
    with pytest.raises(NotAllowed):
        services.duty_done(duty_id=duty.pk, actor=outsider, at=LATER)


def test_one_of_the_team_takes_it_and_then_it_is_his(cast):
    duty = make_duty(team_id=cast.team.pk)
    agent, supervisor = cast.actor(cast.agent), cast.actor(cast.supervisor)
    assert ids(agent, box="open") == [duty.pk] and ids(agent, box="mine") == []
    taken = services.duty_take(duty_id=duty.pk, actor=agent, at=LATER)
    assert taken.owner_id == cast.agent.pk and taken.taken_at == LATER
    assert services.duty_take(duty_id=duty.pk, actor=agent, at=LATER).owner_id == cast.agent.pk
    with pytest.raises(Conflict, match="领取"):
        services.duty_take(duty_id=duty.pk, actor=supervisor, at=LATER)
    assert ids(agent, box="mine") == [duty.pk] and ids(agent, box="open") == []
    assert kinds(duty) == ["duty.created", "duty.taken"]
    given = services.duty_release(duty_id=duty.pk, actor=agent, at=LATER)
    assert given.owner_id is None and ids(agent, box="open") == [duty.pk]


def test_what_is_one_persons_alone_cannot_be_given_back(cast):
    duty = make_duty(owner_id=cast.agent.pk)
    with pytest.raises(Conflict, match="分派"):
        services.duty_release(duty_id=duty.pk, actor=cast.actor(cast.agent), at=LATER)


def test_assigning_needs_the_right(cast):
    duty = make_duty(team_id=cast.team.pk)
    with pytest.raises(NotAllowed):
        services.duty_assign(duty_id=duty.pk, person_id=cast.agent.pk, actor=cast.actor(cast.agent), at=LATER)
    services.duty_assign(
        duty_id=duty.pk, person_id=cast.agent.pk, actor=cast.actor(cast.supervisor), at=LATER
    )
    (event,) = Event.objects.filter(kind="duty.assigned")
    assert event.payload["owner"] == cast.agent.pk and event.payload["team"] == cast.team.pk


def test_it_is_done_with_what_shows_it(cast):
    duty = make_duty(team_id=cast.team.pk, due_at=DUE)
    agent = cast.actor(cast.agent)
    file = draft_upload(data=b"protocol", name="记录.txt", actor=agent, at=LATER)
    done = services.duty_done(
        duty_id=duty.pk,
        note="已开会，见附件",
        file_ids=[file.pk],
        proof=("team", cast.team.pk),
        actor=agent,
        at=LATER,
    )
    (row,) = queries.evidence_of([duty.pk])[duty.pk]
    file.refresh_from_db()
    assert (done.state, done.owner_id, done.ended_by_id, done.ended_at) == (
        "done",
        cast.agent.pk,
        cast.agent.pk,
        LATER,
    )
    assert (row.note, row.subject_kind, row.subject_id) == ("已开会，见附件", "team", cast.team.pk)
    assert (file.subject_kind, file.subject_id, file.ref) == ("duty", duty.pk, row.pk)
    (event,) = Event.objects.filter(kind="duty.done")
    assert event.payload["late"] is False and "note" not in event.payload
    with pytest.raises(Conflict, match="结束"):
        services.duty_done(duty_id=duty.pk, actor=agent, at=LATER)


def test_late_is_said(cast):
    duty = make_duty(owner_id=cast.agent.pk, due_at=DUE)
    services.duty_done(duty_id=duty.pk, actor=cast.actor(cast.agent), at=DUE + timedelta(minutes=1))
    assert Event.objects.get(kind="duty.done").payload["late"] is True


@pytest.fixture
def odd_kinds(monkeypatch):
    heard = []
    monkeypatch.setattr(registry, "_kinds", dict(registry.kinds()))
    monkeypatch.setattr(registry, "_done", {})
    registry.declare("verdict", "裁决", outcomes={"yes": "同意", "no": "不同意"})
    registry.declare("proven", "有凭有据", needs_evidence=True)
    registry.declare("elsewhere", "别处完成", by_hand=False)
    registry.on_done("verdict", lambda duty, row, actor, at: heard.append((duty.pk, duty.outcome, row.note)))
    return heard


def test_a_kind_says_who_may_have_it(cast, odd_kinds, monkeypatch):
    monkeypatch.setattr(registry, "_hold", {})
    registry.may_hold("elsewhere", lambda duty, at: {cast.outsider.pk} if at < DUE else ())
    duty, other = (make_duty(kind=k, roles=("agent",)) for k in ("elsewhere", "verdict"))
    for who in (cast.agent, cast.manager):
        with pytest.raises(NotAllowed):
            services.duty_take(duty_id=duty.pk, actor=cast.actor(who), at=LATER)
    with pytest.raises(Invalid) as refused:
        services.duty_assign(
            duty_id=duty.pk, person_id=cast.agent.pk, actor=cast.actor(cast.manager), at=LATER
        )
    assert (refused.value.field, refused.value.code) == ("person", "may_not")
    assert "林小满" in str(refused.value) and "韩梅" in str(refused.value), "and who may instead"
    with pytest.raises(Invalid, match="也没有别人"):
        services.duty_assign(duty_id=duty.pk, person_id=cast.agent.pk, actor=cast.actor(cast.manager), at=DUE)
    assert Duty.objects.get(pk=duty.pk).owner_id is None
    given = services.duty_assign(
        duty_id=duty.pk, person_id=cast.outsider.pk, actor=cast.actor(cast.manager), at=LATER
    )
    assert given.owner_id == cast.outsider.pk
    free = services.duty_assign(
        duty_id=other.pk, person_id=cast.agent.pk, actor=cast.actor(cast.manager), at=LATER
    )
    assert free.owner_id == cast.agent.pk, "what is open to everybody"


def test_a_kind_says_how_it_is_done(cast, odd_kinds):
    agent = cast.actor(cast.agent)
    verdict, proven, elsewhere = (
        make_duty(kind=k, owner_id=cast.agent.pk) for k in ("verdict", "proven", "elsewhere")
    )
    with pytest.raises(Invalid, match="结果"):
        services.duty_done(duty_id=verdict.pk, outcome="maybe", actor=agent, at=LATER)
    services.duty_done(duty_id=verdict.pk, outcome="no", note="超出权限", actor=agent, at=LATER)
    assert odd_kinds == [(verdict.pk, "no", "超出权限")]
    with pytest.raises(Invalid, match="完成情况"):
        services.duty_done(duty_id=proven.pk, note="  ", actor=agent, at=LATER)
    with pytest.raises(Conflict, match="自己的页面"):
        services.duty_done(duty_id=elsewhere.pk, actor=agent, at=LATER)
    settled = services.duty_settle(duty_id=elsewhere.pk, outcome="granted", actor=agent, at=LATER)
    assert settled.state == "done" and settled.outcome == "granted"
    assert (
        services.duty_settle(duty_id=elsewhere.pk, outcome="other", actor=agent, at=DUE).outcome == "granted"
    )


def test_when_the_part_refuses_nothing_has_happened(cast, odd_kinds, monkeypatch):
    def refuse(*_given):
        raise Conflict("no")

    monkeypatch.setitem(registry._done, "verdict", refuse)
    duty = make_duty(kind="verdict", owner_id=cast.agent.pk)
    with pytest.raises(Conflict):
        services.duty_done(duty_id=duty.pk, outcome="yes", actor=cast.actor(cast.agent), at=LATER)
    duty.refresh_from_db()
    assert duty.is_open and not Evidence.objects.exists() and kinds(duty) == ["duty.created"]


def test_many_are_done_at_once_and_each_refusal_is_told(cast):
    mine, others = make_duty(owner_id=cast.agent.pk), make_duty(owner_id=cast.outsider.pk)
    done, refused = services.duties_done(
        duty_ids=[mine.pk, others.pk, mine.pk], note="都办了", actor=cast.actor(cast.agent), at=LATER
    )
    assert [d.pk for d in done] == [mine.pk] and [i for i, _why in refused] == [others.pk]


def test_put_off_it_is_out_of_sight_until_then_but_never_when_overdue(cast):
    agent = cast.actor(cast.agent)
    duty = make_duty(owner_id=cast.agent.pk, due_at=DUE)
    services.duty_snooze(duty_id=duty.pk, until=DUE + timedelta(days=9), actor=agent, at=LATER)
    assert ids(agent, LATER) == [] and ids(agent, LATER, snoozed=True) == [duty.pk]
    assert queries.counts(agent, LATER).mine == 0
    assert ids(agent, DUE) == [duty.pk] and queries.counts(agent, DUE).overdue == 1
    with pytest.raises(Invalid):
        services.duty_snooze(duty_id=duty.pk, until=AT, actor=agent, at=LATER)


def test_the_inbox_lists_what_is_due_first_and_goes_on_page_by_page(cast):
    agent = cast.actor(cast.agent)
    due = [DUE, None, AT + timedelta(hours=2), None, DUE, AT + timedelta(hours=1)]
    made = [make_duty(f"第 {n} 件", owner_id=cast.agent.pk, due_at=d) for n, d in enumerate(due)]
    wanted = [made[n].pk for n in (5, 2, 0, 4, 1, 3)]
    seen, cursor = [], None
    while True:
        page, cursor = queries.inbox(agent, Filters(), AT, cursor=cursor, limit=2)
        seen += [d.pk for d in page]
        if cursor is None:
            break
    assert seen == wanted
    with pytest.raises(Invalid):
        queries.inbox(agent, Filters(), AT, cursor="!!")


def test_cancelled_and_written_off_with_a_reason(cast):
    agent, supervisor = cast.actor(cast.agent), cast.actor(cast.supervisor)
    asked = make_duty(team_id=cast.team.pk, actor=agent)
    demanded = make_duty(owner_id=cast.agent.pk, due_at=DUE)
    assert (
        services.duty_cancel(duty_id=asked.pk, reason="客户撤回", actor=agent, at=LATER).state == "cancelled"
    )
    with pytest.raises(NotAllowed):
        services.duty_cancel(duty_id=demanded.pk, reason="不想做", actor=agent, at=LATER)
    with pytest.raises(Invalid):
        services.duty_cancel(duty_id=demanded.pk, reason=" ", actor=supervisor, at=LATER)
    with pytest.raises(Conflict, match="到期"):
        services.duty_miss(duty_id=demanded.pk, reason="没做", actor=supervisor, at=LATER)
    missed = services.duty_miss(duty_id=demanded.pk, reason="没做", actor=supervisor, at=DUE + timedelta(1))
    assert missed.state == "missed" and kinds(demanded) == ["duty.created", "duty.missed"]


def test_opened_again_it_is_owed_again_and_keeps_its_evidence(cast):
    agent = cast.actor(cast.agent)
    duty = make_duty(owner_id=cast.agent.pk, due_at=DUE)
    services.duty_done(duty_id=duty.pk, note="好了", actor=agent, at=LATER)
    again = services.duty_reopen(duty_id=duty.pk, reason="漏了一半", actor=agent, at=LATER)
    assert (again.state, again.due_at, again.ended_at) == ("open", DUE, None)
    assert [e.note for e in queries.evidence_of([duty.pk])[duty.pk]] == ["好了"]
    services.duty_done(duty_id=duty.pk, actor=agent, at=LATER)
    late = services.duty_reopen(duty_id=duty.pk, reason="还漏", actor=agent, at=DUE + timedelta(days=1))
    assert late.due_at == DUE + timedelta(days=3)
    with pytest.raises(Conflict):
        services.duty_reopen(duty_id=duty.pk, reason="又来", actor=agent, at=LATER)


def test_what_lapses_is_missed_at_its_own_moment(cast):
    plan = Plan(
        kind="task", title="晨会", roles=("agent",), due_at=DUE, lapses_at=DUE + timedelta(days=1), at=AT
    )
    (duty,) = services.duties_plan(plans=[plan], actor=SYSTEM)
    assert services.duties_lapse(at=DUE) == 0
    assert services.duties_lapse(at=DUE + timedelta(days=5)) == 1
    assert services.duties_lapse(at=DUE + timedelta(days=5)) == 0
    duty.refresh_from_db()
    assert duty.state == Duty.State.MISSED and duty.ended_at == DUE + timedelta(days=1)
    assert Event.objects.get(kind="duty.missed").at == duty.ended_at


def left_by(person):
    row = Event.objects.get(kind="person.deactivated", subject_id=person.pk)
    return as_published(row)


def test_who_leaves_holds_nothing_back(cast):
    taken = make_duty(roles=["agent"])
    services.duty_take(duty_id=taken.pk, actor=cast.actor(cast.agent), at=AT)
    own = make_duty(owner_id=cast.agent.pk)
    about = make_duty(owner_id=cast.agent.pk, subject=("person", cast.agent.pk))
    other = make_duty(owner_id=cast.outsider.pk, subject=("person", cast.outsider.pk))
    ended = make_duty(subject=("person", cast.agent.pk))
    services.duty_done(duty_id=ended.pk, actor=SYSTEM, at=AT)

    people.person_deactivate(person_id=cast.agent.pk, actor=cast.actor(cast.admin), at=LATER)
    left = left_by(cast.agent)
    for _again in range(2):
        subscribers.person_left(left, LATER)
    for duty in (taken, own, about, other, ended):
        duty.refresh_from_db()
    assert (taken.state, taken.owner_id) == ("open", None)
    assert (own.state, own.owner_id) == ("open", cast.agent.pk)
    assert (about.state, about.reason) == ("cancelled", "此人已停用")
    assert (other.state, other.owner_id) == ("open", cast.outsider.pk)
    assert ended.state == "done"
    assert kinds(taken) == ["duty.created", "duty.taken", "duty.released"]
    assert own.pk in ids(cast.actor(cast.supervisor), LATER, box="led")


def told(actor):
    return [shown.text for shown in notices.list_page(actor)[0] if "停用的同事" in shown.text]


def test_the_supervisor_is_told_once_how_much_waits_to_be_given_to_another(cast):
    make_duty(owner_id=cast.agent.pk, title="写结案报告", due_at=DUE + timedelta(days=1))
    first = make_duty(owner_id=cast.agent.pk, title="回访老张", due_at=DUE)
    make_duty(owner_id=cast.agent.pk, title="整理资料")
    make_duty(owner_id=cast.agent.pk, title="班会", roles=["agent"])
    make_duty(owner_id=cast.agent.pk, title="面谈", subject=("person", cast.agent.pk))
    people.person_deactivate(person_id=cast.agent.pk, actor=cast.actor(cast.admin), at=LATER)
    for _again in range(2):
        subscribers.person_left(left_by(cast.agent), LATER)
    supervisor = cast.actor(cast.supervisor)
    assert told(supervisor) == ["停用的同事还有 3 项待办等您改派，最先到期的是：回访老张"]
    assert told(cast.actor(cast.outsider)) == told(cast.actor(cast.admin)) == []
    notice = notices.unread(cast.supervisor.pk).get(kind="duty.left")
    assert notices.url_of(supervisor, notice.pk) == f"/duties/{first.pk}/"
    with translation.override("en"):
        assert told(supervisor) == [] and "3 duties" in notices.list_page(supervisor)[0][0].text


def test_where_nobody_leads_the_team_a_manager_is_told(cast):
    make_duty(owner_id=cast.supervisor.pk, title="写结案报告")
    people.person_deactivate(person_id=cast.supervisor.pk, actor=cast.actor(cast.admin), at=LATER)
    subscribers.person_left(left_by(cast.supervisor), LATER)
    manager = cast.actor(cast.manager)
    assert told(manager) == ["停用的同事还有 1 项待办等您改派：写结案报告"]


def test_who_leaves_nothing_behind_is_not_told_of(cast):
    make_duty(owner_id=cast.agent.pk, roles=["agent"])
    people.person_deactivate(person_id=cast.agent.pk, actor=cast.actor(cast.admin), at=LATER)
    subscribers.person_left(left_by(cast.agent), LATER)
    assert told(cast.actor(cast.supervisor)) == []


def test_who_is_back_by_then_keeps_what_he_had(cast):
    own = make_duty(owner_id=cast.agent.pk, roles=["agent"])
    admin = cast.actor(cast.admin)
    people.person_deactivate(person_id=cast.agent.pk, actor=admin, at=AT)
    people.person_reactivate(person_id=cast.agent.pk, actor=admin, at=AT)
    subscribers.person_left(left_by(cast.agent), LATER)
    own.refresh_from_db()
    assert own.owner_id == cast.agent.pk
