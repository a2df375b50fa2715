"""The pages of figures: library, one metric, what stands behind it, CSV, and the API."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases import services as cases
from shounuo.cases.testing import make_case, make_topic
from shounuo.kernel import clock
from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.metrics.testing import observe_all
from shounuo.staff.services import token_create
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web.figures import showing

NOW = AT + timedelta(hours=6)


@pytest.fixture
def town(db, monkeypatch):
    """Twelve cases of this morning, answered after one to twelve minutes; the last one belongs to the other team."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for module in ("shounuo.web.figures.views", "shounuo.metrics.api", "shounuo.web.templatetags.sn.times"):
        monkeypatch.setattr(
            f"{module}.now" if "times" not in module else f"{module}.kernel_clock.now", lambda: NOW
        )
    set_up_organisation()
    cast = make_cast()
    feed = make_topic("feed", "饲料")
    caking = make_topic("caking", "结块", parent=feed)
    for n in range(12):
        other = n == 11
        owner, team = (cast.outsider, cast.other_team) if other else (cast.agent, cast.team)
        case = make_case(
            f"料 {n}", owner=owner, team=team, topic_id=caking.pk if n % 2 else None, at=AT, channel="mail" if n % 3 else "form"
        )  # fmt: skip
        cases.reply_send(
            case_id=case.pk, text="好", actor=cast.actor(owner), at=AT + timedelta(minutes=n + 1)
        )
    observe_all()
    return cast


def page(person, path):
    client = Client()
    sign_in_client(client, person)
    return client.get(path)


@pytest.mark.parametrize(
    ("code", "now", "before", "text"),
    [
        ("cases_opened", 34, 1, "+33 倍"),
        ("cases_opened", 2500, 1, "+2,499 倍"),
        ("cases_opened", 9, 1, "+800%"),
        ("cases_opened", 3, 4, "-25%"),
        ("cases_opened", 1003, 1000, None),
        ("cases_opened", 3, 0, None),
        ("cases_opened", 3, None, None),
        ("reopen_rate", 0.125, 0.1, "+2.5 点"),
        ("reopen_rate", 0.1004, 0.1, None),
    ],
)
def test_a_change_is_said_in_words_of_its_size(code, now, before, text):
    found = showing.delta(registry.get(code), now, before)
    assert (found and found["text"]) == text


def test_the_library_lists_every_metric_and_says_which_wait(town):
    text = page(town.supervisor, "/data/metrics/").text
    for name in (
        "首次响应时长",
        "平均响应时长",
        "一次解决率",
        "当日一次解决率",
        "守诺率",
        "积压量",
        "参评率",
        "转人工率",
    ):
        assert name in text
    assert "等待回访与评价" in text
    assert "近 30 天" in text


def test_it_is_searched_by_name_code_and_pinyin(town):
    for asked in ("首响", "first_response", "sxsczws"):
        text = page(town.supervisor, f"/data/metrics/?q={asked}").text
        assert "首响时长中位数" in text, asked
        assert "守诺率" not in text, asked
    assert "没有这样的指标" in page(town.supervisor, "/data/metrics/?q=xyzzy").text


def test_the_numbers_of_a_group_come_after_the_page(town):
    text = page(town.supervisor, "/data/metrics/values/speed/").text
    assert "6 分 30 秒" in text
    assert "12 · 期内得到首次答复的工单" in text
    assert page(town.supervisor, "/data/metrics/values/nothing/").status_code == 404


def test_a_metric_shows_what_it_is_its_number_and_its_population(town):
    text = page(town.supervisor, "/data/metrics/first_response_time/").text
    assert "从建单到首次人工答复的自然时长" in text
    assert "6 分 30 秒" in text
    assert "12 · 期内得到首次答复的工单" in text
    assert "期内得到首次答复的工单的数值合计 ÷" in text
    course = json.loads(
        text.partition('id="metric-course" type="application/json">')[2].partition("</script>")[0]
    )
    assert (len(course["labels"]), course["unit"], course["values"][-1], course["counts"][-1]) == (
        30,
        "分钟",
        6.5,
        12,
    )


def test_it_is_cut_and_narrowed(town):
    by_channel = page(town.supervisor, "/data/metrics/first_response_time/?by=channel").text
    assert "邮件" in by_channel and "网页" in by_channel
    narrow = page(town.supervisor, "/data/metrics/first_response_time/?channel=form").text
    assert "4 · 期内得到首次答复的工单" in narrow
    assert "少于 10 个不作判断" in narrow
    branch = page(town.supervisor, "/data/metrics/cases_opened/?topic=feed").text
    assert "6 · 新建的工单" in branch


def test_the_limit_may_be_another(town):
    text = page(town.supervisor, "/data/metrics/first_response_within/?limit=180").text
    assert "3 / 12 · 期内得到首次答复的工单" in text
    assert "不超过 3 分钟" in text


def test_fewer_than_ten_are_no_chart(town):
    answer = page(town.supervisor, "/data/metrics/first_response_time/?channel=form")
    assert "data-chart" not in answer.text
    assert "不画图" in answer.text
    assert "style-src-attr" not in answer["Content-Security-Policy"]
    assert (
        "style-src-attr"
        in page(town.supervisor, "/data/metrics/first_response_time/")["Content-Security-Policy"]
    )


def test_a_metric_that_waits_has_no_number(town):
    text = page(town.supervisor, "/data/metrics/csat/").text
    assert "等待回访与评价" in text
    assert "sn-kpi" not in text
    assert page(town.supervisor, "/data/metrics/csat/export/").status_code == 404
    assert page(town.supervisor, "/data/metrics/csat/subjects/").status_code == 404


def test_what_stands_behind_a_number_is_what_the_reader_may_see(town):
    every = page(town.manager, "/data/metrics/first_response_time/subjects/").text
    assert "料 11" in every and "料 3" in every
    own = page(town.supervisor, "/data/metrics/first_response_time/subjects/").text
    assert "料 11" not in own and "料 3" in own
    assert "料 11" not in page(town.supervisor, "/data/metrics/first_response_time/").text


def test_hits_and_misses_are_told_apart(town):
    path = "/data/metrics/first_response_within/subjects/?limit=180"
    hits = page(town.manager, f"{path}&which=hit").text
    assert "料 2" in hits and "料 5" not in hits
    missed = page(town.manager, f"{path}&which=missed").text
    assert "料 5" in missed and "料 2<" not in missed


def test_the_csv_holds_the_course_and_the_cut(town):
    answer = page(town.supervisor, "/data/metrics/first_response_time/export/?by=channel&bucket=day")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0] == ["bucket", "channel", "channel_name", "value", "n", "part"]
    assert ["2026-10-10", "form", "网页", "330.0", "4", "1320.0"] in lines
    assert answer["Content-Type"].startswith("text/csv")


def test_what_cannot_be_read_is_said_and_the_page_is_there(town):
    for asked in (
        "from=yesterday",
        "bucket=hour",
        "limit=-3",
        "channel=smoke",
        "by=weather",
        "team=99x",
        "from=2026-10-10&to=2026-10-01",
    ):
        answer = page(town.supervisor, f"/data/metrics/first_response_time/?{asked}")
        assert answer.status_code == 200, asked
        assert 'role="alert"' in answer.text, asked


def test_who_may_not_gets_nowhere(town):
    reader = make_person("reader", roles=("viewer",))
    for path in (
        "/data/metrics/",
        "/data/metrics/first_response_time/",
        "/data/metrics/first_response_time/subjects/",
        "/data/metrics/first_response_time/export/",
        "/data/metrics/values/speed/",
    ):
        assert page(town.agent, path).status_code == 403, path
        assert Client().get(path).status_code == 302, path
        assert page(reader, path).status_code == 200, path
    assert page(reader, "/data/metrics/first_response_time/?by=person").text.count("林小满") == 0
    assert page(reader, "/data/metrics/first_response_time/export/?by=person").status_code == 403
    assert "林小满" in page(town.supervisor, "/data/metrics/response_time_avg/?by=person").text
    assert page(town.supervisor, "/data/metrics/nothing/").status_code == 404


def test_the_page_costs_the_same_with_more_cases(town):
    path = "/data/metrics/first_response_time/"

    def queries():
        with CaptureQueriesContext(connection) as taken:
            page(town.manager, path)
        return len(taken)

    queries()  # what is read once a process
    before = queries()
    for n in range(9):
        case = make_case(
            f"又 {n}", owner=town.agent, team=town.other_team if n % 2 else town.team, channel="chat", at=AT
        )
        cases.reply_send(
            case_id=case.pk, text="好", actor=town.actor(town.agent), at=AT + timedelta(minutes=2)
        )
    observe_all()
    assert queries() == before < 28


# ---- API


def ask(person, path):
    _token, clear = token_create(
        person_id=person.pk, name="t", scopes=(), expires_at=None, actor=Actor.system(), at=AT
    )
    return Client().get(f"/api/v1/metrics{path}", headers={"Authorization": f"Bearer {clear}"})


def test_the_api_gives_catalogue_figures_and_what_stands_behind(town):
    page = ask(town.supervisor, "?limit=60").json()
    rest = ask(town.supervisor, f"?limit=200&cursor={page['next_cursor']}").json()
    assert len(page["items"]) == 60 and rest["next_cursor"] is None
    items = {m["code"]: m for m in page["items"] + rest["items"]}
    assert len(items) >= 80
    assert sum(m["waiting_for"] is None for m in items.values()) >= 60
    assert items["csat"]["waiting_for"] == "feedback"
    assert items["fcr"]["final_after_days"] == 7
    assert {"team", "person", "channel", "topic", "level", "segment"} <= set(
        items["first_response_time"]["dimensions"]
    )
    path = "/first_response_time?from=2026-10-10&to=2026-10-10&by=channel&bucket=day"
    found = ask(town.supervisor, path).json()
    assert (found["total"]["value"], found["total"]["n"], found["unit"]) == (390, 12, "seconds")
    assert found["from"].startswith("2026-10-10T00:00:00+08:00")
    cells = {c["by"]["channel"]: (c["bucket"], c["value"], c["n"]) for c in found["cells"]}
    assert cells["form"] == ("2026-10-10", 330, 4)
    behind = ask(town.supervisor, "/first_response_time/subjects?size=5&from=2026-10-01&to=2026-10-10").json()
    assert len(behind["items"]) == 5 and behind["next_cursor"]
    rest = ask(
        town.supervisor,
        f"/first_response_time/subjects?size=50&from=2026-10-01&to=2026-10-10&cursor={behind['next_cursor']}",
    ).json()
    assert len(rest["items"]) == 6 and rest["next_cursor"] is None
    assert {i["label"].split()[-1] for i in behind["items"] + rest["items"]} == {str(n) for n in range(11)}
    assert behind["items"][0]["url"].startswith("/cases/")


def test_the_api_says_what_is_wrong(town):
    for path, field in (
        ("/first_response_time?bucket=hour", "bucket"),
        ("/first_response_time?from=x", "from"),
        ("/first_response_time?wether=1", "wether"),
        ("/first_response_time?channel=smoke", "channel"),
        ("/first_response_time/subjects?which=some", "which"),
    ):
        answer = ask(town.supervisor, path)
        assert answer.status_code == 422, path
        assert answer.json()["field"] == field, (path, answer.json())
    assert ask(town.supervisor, "/nothing").status_code == 404
    assert ask(town.agent, "").status_code == 403
    assert ask(town.agent, "/first_response_time").status_code == 403
    assert Client().get("/api/v1/metrics").status_code == 401
