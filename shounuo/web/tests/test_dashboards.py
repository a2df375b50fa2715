"""The dashboard of service quality: its numbers are the engine's, narrowed and compared; people only for those who may."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases import services as cases
from shounuo.cases.testing import make_case, make_topic
from shounuo.kernel.errors import NotAllowed
from shounuo.metrics import queries, registry
from shounuo.metrics.rules import Window
from shounuo.metrics.testing import observe_all
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client

NOW = AT + timedelta(hours=6)
TARGET = """
      - {target: first, title: 首响, metric: first_response_median, op: "<=", value: PT3M, owner: manager}
"""


@pytest.fixture
def cast(db, monkeypatch):
    for module in ("dashboards.views", "figures.views"):
        monkeypatch.setattr(f"shounuo.web.{module}.now", lambda: NOW)
    monkeypatch.setattr("shounuo.web.templatetags.sn.times.kernel_clock.now", lambda: NOW)
    set_up_organisation()
    return make_cast()


@pytest.fixture
def town(cast):
    """Twelve cases of this morning, answered after one to twelve minutes and solved; a third by telephone, one of the
    other team; two of yesterday."""
    feed = make_topic("feed", "饲料")
    make_topic("caking", "结块", parent=feed)
    for n in range(14):
        other, at = n == 11, AT if n < 12 else AT - timedelta(days=1)
        owner, team = (cast.outsider, cast.other_team) if other else (cast.agent, cast.team)
        case = make_case(
            f"料 {n}",
            owner=owner,
            team=team,
            topic_id=feed.pk if n % 2 else None,
            at=at,
            channel="phone" if n % 3 == 0 else "mail",
            kind="complaint" if n % 4 == 0 else "inquiry",
        )
        cases.reply_send(
            case_id=case.pk, text="好", actor=cast.actor(owner), at=at + timedelta(minutes=n + 1)
        )
    make_in_force(make_text("T-1", code="targets", rules=TARGET), at=AT - timedelta(days=2))
    observe_all()
    return cast


def page(person, path="/dashboards/", **headers):
    client = Client()
    sign_in_client(client, person)
    return client.get(path, headers=headers)


def rows(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_figures_stand_with_population_target_and_the_way_to_their_page(town):
    text = page(town.supervisor).text
    assert "服务质量看板" in text
    assert 'data-live-url="/live"' in text, "the page still hears its news"
    assert "首响时长中位数" in text and "目标 3 分钟" in text
    assert "14 · 期内得到首次答复的工单" in text
    assert "/data/metrics/first_response_median/?from=2026-09-11&amp;to=2026-10-10" in text
    assert "10月10日" in text and "8月12日" in text


def lists_led_to(answer):
    return {
        html.unescape(found)
        for found in re.findall(r'href="(/data/metrics/\w+/subjects/[^"]*)"', answer.text)
    }


def test_a_number_leads_to_its_list_only_for_who_may_open_it(town):
    led = {
        who: lists_led_to(page(getattr(town, who), "/dashboards/?all=1"))
        for who in ("supervisor", "manager", "admin")
    }
    for who, links in led.items():
        assert links, who
        for link in links:
            assert page(getattr(town, who), link).status_code == 200
    of_people = {who: [link for link in links if "/online_people/" in link] for who, links in led.items()}
    assert (of_people["supervisor"], of_people["manager"], len(of_people["admin"])) == ([], [], 1)
    assert "在线人数" in page(town.manager).text, "the number itself is his to read"


def test_what_is_no_list_for_the_reader_would_show_him_none_but_himself(town):
    window = Window.last(2, NOW, queries.zone())
    refused = set()
    for person in (town.agent, town.supervisor, town.manager, town.admin):
        actor = town.actor(person)
        for metric in (m for m in registry.catalogue() if not m.waits_for):
            if queries.may_list(actor, metric.code):
                continue
            refused.add((person.login, metric.code))
            try:
                rows, _more = queries.subjects(metric.code, window, actor=actor, at=NOW)
            except NotAllowed:
                continue
            assert {row.subject for row in rows} <= {("person", person.pk)}
    assert (town.manager.login, "sign_ins") in refused and (town.agent.login, "cases_opened") in refused
    assert not any(login == town.admin.login for login, _code in refused)


def test_today_is_compared_with_yesterday_up_to_this_time(town):
    live = page(town.supervisor, "/dashboards/live/", HX_Request="true").text
    assert "今日工单量" in live and "▲ 500%" in live
    assert "hx-trigger" in live


def test_it_is_narrowed_by_team_channel_and_topic(town):
    by_phone = page(town.supervisor, "/dashboards/?channel=phone").text
    assert "5 · 期内得到首次答复的工单" in by_phone
    assert "在线" in by_phone and "不分渠道" in by_phone
    by_topic = page(town.supervisor, "/dashboards/?topic=feed").text
    assert "7 · 期内得到首次答复的工单" in by_topic
    second = page(town.supervisor, "/dashboards/?team=second").text
    assert "1 · 期内得到首次答复的工单" in second


def test_a_period_may_be_chosen_and_stepped_back(town):
    week = page(town.supervisor, "/dashboards/?period=week").text
    assert "10月5日 – 10月10日，与 9月28日 – 10月3日 比" in week
    assert "?period=week&amp;back=1" in week
    last = page(town.supervisor, "/dashboards/?period=week&back=1").text
    assert "2026年第 40 周" in last
    own = page(town.supervisor, "/dashboards/?from=2026-10-09&to=2026-10-09").text
    assert "2 · 期内得到首次答复的工单" in own


@pytest.mark.parametrize(
    "asked",
    [
        "?period=year",
        "?team=nobody",
        "?from=x",
        "?from=2026-10-10&to=2026-10-01",
        "?period=week&back=-1",
        "?period=week&back=x",
    ],
)
def test_what_cannot_be_read_is_said_and_the_plain_board_shown(town, asked):
    answer = page(town.supervisor, f"/dashboards/{asked}")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert "14 · 期内得到首次答复的工单" in answer.text


def test_what_stands_below_comes_after_and_holds_people_for_those_who_may(town):
    assert 'id="part-people"' not in page(town.supervisor).text
    below = page(town.supervisor, "/dashboards/rest/", HX_Request="true").text
    for part in ("part-kept", "part-clauses", "part-quality", "part-complaints"):
        assert f'id="{part}"' in below
    assert "4 件 · 按主题与严重程度" in below
    assert "林小满" not in below, "nobody has resolved a case: there are no ranks"


def test_people_are_ranked_by_what_they_resolved(town):
    for n in range(2):
        case = make_case(f"结 {n}", owner=town.agent, team=town.team, at=AT)
        cases.case_resolve(
            case_id=case.pk, text="已换货", actor=town.actor(town.agent), at=AT + timedelta(hours=1)
        )
    observe_all()
    below = page(town.supervisor, "/dashboards/rest/").text
    assert "林小满" in below
    viewer = make_person("viewer", name="看客", roles=("viewer",), mail="viewer@example.cn")
    seen = page(viewer, "/dashboards/rest/").text
    assert "林小满" not in seen and 'id="part-people"' not in seen
    assert page(viewer, "/dashboards/export/people/").status_code == 404


def test_everything_may_come_in_one_page(town):
    text = page(town.supervisor, "/dashboards/?all=1").text
    assert 'id="part-people"' in text and "intersect once" not in text


def test_each_part_is_exported_with_plain_numbers(town):
    found = rows(page(town.supervisor, "/dashboards/export/topics/"))
    assert found[0] == ["topic", "cases", "cases_before"]
    assert sorted(found[1:]) == [["", "7", "0.0"], ["feed", "7", "0.0"]]
    response = rows(page(town.supervisor, "/dashboards/export/response/?period=week"))
    assert response[0] == ["bucket", "median", "p90", "n"]
    assert response[1][0] == "2026-10-10" and float(response[1][1]) == 240.0
    complaints = rows(page(town.supervisor, "/dashboards/export/complaints/"))
    assert complaints[0][0] == "topic" and complaints[0][-1] == "total"
    assert page(town.supervisor, "/dashboards/export/nothing/").status_code == 404


def test_an_empty_department_is_told_so_without_charts(cast):
    observe_all()
    text = page(cast.supervisor, "/dashboards/?all=1").text
    assert "这段时间没有工单" in text and "这段时间没有违诺" in text
    assert "data-chart" not in text
    assert "未计" in text


def test_it_is_closed_to_who_may_not_see_figures(town):
    for path in (
        "/dashboards/",
        "/dashboards/rest/",
        "/dashboards/live/",
        "/dashboards/export/topics/",
    ):
        assert page(town.outsider, path).status_code == 403
        assert page(town.nobody, path).status_code == 403
        assert Client().get(path).status_code == 302


def test_figures_begin_with_the_dashboard_for_who_may_see_it(town):
    assert page(town.supervisor, "/data/").headers["Location"] == "/dashboards/"
    assert page(town.outsider, "/data/").status_code == 403
    assert "看板" in page(town.supervisor, "/data/metrics/").text


def test_the_number_of_statements_does_not_grow(town):
    def cost(path):
        client = Client()
        sign_in_client(client, town.supervisor)
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(path)
        return len(caught)

    before = cost("/dashboards/?all=1")
    for n in range(20):
        case = make_case(f"更多 {n}", owner=town.agent, team=town.team, at=AT)
        cases.reply_send(
            case_id=case.pk, text="好", actor=town.actor(town.agent), at=AT + timedelta(minutes=5)
        )
    observe_all()
    assert cost("/dashboards/?all=1") == before
