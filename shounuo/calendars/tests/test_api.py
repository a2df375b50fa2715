"""The calendars over the API: a length of time is explained, a bad question is answered exactly."""

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from shounuo.calendars.api import router
from shounuo.calendars.testing import make_calendar, make_defaults
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, Problem

pytestmark = pytest.mark.django_db

ACTORS = {"staff": Actor.person(5), "customer": Actor.customer(6)}


def who(request):
    """Stands in for the API root's authentication: the header names the actor."""
    return ACTORS.get(request.headers.get("X-Who", ""), "nobody")


@pytest.fixture(scope="module")
def client():
    api = NinjaAPI(urls_namespace="calendars-test", auth=who)
    api.add_router("", router)
    return TestClient(api)


def get(client, path, actor="staff", **query):
    return client.get(path, query_params=query, headers={"X-Who": actor})


def test_the_calendars_are_listed_page_by_page(client):
    make_defaults()
    make_calendar()
    first = get(client, "/calendars", limit=2).json()
    assert [item["code"] for item in first["items"]] == ["always", "business"]
    assert first["items"][1]["weekly"]["mon"] == [["08:30", "12:00"], ["13:30", "17:30"]]
    rest = get(client, "/calendars", limit=2, cursor=first["next_cursor"]).json()
    assert [item["code"] for item in rest["items"]] == ["office"]
    assert rest["next_cursor"] is None


def test_a_length_of_time_is_added_and_explained(client):
    make_defaults()
    answer = get(client, "/calendars/business/add", start="2026-10-09T17:00:00+08:00", within="PT1H")
    assert answer.status_code == 200
    body = answer.json()
    assert body["due_at"] == "2026-10-10T09:00:00+08:00"
    assert (body["within"], body["within_words"], body["counted"]) == ("PT1H", "1 小时", 3600)
    assert body["provisional"] is False
    assert body["ledger"] == [
        line(
            "2026-10-09T17:00:00+08:00",
            "2026-10-09T17:30:00+08:00",
            1800,
            "2026-10-09",
            "working",
            "工作时间",
        ),
        line(
            "2026-10-09T17:30:00+08:00", "2026-10-10T08:30:00+08:00", 0, "2026-10-09", "closed", "非工作时间"
        ),
        line(
            "2026-10-10T08:30:00+08:00",
            "2026-10-10T09:00:00+08:00",
            1800,
            "2026-10-10",
            "workday",
            "调休上班（国庆节）",
            "国庆节",
        ),
    ]


def line(start, end, counted, day, reason, words, name=""):
    return {
        "from": start,
        "to": end,
        "counted": counted,
        "day": day,
        "reason": reason,
        "words": words,
        "name": name,
        "provisional": False,
        "business_day": None,
    }


def test_business_days_are_numbered_and_unpublished_years_marked(client):
    make_defaults()
    body = get(client, "/calendars/business/add", start="2027-03-05T10:00:00+08:00", within="P2BD").json()
    assert body["due_at"] == "2027-03-09T10:00:00+08:00"
    assert [row["business_day"] for row in body["ledger"]] == [0, None, 1, 2]
    assert body["provisional"] is True
    assert "尚未公布" in body["ledger"][0]["words"]


def test_a_moment_may_come_in_any_offset_and_with_its_plus_sign_lost(client):
    make_defaults()
    for start in ("2026-10-09T09:00:00Z", "2026-10-09T17:00:00 08:00", "2026-10-09T17:00+08:00"):
        body = get(client, "/calendars/business/add", start=start, within="PT1H").json()
        assert body["due_at"] == "2026-10-10T09:00:00+08:00"


@pytest.mark.parametrize(
    ("start", "within", "field", "message"),
    [
        ("tomorrow", "PT1H", "start", "时间“tomorrow”无法识别，例如 2026-10-09T15:00:00+08:00"),
        (
            "2026-10-09T15:00:00",
            "PT1H",
            "start",
            "时间“2026-10-09T15:00:00”缺少时区，例如 2026-10-09T15:00:00+08:00",
        ),
        ("2026-10-09T15:00:00Z", "1h", None, "时长“1h”无法识别：须以大写字母 P 开头，例如 PT30M、P3BD"),
        ("2026-10-09T15:00:00Z", "P6Y", "within", "结果超出 5 年，请缩短时长"),
        *(
            (start, "PT1H", "start", f"时间“{start}”不在 1970 年到 2199 年之间")
            for start in ("1700-10-09T15:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-14:00")
        ),
    ],
)
def test_a_bad_question_is_answered_exactly(client, start, within, field, message):
    make_defaults()
    with pytest.raises(Problem) as refused:
        get(client, "/calendars/business/add", start=start, within=within)
    assert (refused.value.field, str(refused.value)) == (field, message)


def test_a_year_is_told_day_by_day(client):
    make_defaults()
    body = get(client, "/calendars/business/year/2026").json()
    assert (body["code"], body["year"], body["working_days"], body["provisional"]) == (
        "business",
        2026,
        248,
        False,
    )
    assert body["days"][0] == {
        "date": "2026-01-01",
        "kind": "holiday",
        "name": "元旦",
        "source": "statutory",
        "intervals": [],
        "provisional": False,
    }
    assert body["days"][4]["intervals"] == [["08:30", "12:00"], ["13:30", "17:30"]]
    with pytest.raises(Invalid, match="年份须在 2000 到 2100 之间"):
        get(client, "/calendars/business/year/1999")


def test_a_calendar_that_is_not_there_says_so(client):
    for path in ("/calendars/none/add?start=2026-10-09T15:00:00Z&within=PT1H", "/calendars/none/year/2026"):
        with pytest.raises(NotFound, match="没有日历“none”"):
            get(client, path)


def test_customers_see_no_calendar_and_nobody_gets_an_answer(client):
    make_defaults()
    assert get(client, "/calendars", "customer").json()["items"] == []
    with pytest.raises(NotFound):
        get(client, "/calendars/business/year/2026", "customer")
    for path in ("/calendars", "/calendars/business/year/2026", "/calendars/business/add?start=x&within=y"):
        with pytest.raises(NotAllowed):
            get(client, path, "")
