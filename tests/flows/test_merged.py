"""Two mails about one matter are put together, and taken apart again."""

import pytest

from shounuo.cases import services as cases
from shounuo.cases.models import Merge
from shounuo.commitments.models import Clock
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State


@pytest.fixture
def two(house):
    """Mr Song writes twice, ten minutes apart."""
    house.open().promise(
        "- {commitment: solve, subject: case, from: case.opened, until: case.resolved, within: PT2H}"
    )
    first = house.case_of(house.mail("结块了"))
    house.later(10)
    second = house.case_of(house.mail("照片在这里", subject="照片"))
    assert first != second
    return first, second


def test_a_merge_stops_what_is_owed_on_the_one_that_goes_up_in_the_other(house, two):
    first, second = two
    cases.cases_merge(source_id=second.pk, target_id=first.pk, actor=house.supervisor, at=house.later(20))
    gone, stays = house.clock(second, "solve"), house.clock(first, "solve")
    assert (gone.state, stays.state) == (State.CANCELLED, State.RUNNING)
    assert [i.text for i in first.interactions.order_by("at")] == ["结块了", "照片在这里"]
    house.until("10-10 13:00")
    assert house.of_clock(gone) == ["started", "cancelled"]

    # His next mail to the one that is gone finds the way to the other.
    cases.reply_send(case_id=first.pk, text="收到", actor=house.agent, at=house.at)
    house.work()
    row = house.mail("谢谢", answers=house.mails_to()[-1])
    assert house.case_of(row) == first


def test_its_undo_revives_the_clock_with_the_time_between_as_a_pause(house, two):
    first, second = two
    due = house.clock(second, "solve").due_at
    assert due == moment("10-10 12:10")
    cases.cases_merge(source_id=second.pk, target_id=first.pk, actor=house.supervisor, at=house.later(20))
    cases.merge_undo(merge_id=Merge.objects.get().pk, actor=house.supervisor, at=house.later(45))

    clock = house.clock(second, "solve")
    assert (clock.state, clock.due_at) == (State.RUNNING, moment("10-10 12:55"))
    [pause] = clock.pauses.all()
    assert (pause.reason, pause.started_at, pause.ended_at) == (
        "merged",
        moment("10-10 10:30"),
        moment("10-10 11:15"),
    )
    assert [i.text for i in second.interactions.all()] == ["照片在这里"]
    assert house.clock(first, "solve").due_at == moment("10-10 12:00")

    house.until("10-10 12:56")
    assert house.of_clock(clock) == ["started", "cancelled", "resumed", "warned", "breached"]
    assert house.seen(second).status == "new" and house.seen(second).merged_into_id is None


def test_what_is_another_teams_cannot_be_merged_into_mine(house, two):
    from shounuo.kernel.errors import NotFound

    first, second = two
    with pytest.raises(NotFound):
        cases.cases_merge(source_id=second.pk, target_id=first.pk, actor=house.outsider, at=house.at)
