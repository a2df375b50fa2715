"""From the clause to the money: what the shipped regulation lets whom give, asked, approved by mail, timed, and summed."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client

from shounuo.cases import services
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.testing import make_case
from shounuo.commitments.models import Clock
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.kernel.errors import Conflict
from shounuo.notices.testing import make_relay, outbox, parsed
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_shipped, make_text
from shounuo.staff.queries import actor_for

CLOCK = """      - commitment: approval
        title: 审批时限
        subject: duty
        from: duty.created
        until: duty.done
        within: PT4H
        when: {kind: approval}
        escalate: [{at: 100%, to: "role:manager"}]
"""


def ask(house, case, yuan, who=None):
    return services.grant_ask(
        case_id=case.pk,
        kind="compensation",
        amount=yuan * 100,
        reason="料受潮",
        actor=actor_for(who or house.cast.agent),
        at=house.at,
    )


def test_the_enterprise_ladder_runs_from_clause_to_mail_to_grant(house):
    house.open()
    make_shipped("enterprise", at=house.at)
    make_in_force(make_text("T-1", rules=CLOCK), at=house.at)
    make_relay()
    cast = house.cast
    live = Rule.objects.filter(kind="authority", clause__code="CAP-4.2.2")
    assert {r.name: r.status for r in live} == dict.fromkeys(
        ("agent-compensation", "service-upgrade", "free-repair", "extended-warranty", "large-compensation"),
        "live",
    )
    case = make_case(team=cast.team, owner=cast.agent, at=house.at)
    assert ask(house, case, 50).state == "granted"
    grant = ask(house, case, 450)
    assert (grant.state, grant.total, grant.roles, grant.clause_code) == (
        "asked",
        50000,
        ["supervisor"],
        "CAP-4.2.2",
    )
    clock = Clock.objects.get(subject_kind="duty", commitment="approval")
    house.work()
    mail = next(
        m for m in outbox if cast.supervisor.mail in m.recipients and "/approve/" in parsed(m).get_content()
    )
    path = re.search(r"https://[^/]+(/approve/\S+)", parsed(mail).get_content())[1]
    house.later(60)
    assert Client().get(path).status_code == 200 and Grant.objects.get(pk=grant.pk).is_asked
    Client().post(path, {"decision": "approve", "note": ""})
    clock.refresh_from_db()
    grant.refresh_from_db()
    assert (grant.state, grant.via, clock.state) == ("granted", "mail", "met")
    above = ask(house, case, 1)
    assert above.roles == ["manager"], "501 in all: the manager's"
    house.later(5 * 60)
    late = Clock.objects.filter(subject_kind="duty", commitment="approval").latest("id")
    assert late.state == "breached" and Duty.objects.get(state="open", kind="approval").subject == (
        "case",
        case.pk,
    )
    kinds = list(
        Event.objects.filter(subject_kind="case", subject_id=case.pk, kind__startswith="grant.")
        .order_by("seq")
        .values_list("kind", flat=True)
    )
    assert kinds == ["grant.granted", "grant.asked", "grant.approved", "grant.granted", "grant.asked"]


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_do_not_pass_the_limit_together(house):
    house.open()
    make_shipped("enterprise", at=house.at)
    cast = house.cast
    case = make_case(team=cast.team, owner=cast.agent, at=house.at)
    states, start = [], threading.Barrier(4)

    def asks():
        try:
            start.wait()
            for _ in range(3):
                states.append(ask(house, case, 15).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=asks) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.ensure_connection()
    assert len(states) == 12 and states.count("granted") == 3
    assert queries.sums(case.pk, case.customer_id)["compensation", "case"] == 4500


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_decide_once(house):
    house.open()
    make_shipped("enterprise", at=house.at)
    cast = house.cast
    case = make_case(team=cast.team, owner=cast.agent, at=house.at)
    grant = ask(house, case, 300)
    answers, start = [], threading.Barrier(2)

    def decides(who, approve):
        try:
            start.wait()
            services.grant_decide(
                grant_id=grant.pk,
                approve=approve,
                note="看过",
                actor=actor_for(who),
                at=house.at + timedelta(minutes=1),
            )
            answers.append("done")
        except Conflict as problem:
            answers.append(problem.code)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=decides, args=given)
        for given in ((cast.supervisor, True), (cast.manager, False))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.ensure_connection()
    assert sorted(answers) == ["decided", "done"]
    words = Event.objects.filter(kind__in=["grant.approved", "grant.refused"])
    assert words.count() == 1
