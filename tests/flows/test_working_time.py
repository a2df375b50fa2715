"""Holidays and make-up days in a due time, why it is then, and what a change of hours does to clocks that run."""

import pytest

from shounuo.calendars import services as calendars
from shounuo.cases import services as cases
from shounuo.commitments import queries as commitments
from shounuo.commitments import services as commitment_services
from shounuo.kernel.errors import NotAllowed
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
PLAN = """
- {commitment: plan, subject: case, from: case.opened, until: [plan.proposed, case.resolved], within: P3BD}
"""
RESPONSE = """
- {commitment: response, subject: case, from: interaction.received, until: interaction.sent, within: PT30M}
"""


def test_three_working_days_pass_over_the_national_day_and_take_in_the_make_up_saturday(house):
    house.at = moment("09-30 17:00")
    house.open().promise(PLAN, calendar="business")
    case = house.case_of(house.mail())
    clock = house.clock(case, "plan")
    # Oct 1-7 are holidays; the 8th and 9th are working days, and so is Saturday the 10th.
    assert clock.due_at == moment("10-10 17:00")

    told = commitments.ledger(clock, house.at)
    assert told.lines[0].start == clock.counted_from and told.lines[-1].end == clock.due_at
    assert all(a.end == b.start for a, b in zip(told.lines, told.lines[1:], strict=False))
    assert [(line.day.strftime("%m-%d"), line.reason, line.counted) for line in told.lines] == [
        ("09-30", "工作时间", 1800),
        ("10-01", "放假（国庆节）", 0),  # to the 7th
        ("10-08", "工作时间", 27000),
        ("10-09", "工作时间", 27000),
        ("10-10", "调休上班（国庆节）", 25200),
    ]

    page = house.browser(house.cast.supervisor).get(
        f"/cases/{case.number}/clocks/{clock.pk}/", headers={"HX-Request": "true"}
    )
    assert page.status_code == 200 and "国庆" in page.text


def test_a_half_hour_at_the_end_of_saturday_goes_on_on_monday(house):
    house.at = moment("10-10 17:20")
    house.open().promise(RESPONSE, calendar="business")
    case = house.case_of(house.mail())
    assert house.clock(case, "response").due_at == moment("10-12 08:50")  # hours are 08:30-12:00, 13:30-17:30
    house.until("10-11 12:00")
    assert house.of_clock(house.clock(case, "response")) == ["started"]
    house.until("10-12 08:51")
    assert house.of_clock(house.clock(case, "response")) == ["started", "warned", "breached"]


def test_a_change_of_hours_moves_nothing_by_itself_and_everything_when_a_person_says_so(house):
    house.at = moment("10-10 17:20")
    house.open().promise(RESPONSE, calendar="business")
    before = house.case_of(house.mail())
    was = house.clock(before, "response").due_at

    calendars.day_set(code="business", date=moment("10-12 00:00").date(), kind="holiday", name="停电检修", actor=house.admin, at=house.at)  # fmt: skip
    house.work()
    after = house.case_of(
        house.mail(subject="另一件", sender="钱多多 <qian@example.cn>", envelope_from="qian@example.cn")
    )
    assert house.clock(before, "response").due_at == was
    assert house.clock(after, "response").due_at == moment("10-13 08:50")
    moved = list(commitments.affected_by("business", actor=house.admin))
    assert [(c.subject_id, due) for c, due in moved] == [(before.pk, moment("10-13 08:50"))]

    with pytest.raises(NotAllowed):
        commitment_services.rebase_calendar(
            calendar_code="business", reason="停电", actor=house.agent, at=house.at
        )
    count = commitment_services.rebase_calendar(
        calendar_code="business", reason="停电", actor=house.admin, at=house.at
    )
    clock = house.clock(before, "response")
    assert (count, clock.due_at) == (1, moment("10-13 08:50"))
    assert house.of_clock(clock) == ["started", "rebased"]
    assert list(commitments.affected_by("business", actor=house.admin)) == []


def test_waiting_for_the_customer_stops_the_clock_outside_opening_hours_for_nothing(house):
    """A pause from Saturday evening to Monday 09:00 costs the half hour of Monday that lies in it, and no more."""
    house.at = moment("10-10 17:00")
    house.open().promise(
        "- {commitment: solve, subject: case, from: case.opened, until: case.resolved, within: PT2H, pause: [waiting_customer]}",
        calendar="business",
    )
    case = house.case_of(house.mail())
    assert house.clock(case, "solve").due_at == moment("10-12 10:00")
    cases.reply_send(case_id=case.pk, text="请发照片", then="wait", actor=house.agent, at=house.at)
    house.until("10-12 09:00")
    cases.case_resume(case_id=case.pk, actor=house.agent, at=house.at)
    clock = house.clock(case, "solve")
    assert clock.due_at == moment(
        "10-12 11:00"
    )  # half an hour of Saturday and half an hour of Monday stood still
    told = commitments.ledger(clock, house.at)
    assert told.due_at == clock.due_at and "paused" in {line.kind for line in told.lines}
