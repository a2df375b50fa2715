"""From the clause to the alarm: what a regulation says of a day's complaints is watched, told, and ends by itself."""

from datetime import time

import pytest

from shounuo.cases.testing import make_case
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.metrics import services as metrics
from shounuo.notices import services as notices
from shounuo.notices.models import Sending
from shounuo.notices.queries import mails_of
from shounuo.notices.testing import make_relay, make_way
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk import queries, services
from shounuo.risk.models import Alarm
from shounuo.staff.queries import actor_for
from tests.flows.house import moment

RULES = """      - alarm: complaints-day
        title: 单日投诉量
        metric: complaint_count
        op: ">"
        value: 2
        window: P1D
        level: blue
        notify: manager
      - alarm: blue-days
        title: 连续三天蓝色预警
        metric: blue_alarm_days
        op: ">="
        value: 3
        level: yellow
        notify: director
      - alarm: praised
        title: 客户表扬
        trigger: {event: case.opened, kind: praise}
        notify: supervisor
"""


@pytest.fixture
def watched(house):
    house.open()
    make_in_force(make_text("T-1", rules=RULES), at=house.at)
    look(house)
    return house


def look(house):
    """What the watch does three times a minute."""
    metrics.build_missing(at=house.at)
    metrics.catch_up(at=house.at)
    services.alarms_triggered(at=house.at)
    services.alarms_evaluate(at=house.at)
    house.work()


def told(house, person):
    """What the person was told of alarms."""
    return [kind for kind in house.told(person) if kind.startswith("alarm.")]


def complaints(house, count):
    for _n in range(count):
        make_case(kind="complaint", at=house.at)


@pytest.mark.django_db(transaction=True)
def test_a_days_complaints_raise_one_alarm_that_ends_by_itself(watched):
    assert set(Rule.objects.values_list("status", flat=True)) == {"live"}
    complaints(watched, 2)
    look(watched)
    assert not Alarm.objects.exists()

    complaints(watched, 1)
    look(watched)
    look(watched)
    alarm = Alarm.objects.get()
    assert (alarm.level, alarm.value, alarm.n, alarm.state) == ("blue", 3, 3, "open")
    assert told(watched, watched.cast.manager) == ["alarm.raised"]
    assert "alarm.raised" not in watched.told(watched.cast.agent)

    watched.until("10-11 00:05")  # the new day counts from nothing: the alarm stays until a day was quiet
    look(watched)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.value) == ("open", 0)
    watched.until("10-12 00:05")
    look(watched)
    alarm.refresh_from_db()
    assert alarm.state == "released"
    assert [(d.day.day, d.held) for d in queries.days_of(alarm)] == [(10, True), (11, False), (12, False)]
    assert told(watched, watched.cast.manager) == ["alarm.raised", "alarm.released"]


@pytest.mark.django_db(transaction=True)
def test_three_blue_days_make_yellow(watched):
    for day in ("10-10 15:00", "10-11 15:00", "10-12 15:00"):
        watched.until(day)
        complaints(watched, 3)
        look(watched)
        look(watched)
    blue, yellow = Alarm.objects.order_by("id")
    assert (blue.level, blue.state) == ("blue", "open")
    assert (yellow.level, yellow.about, yellow.value) == ("yellow", f"alarm:{blue.pk}", 3)


@pytest.mark.django_db(transaction=True)
def test_what_happens_triggers_once_and_is_closed_by_a_person(watched):
    case = make_case(kind="praise", at=watched.at)
    make_case(kind="inquiry", at=watched.at)
    look(watched)
    look(watched)
    alarm = Alarm.objects.get()
    assert (alarm.about, alarm.level) == (f"case:{case.pk}", "")
    assert "alarm.raised" in watched.told(watched.cast.supervisor)
    services.alarm_acknowledge(alarm_id=alarm.pk, actor=watched.supervisor, at=watched.at)
    with pytest.raises(Invalid):
        services.alarm_close(alarm_id=alarm.pk, review=" ", actor=watched.supervisor, at=watched.at)
    services.alarm_close(alarm_id=alarm.pk, review="已当众表扬", actor=watched.supervisor, at=watched.at)
    alarm.refresh_from_db()
    assert (alarm.state, alarm.acknowledged_by, alarm.review) == (
        "closed",
        watched.cast.supervisor,
        "已当众表扬",
    )


@pytest.mark.django_db(transaction=True)
def test_who_may_handle(watched):
    complaints(watched, 3)
    look(watched)
    alarm = Alarm.objects.get()
    with pytest.raises(NotFound):
        services.alarm_acknowledge(alarm_id=alarm.pk, actor=watched.outsider, at=watched.at)
    assert queries.open_alarms(watched.outsider) == []
    with pytest.raises(Conflict):
        services.alarm_close(alarm_id=alarm.pk, review="太多了", actor=watched.supervisor, at=watched.at)
    reader = Actor.person(watched.cast.agent.pk, permissions=frozenset({"alarms.view"}))
    with pytest.raises(NotAllowed):
        services.alarm_acknowledge(alarm_id=alarm.pk, actor=reader, at=watched.at)
    services.alarm_acknowledge(alarm_id=alarm.pk, actor=actor_for(watched.cast.supervisor), at=watched.at)
    services.alarm_acknowledge(alarm_id=alarm.pk, actor=watched.manager, at=watched.at)
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == watched.cast.supervisor


@pytest.mark.django_db(transaction=True)
def test_the_alarm_board_shows_what_is_open_and_closes_with_a_review(watched):
    supervisor, agent = watched.browser(watched.cast.supervisor), watched.browser(watched.cast.agent)
    assert "没有预警" in supervisor.get("/alarms/").content.decode()
    assert agent.get("/alarms/").status_code == 403
    complaints(watched, 3)
    look(watched)
    alarm = Alarm.objects.get()
    page = supervisor.get("/alarms/").content.decode()
    assert "单日投诉量" in page
    assert "还没有人确认" in page
    assert "单日投诉量" in supervisor.get("/board/").content.decode()
    supervisor.post(f"/alarms/{alarm.pk}/acknowledge/")
    one = supervisor.get(f"/alarms/{alarm.pk}/").content.decode()
    assert watched.cast.supervisor.name in one
    assert agent.post(f"/alarms/{alarm.pk}/acknowledge/").status_code == 403

    watched.until("10-12 00:05")
    look(watched)
    refused = supervisor.post(f"/alarms/{alarm.pk}/close/", {"review": ""})
    assert (refused.status_code, "请写复盘" in refused.content.decode()) == (422, True)
    supervisor.post(f"/alarms/{alarm.pk}/close/", {"review": "当天停电，订单积压"})
    assert "当天停电，订单积压" in supervisor.get(f"/alarms/{alarm.pk}/").content.decode()
    assert "单日投诉量" in supervisor.get("/alarms/?month=2026-10").content.decode()


WAYS = """      - alarm: complaints-day
        title: 单日投诉量
        metric: complaint_count
        op: ">"
        value: 0
        window: P1D
        level: blue
        via: [app, dingtalk, mail]
        notify: manager
      - alarm: major
        title: 重大投诉
        metric: complaint_count
        op: ">"
        value: 1
        window: P1D
        level: red
        via: [dingtalk]
        notify: manager
"""


@pytest.mark.django_db(transaction=True)
def test_by_night_only_red_goes_over_the_ways(house):
    house.at = moment("10-10 23:00")
    house.open()
    make_way()
    make_relay()
    notices.quiet_set(role="manager", starts=time(22), ends=time(8), actor=house.admin, at=house.at)
    make_in_force(make_text("T-1", rules=WAYS), at=house.at)
    complaints(house, 2)
    look(house)
    sent = {s.text.partition("\n")[0]: s.next_at for s in Sending.objects.all()}
    assert sent == {"蓝色预警：单日投诉量": moment("10-11 08:00"), "红色预警：重大投诉": house.at}
    assert [
        notices.sending_deliver(sending_id=i, at=house.at).state for i in notices.sendings_due(house.at)
    ] == ["sent"]
    assert f"/alarms/{Alarm.objects.get(name='major').pk}/" in Sending.objects.get(urgent=True).text
    mail = mails_of("person", house.cast.manager.pk).get(
        key__startswith="notice:alarm.raised", next_at=moment("10-11 08:00")
    )
    assert mail.recipients == [house.cast.manager.mail]


OTHER = """      - alarm: topic-leaps
        title: 渠道来量陡增
        metric: cases_opened
        change: +50%
        window: P1W
        least: 3
        level: blue
        when: {by: channel}
        notify: manager
      - alarm: silence
        title: 没有来信
        metric: messages_in
        absent: true
        window: PT2BH
        level: red
        notify: manager
      - alarm: drift
        title: 连续同向
        metric: any_monitored
        trend: rising
        notify: manager
"""


@pytest.fixture
def other(house):
    house.at = moment("10-12 09:30")  # a Monday
    house.open()
    make_in_force(make_text("T-1", rules=OTHER, calendar="business"), at=house.at)
    assert set(Rule.objects.values_list("status", flat=True)) == {"live"}
    look(house)
    return house


def names():
    return list(Alarm.objects.order_by("id").values_list("name", "about", "state"))


@pytest.mark.django_db(transaction=True)
def test_a_leap_is_judged_for_each_slice_and_ends_with_it(other):
    for channel, count in (("phone", 2), ("mail", 4)):
        for _n in range(count):
            make_case(channel=channel, at=other.at)
    other.until("10-19 09:31")
    look(other)
    Alarm.objects.all().delete()
    for channel, count in (("phone", 3), ("mail", 5), ("wechat", 3)):
        for _n in range(count):
            make_case(channel=channel, at=other.at)
    look(other)
    leaps = [row for row in names() if row[0] == "topic-leaps"]
    assert leaps == [
        ("topic-leaps", "channel@phone", "open"),
        ("topic-leaps", "channel@wechat", "open"),
    ], "half as many again; what is new; a quarter more is none"
    assert Alarm.objects.get(about="channel@phone").value == 0.5
    page = other.browser(other.cast.supervisor).get("/alarms/").content.decode()
    assert "+50%" in page
    assert "电话" in page
    other.until("10-29 09:31")
    look(other)
    assert {row[2] for row in names() if row[0] == "topic-leaps"} == {"released"}


@pytest.mark.django_db(transaction=True)
def test_silence_counts_hours_of_service_only(other):
    assert names() == [("silence", "", "open")], "nobody has written since Friday"
    Alarm.objects.all().delete()
    make_case(at=other.at)
    other.until("10-12 11:00")
    look(other)
    assert names() == []
    other.until("10-12 11:45")
    look(other)
    assert names() == [("silence", "", "open")]
    make_case(at=other.at)
    look(other)
    other.until("10-12 14:00")
    look(other)
    assert names() == [("silence", "", "released")]
    Alarm.objects.all().delete()
    other.until("10-12 23:00")
    look(other)
    assert names() == [], "nobody writes at night"
    other.until("10-13 09:10")
    look(other)
    assert names() == [("silence", "", "open")], "the last hours of yesterday and the first of today"


@pytest.mark.django_db(transaction=True)
def test_every_watched_metric_is_looked_at_for_a_trend(other):
    for day, count in (("10-13", 1), ("10-14", 2), ("10-15", 3), ("10-16", 4)):
        other.until(f"{day} 15:00")
        for _n in range(count):
            make_case(at=other.at)
    other.until("10-17 09:00")
    look(other)
    assert {row[1] for row in names() if row[0] == "drift"} == {"metric@cases_opened", "metric@messages_in"}
    page = other.browser(other.cast.supervisor).get("/alarms/").content.decode()
    assert "连续同向" in page


@pytest.mark.django_db(transaction=True)
def test_the_boards_cost_does_not_grow(watched, django_assert_max_num_queries):
    complaints(watched, 3)
    for _n in range(6):
        make_case(kind="praise", at=watched.at)
    look(watched)
    supervisor = watched.browser(watched.cast.supervisor)
    supervisor.get("/alarms/")
    with django_assert_max_num_queries(17):
        supervisor.get("/alarms/")
