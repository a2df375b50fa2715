"""A promise is broken: who hears of it when, what a late answer changes, and what the figures say."""

from datetime import timedelta

import pytest

from shounuo.cases import services as cases
from shounuo.commitments import queries as commitments
from shounuo.commitments import services as commitment_services
from shounuo.commitments.models import Clock
from shounuo.kernel.errors import NotAllowed, NotFound
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_person
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
CLAUSE = "REG-2.2.1"


@pytest.fixture
def late(house):
    """A mail of 10:00, given to the agent at 10:02, who does not answer it."""
    house.open().regulation()
    case = house.case_of(house.mail())
    house.later(2)
    cases.case_assign(case_id=case.pk, person_id=house.cast.agent.pk, actor=house.supervisor, at=house.at)
    house.work()
    return case


def test_it_warns_the_owner_breaks_at_its_moment_and_goes_up_the_ladder(house, late):
    cast, clock = house.cast, house.clock(late, "first-response")

    house.until("10-10 10:23")
    assert house.told(cast.agent, clause=CLAUSE) == []
    house.until("10-10 10:24")
    assert house.told(cast.agent, clause=CLAUSE) == ["clock.warned"]
    assert house.told(cast.supervisor, clause=CLAUSE) == []

    house.until("10-10 10:30")  # until the moment is over an answer is in time
    assert house.of_clock(clock) == ["started", "warned"]
    house.until("10-10 10:31")
    clock.refresh_from_db()
    assert (clock.state, clock.breached_at) == (State.BREACHED, moment("10-10 10:30"))
    assert house.told(cast.agent, clause=CLAUSE) == ["clock.warned", "clock.breached"]
    assert sorted(house.told(cast.supervisor, clause=CLAUSE)) == ["clock.breached", "clock.escalated"]
    assert house.told(cast.manager, clause=CLAUSE) == []

    house.until("10-10 10:45")  # half the time again
    assert house.told(cast.manager, clause=CLAUSE) == ["clock.escalated"]
    assert house.told(cast.outsider, clause=CLAUSE) == []
    assert house.of_clock(clock) == ["started", "warned", "breached", "escalated", "escalated"]

    house.until("10-10 17:00")
    assert house.of_clock(clock) == ["started", "warned", "breached", "escalated", "escalated"]


def test_a_late_answer_ends_what_is_owed_and_never_unbreaks_it(house, late):
    house.until("10-10 10:50")
    cases.reply_send(case_id=late.pk, text="抱歉，来晚了", actor=house.agent, at=house.at)
    clock = house.clock(late, "first-response")
    assert (clock.state, clock.breached_at, clock.met_at) == (State.BREACHED, moment("10-10 10:30"), house.at)
    assert not clock.is_overdue
    assert house.seen(late).overdue is any(c.is_overdue for c in house.clocks(late).values())


def test_it_is_the_same_when_the_loop_was_away_all_the_time(house, late):
    """No loop ran: the answer itself finds that it is late, and by how much."""
    house.at = moment("10-10 10:50")
    cases.reply_send(case_id=late.pk, text="抱歉，来晚了", actor=house.agent, at=house.at)
    house.work()
    clock = house.clock(late, "first-response")
    assert (clock.state, clock.breached_at, clock.met_at) == (State.BREACHED, moment("10-10 10:30"), house.at)
    assert house.of_clock(clock) == ["started", "warned", "breached", "escalated", "escalated", "met"]


def test_its_cause_is_noted_and_the_page_of_the_clause_shows_it(house, late):
    house.until("10-10 11:00")
    clock = house.clock(late, "first-response")
    colleague = make_person("colleague", teams=(house.cast.team,))
    for actor, refusal in ((house.outsider, NotFound), (actor_for(colleague), NotAllowed)):
        with pytest.raises(refusal):
            commitment_services.clock_cause_set(clock_id=clock.pk, cause="volume", actor=actor, at=house.at)
    commitment_services.clock_cause_set(
        clock_id=clock.pk, cause="staffing", note="周六只有一人", actor=house.supervisor, at=house.at
    )
    assert house.of_clock(clock)[-1] == "cause_noted"
    house.count()
    kept = commitments.kept([CLAUSE], moment("10-10 00:00"), moment("10-11 00:00"))[CLAUSE]
    assert (kept.breached, kept.met, kept.share) == (1, 0, 0.0)
    rows, more = commitments.breaches(
        house.supervisor, moment("10-10 00:00"), house.at, clauses=[CLAUSE], limit=5
    )
    assert [(b.clock.pk, b.clock.cause) for b in rows] == [(clock.pk, "staffing")] and not more
    page = house.browser(house.cast.supervisor).get(f"/policy/clauses/{CLAUSE}/")
    assert page.status_code == 200 and str(late.number) in page.text and "人手不足" in page.text


def test_nobody_answers_for_it_yet_so_the_team_is_told(house):
    house.open().regulation()
    case = house.case_of(house.mail())
    house.later(31)
    assert house.seen(case).owner_id is None
    assert "clock.breached" in house.told(house.cast.supervisor, clause=CLAUSE)
    assert house.told(house.cast.agent) == [] and house.told(house.cast.outsider) == []


def test_an_answer_at_the_very_moment_is_in_time(house, late):
    house.at = moment("10-10 10:30")
    cases.reply_send(case_id=late.pk, text="来得及", actor=house.agent, at=house.at)
    assert house.clock(late, "first-response").state == State.MET


def test_a_microsecond_later_is_late(house, late):
    house.at = moment("10-10 10:30") + timedelta(microseconds=1)
    cases.reply_send(case_id=late.pk, text="来不及", actor=house.agent, at=house.at)
    assert house.clock(late, "first-response").state == State.BREACHED
