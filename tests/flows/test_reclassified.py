"""What a case is becomes known later than it starts: its clocks follow, and a broken promise stays broken."""

import pytest

from shounuo.cases import services as cases
from shounuo.commitments.models import Clock
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State


def test_an_inquiry_that_turns_out_to_be_a_complaint_has_its_terms_from_the_opening(house):
    house.open().regulation()
    case = house.case_of(house.mail())
    assert not {"complaint-started", "complaint-plan"} & set(house.clocks(case))

    house.later(40)
    cases.case_classify(case_id=case.pk, kind="complaint", actor=house.agent, at=house.at)
    started, plan = house.clock(case, "complaint-started"), house.clock(case, "complaint-plan")
    assert started.started_at == plan.started_at == moment("10-10 10:00")
    assert (started.due_at, plan.due_at) == (moment("10-12 10:00"), moment("10-14 10:00"))

    # It is a grave one: five working days for the plan instead of three; the clock of three is called off.
    house.later(20)
    cases.case_classify(case_id=case.pk, severity="major", actor=house.agent, at=house.at)
    plan.refresh_from_db()
    assert (plan.state, plan.cancel_reason) == (State.CANCELLED, "no_longer_applies")
    grave = house.clock(case, "complaint-plan")
    assert (grave.pk != plan.pk, grave.state, grave.due_at) == (True, State.RUNNING, moment("10-16 10:00"))


def test_another_level_brings_other_terms_and_what_was_broken_stays_broken(house):
    house.open().regulation("enterprise")
    case = house.case_of(house.mail())
    assert "first-response" not in house.clocks(case)

    house.later(2)
    cases.case_classify(case_id=case.pk, level="L1", actor=house.agent, at=house.at)
    first = house.clock(case, "first-response")
    assert (first.started_at, first.due_at) == (moment("10-10 10:00"), moment("10-10 10:05"))
    house.until("10-10 10:10")
    first.refresh_from_db()
    assert (first.state, first.breached_at) == (State.BREACHED, moment("10-10 10:05"))

    # 10:12 it is found to be L3: its own terms begin, L1's broken one is no less broken.
    house.until("10-10 10:12")
    cases.case_classify(case_id=case.pk, level="L3", actor=house.agent, at=house.at)
    third, interim = house.clock(case, "first-response"), house.clock(case, "interim-solution")
    assert (third.state, third.due_at) == (State.RUNNING, moment("10-10 10:30"))
    assert (interim.started_at, interim.due_at) == (
        moment("10-10 10:12"),
        moment("10-10 13:42"),  # the break at noon lies between
    )
    first.refresh_from_db()
    assert (first.state, first.breached_at) == (State.BREACHED, moment("10-10 10:05"))
    assert not first.is_overdue  # it is owed no more, only broken

    # L2 after all: its 15 minutes were over before it applied, so it has them in full from now.
    house.until("10-10 10:20")
    cases.case_classify(case_id=case.pk, level="L2", actor=house.agent, at=house.at)
    second = house.clock(case, "first-response")
    assert (second.started_at, second.counted_from, second.due_at) == (
        moment("10-10 10:00"),
        moment("10-10 10:20"),
        moment("10-10 10:35"),
    )
    third.refresh_from_db()
    interim.refresh_from_db()
    assert (third.state, interim.state) == (State.CANCELLED, State.CANCELLED)

    cases.reply_send(case_id=case.pk, text="在查了", actor=house.agent, at=house.later(5))
    of_levels = Clock.objects.filter(subject_id=case.pk, commitment="first-response").order_by("id")
    assert [c.state for c in of_levels] == [State.BREACHED, State.CANCELLED, State.MET]  # L1, L3, L2


def test_the_same_promise_of_two_regulations_runs_once_for_each_and_the_nearest_leads(house):
    house.open()
    house.regulation("livestock")
    house.regulation("enterprise")
    case = house.case_of(house.mail())
    cases.case_classify(case_id=case.pk, level="L1", actor=house.agent, at=house.at)
    both = Clock.objects.filter(subject_id=case.pk, commitment="first-response").order_by("due_at")
    assert [(c.clause_code, c.due_at) for c in both] == [
        ("CAP-4.1.2", moment("10-10 10:05")),
        ("REG-2.2.1", moment("10-10 10:30")),
    ]
    assert house.seen(case).next_due_at == moment("10-10 10:05")
    cases.reply_send(case_id=case.pk, text="在查了", actor=house.agent, at=house.later(1))
    assert {c.state for c in both.all()} == {State.MET}
