"""Whatever is done in whatever order: what always holds. And what two do at once."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shounuo.cases import services
from shounuo.cases.models import Case
from shounuo.cases.testing import make_case
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Problem
from shounuo.staff.testing import AT, make_cast, make_person

OPTIONS = [{"title": "换新料"}, {"title": "退货"}]
ACTIONS = {
    "take": lambda c, p, at: services.case_take(case_id=c.pk, **p, at=at),
    "accept": lambda c, p, at: services.case_accept(case_id=c.pk, **p, at=at),
    "assign": lambda c, p, at: services.case_assign(case_id=c.pk, person_id=OTHER["id"], **p, at=at),
    "to_team": lambda c, p, at: services.case_transfer(
        case_id=c.pk, team_id=OTHER["team"], reason="x", **p, at=at
    ),
    "to_person": lambda c, p, at: services.case_transfer(
        case_id=c.pk, person_id=OTHER["id"], reason="x", **p, at=at
    ),
    "reply": lambda c, p, at: services.reply_send(case_id=c.pk, text="x", **p, at=at),
    "reply_wait": lambda c, p, at: services.reply_send(case_id=c.pk, text="x", then="wait", **p, at=at),
    "note": lambda c, p, at: services.note_add(case_id=c.pk, text="x", **p, at=at),
    "receive": lambda c, p, at: services.message_receive(
        case_id=c.pk, text="x", channel="mail", actor=Actor.system(), at=at
    ),
    "propose": lambda c, p, at: services.plan_propose(case_id=c.pk, options=OPTIONS, **p, at=at),
    "choose": lambda c, p, at: services.plan_choose(case_id=c.pk, option=1, **p, at=at),
    "wait": lambda c, p, at: services.case_wait(
        case_id=c.pk, on="internal", until=at + timedelta(minutes=5), **p, at=at
    ),
    "resume": lambda c, p, at: services.case_resume(case_id=c.pk, **p, at=at),
    "resolve": lambda c, p, at: services.case_resolve(case_id=c.pk, text="x", **p, at=at),
    "confirm": lambda c, p, at: services.case_confirm(
        case_id=c.pk, actor=Actor.customer(c.customer_id), at=at
    ),
    "dispute": lambda c, p, at: services.case_dispute(
        case_id=c.pk, reason="x", actor=Actor.customer(c.customer_id), at=at
    ),
    "reopen": lambda c, p, at: services.case_reopen(case_id=c.pk, reason="x", **p, at=at),
    "close": lambda c, p, at: services.case_close(case_id=c.pk, **p, at=at),
    "silence": lambda c, p, at: services.close_silent(at=at + timedelta(days=4)),
    "timer": lambda c, p, at: services.resume_due(at=at + timedelta(hours=1)),
    "feedback": lambda c, p, at: services.feedback_note(case_id=c.pk, text="x", **p, at=at),
    "verify": lambda c, p, at: services.record_verify(case_id=c.pk, **p, at=at),
}
OTHER: dict[str, int] = {}
steps = st.lists(
    st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(["agent", "colleague", "supervisor"])),
    min_size=1,
    max_size=18,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([("propose", "agent"), ("to_team", "agent"), ("accept", "agent"), ("take", "agent")])
@given(steps)
def test_whatever_is_done_what_must_hold_holds(cast, colleague, sequence):
    people = {"agent": cast.agent, "colleague": colleague, "supervisor": cast.supervisor}
    OTHER.update(id=colleague.pk, team=cast.other_team.pk)
    case = make_case(team=cast.team)
    before = Case.objects.get(pk=case.pk)
    for i, (action, who) in enumerate(sequence):
        seq = Event.objects.filter(subject_kind="case", subject_id=case.pk).count()
        try:
            ACTIONS[action](case, {"actor": cast.actor(people[who])}, AT + timedelta(minutes=i))
            refused = False
        except Problem:
            refused = True
        now = Case.objects.get(pk=case.pk)
        told = list(
            Event.objects.filter(subject_kind="case", subject_id=case.pk, seq__gt=seq)
            .exclude(kind__startswith="clock.")
            .order_by("seq")
        )
        assert now.version >= before.version and (now.version == before.version) == (not told)
        if refused:
            assert now.version == before.version
        if before.owner_id is not None:
            assert now.owner_id is not None, "an owner is never lost"
        if now.status not in ("new",):
            assert now.owner_id is not None, f"{now.status} without an owner after {action}"
        moved = sum(e.kind == "case.transferred" for e in told)
        assert now.transfer_count == before.transfer_count + moved
        assert (now.status == "closed") == (now.closed_at is not None) == bool(now.closed_how)
        assert (now.status == "resolved") == (now.close_at is not None)
        assert (now.status in ("resolved", "closed")) == (now.resolved_at is not None)
        assert now.round == now.reopen_count + 1 and now.reopen_count - before.reopen_count in (0, 1)
        if now.status not in ("waiting_customer", "waiting_internal"):
            assert now.wait_until is None or action == "receive"
        assert now.plans.filter(chosen_at=None, withdrawn_at=None).count() <= 1
        assert all(e.payload["version"] > before.version for e in told)
        if told:
            assert told[-1].payload["status"] == now.status or told[-1].kind in (
                "interaction.sent",
                "interaction.received",
            )
        before = now


@pytest.fixture
def committed(transactional_db):
    """A cast that other connections see."""
    return make_cast()


def at_once(*calls):
    """Runs the calls in threads that start together; gives what each returned or raised."""
    ready, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(i, call):
        try:
            ready.wait(10)
            results[i] = call()
        except Exception as problem:
            results[i] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(i, call)) for i, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_of_two_who_take_at_once_one_wins(committed):
    cast = committed
    rival = make_person("rival", teams=(cast.team,))
    for _round in range(5):
        case = make_case(team=cast.team)
        actors = [cast.actor(person) for person in (cast.agent, rival)]
        results = at_once(*(partial(services.case_take, case_id=case.pk, actor=a, at=AT) for a in actors))
        case.refresh_from_db()
        won = [r for r in results if isinstance(r, Case)]
        lost = [r for r in results if isinstance(r, Conflict)]
        assert len(won) == len(lost) == 1 and lost[0].code == "taken"
        assert lost[0].extra["owner"] == case.owner_id == won[0].owner_id and case.version == 2


def test_two_ticks_at_once_close_each_case_once(committed):
    cast = committed
    cases = [make_case(team=cast.team, owner=cast.agent) for _i in range(8)]
    for case in cases:
        services.case_resolve(case_id=case.pk, text="好了", actor=cast.actor(cast.agent), at=AT)
    later = AT + timedelta(days=4)
    results = at_once(*(lambda: services.close_silent(at=later, limit=5) for _i in range(2)))
    assert sum(results) == 8 and set(results) <= {3, 5, 8, 0, 4}
    assert Event.objects.filter(kind="case.closed").count() == 8


def test_merges_in_both_directions_at_once_do_not_hang(committed):
    cast = committed
    one = make_case(team=cast.team, owner=cast.agent)
    two = make_case(customer=one.customer, team=cast.team, owner=cast.agent)
    results = at_once(
        lambda: services.cases_merge(source_id=one.pk, target_id=two.pk, actor=Actor.system(), at=AT),
        lambda: services.cases_merge(source_id=two.pk, target_id=one.pk, actor=Actor.system(), at=AT),
    )
    assert sorted(type(r).__name__ for r in results) == ["Case", "Conflict"]


def test_a_message_and_an_answer_at_once_are_both_kept(committed):
    cast = committed
    case = make_case(team=cast.team, owner=cast.agent)
    at_once(
        lambda: services.message_receive(
            case_id=case.pk, text="?", channel="mail", actor=Actor.system(), at=AT
        ),
        lambda: services.reply_send(case_id=case.pk, text="!", actor=cast.actor(cast.agent), at=AT),
    )
    case.refresh_from_db()
    assert case.interactions.count() == 3 and case.version == 4
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT seq), max(seq) FROM events_event WHERE subject_kind = 'case'")
        distinct, last = cursor.fetchone()
    assert distinct == last
