"""Alarms on the supervisor's board: the gravest, not all of them, and nobody else's cases by name."""

import pytest

from shounuo.cases.testing import make_case
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk.testing import raise_alarm
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import AT
from shounuo.web.alarms.showing import ON_BOARD, board_items
from shounuo.web.tests.desks import make_house

pytestmark = pytest.mark.django_db
RULES = """      - alarm: grave
        title: 重大投诉
        trigger: {event: case.opened, kind: complaint}
        level: red
        notify: manager
      - alarm: late
        title: 时限已过
        trigger: {event: case.opened}
        notify: supervisor
"""


@pytest.fixture
def house():
    made = make_house()
    make_in_force(make_text("T-1", rules=RULES), at=AT)
    return made


def about(case):
    return f"case:{case.pk}"


def test_a_reminder_is_no_blue_alarm_and_stands_last(house):
    raise_alarm("late", at=AT)
    raise_alarm("grave", at=AT)
    shown, count = board_items(actor_for(house.cast.manager))
    assert [(a["text"], a["level"]) for a in shown] == [("重大投诉", "red"), ("时限已过", "")]
    assert count == 2
    page = house.client(house.cast.manager).get("/board/").content.decode()
    assert "提醒" in page and "is-blue" not in page


def test_a_case_of_another_team_has_no_name_and_stands_behind_ones_own(house):
    theirs = make_case(subject="仓库漏雨", team=house.cast.other_team, at=AT)
    raise_alarm("late", at=AT, about=about(theirs))
    own = make_case(subject="饲料结块", team=house.cast.team, at=AT)
    raise_alarm("late", at=AT, about=about(own))
    for _more in range(ON_BOARD):
        raise_alarm("late", at=AT, about=about(make_case(team=house.cast.other_team, at=AT)))
    shown, count = board_items(actor_for(house.cast.supervisor))
    assert (len(shown), count) == (ON_BOARD, ON_BOARD + 2)
    assert "饲料结块" in shown[0]["note"] and shown[1]["note"] == "不在您的可见范围"
    for page in ("/board/", "/alarms/"):
        answer = house.client(house.cast.supervisor).get(page).content.decode()
        assert "饲料结块" in answer and "仓库漏雨" not in answer
    assert board_items(actor_for(house.cast.nobody)) == ([], 0)
