"""Calendars: the year as it stands, days of one's own, imports, trials, and the clocks that stand by older hours."""

from datetime import date, datetime, timedelta

import pytest

from shounuo.calendars import services
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.testing import make_defaults
from shounuo.cases.testing import make_case
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.durations import BadDuration, Span
from shounuo.kernel.worktime import BadHours
from shounuo.policy.testing import make_shipped
from shounuo.staff.testing import AT, make_cast, set_up_organisation, sign_in_client
from shounuo.web.console.hours import hours_read, hours_text
from shounuo.web.console.trial import span_read

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
HOME = "/settings/calendars/business/"


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    make_defaults()
    sign_in_client(client, cast.admin)
    return cast


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("08:30-12:00", [["08:30", "12:00"]]),
        ("08:30-12:00 13:30-17:30", [["08:30", "12:00"], ["13:30", "17:30"]]),
        ("13：30～17：30，8：30—12：00", [["08:30", "12:00"], ["13:30", "17:30"]]),
        ("9:00 至 18:00", [["09:00", "18:00"]]),
        ("22:00-06:00", [["22:00", "06:00"]]),
        ("00:00-24:00", [["00:00", "24:00"]]),
    ],
)
def test_hours_are_read_as_people_type_them(text, pairs):
    assert hours_read(text) == pairs
    assert hours_read(hours_text(pairs)) == pairs


@pytest.mark.parametrize(
    "text", ["整天", "8-12", "08:30", "25:00-26:00", "08:30-12:00 随便", "08:00-12:00 11:00-13:00"]
)
def test_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(BadHours):
        hours_read(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3 个工作日", Span(business_days=3)),
        ("3工作日", Span(business_days=3)),
        ("2小时30分钟", Span(seconds=9000)),
        ("2 个工作小时", Span(business_seconds=7200)),
        ("7 天", Span(days=7)),
        ("2 周", Span(days=14)),
        ("1 个月", Span(months=1)),
        ("3 business days", Span(business_days=3)),
        ("4 hours, 15 min", Span(seconds=15300)),
        ("P3BD", Span(business_days=3)),
        ("pt30m", Span(seconds=1800)),
    ],
)
def test_lengths_are_read_as_people_type_them(text, span):
    assert span_read(text) == span


@pytest.mark.parametrize("text", ["", "三天", "3", "P", "很快", "3 天半", "0 天", "99999999 天", "999 年"])
def test_lengths_that_cannot_be_read_are_refused(text):
    with pytest.raises(BadDuration):
        span_read(text)


def test_the_list_shows_both_calendars_and_what_they_do_not_know(client, cast):
    page = client.get("/settings/calendars/").text
    assert "工作时间（默认）" in page and "周一至五 08:30–12:00 13:30–17:30" in page
    assert "全天候" in page


def test_the_year_shows_holidays_makeup_days_and_own_days(client, cast):
    services.day_set(
        code="business", date=date(2026, 3, 16), kind="holiday", name="盘点", actor=SYSTEM, at=AT
    )
    page = client.get(f"{HOME}2026/?day=2026-10-10").text
    assert "国庆节 1–7 休，10 班" in page and "春节 15–23 休，14、28 班" in page
    assert "国务院办公厅安排，33 天假日、6 天调休" in page
    assert page.count('class="is-holiday"') == 33 and page.count("is-makeup") >= 6
    assert "调休上班" in page and "2026年10月10日 周六" in page and "共 7 小时 30 分" in page
    assert 'class="is-exception"' in page and "3月16日" in page and "盘点，休" in page
    assert "没有公布" not in page


def test_a_year_that_is_not_published_says_so(client, cast):
    page = client.get(f"{HOME}2031/").text
    assert "2031 年的放假安排还没有公布" in page and "is-guess" in page


def test_a_calendar_of_day_and_night_has_no_exceptions(client, cast):
    page = client.get("/settings/calendars/always/2026/").text
    assert "全天候，没有节假日" in page and "加例外" not in page
    refused = client.post("/settings/calendars/always/day/", {"date": "2026-10-12", "kind": "holiday"})
    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["1899/", "2101/", "2026/?day=2026-13-01", "2026/?day=x"])
def test_years_out_of_reach_and_broken_days_break_nothing(client, cast, path):
    assert client.get(HOME + path).status_code in (200, 422)


def test_a_day_is_set_changed_and_cleared(client, cast):
    url = HOME + "day/"
    answer = client.post(
        url, {"date": "2026-10-12", "kind": "custom", "intervals": "9:00-12:00", "name": "盘点"}
    )
    assert answer.headers["Location"] == HOME + "2026/?day=2026-10-12"
    day = CalendarDay.objects.get()
    assert (day.kind, day.intervals, day.name) == ("custom", [["09:00", "12:00"]], "盘点")
    dialog = client.get(url + "?date=2026-10-12", headers={"HX-Request": "true"}).text
    assert 'value="09:00-12:00"' in dialog and "取消这个例外" in dialog
    client.post(url, {"date": "2026-10-12", "kind": "workday", "like": "mon"})
    assert CalendarDay.objects.get().like == "mon"
    client.post(url, {"date": "2026-10-12", "kind": "holiday", "intervals": "9:00-12:00"})
    assert CalendarDay.objects.get().intervals is None
    client.post(url + "clear/?date=2026-10-12")
    assert not CalendarDay.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"date": "", "kind": "holiday"}, "date"),
        ({"date": "2026-10-12", "kind": "custom"}, "intervals"),
        ({"date": "2026-10-12", "kind": "custom", "intervals": "上午"}, "intervals"),
        ({"date": "2026-10-12", "kind": "workday", "like": "sun"}, "like"),
    ],
)
def test_a_refused_day_comes_back_in_its_dialog(client, cast, typed, field):
    refused = client.post(HOME + "day/", {**typed, "name": "盘点"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert f'id="id_{field}_error"' in refused.text and "盘点" in refused.text and "<dialog" in refused.text
    assert not CalendarDay.objects.exists()


def test_a_year_is_imported_from_text_and_file_and_taken_back(client, cast, tmp_path):
    answer = client.post(
        HOME + "import/", {"year": "2031", "days": "2031-01-01,放假,元旦\n2031-01-04,上班,元旦"}
    )
    assert answer.headers["Location"] == HOME + "2031/"
    page = client.get(HOME + "2031/").text
    assert "元旦 1 休，4 班" in page and "导入的安排，1 天假日、1 天调休" in page
    file = tmp_path / "2031.csv"
    file.write_bytes("2031-05-01,放假,劳动节\n".encode("gb18030"))
    with file.open("rb") as content:
        client.post(HOME + "import/", {"year": "2031", "file": content})
    assert list(CalendarDay.objects.values_list("name", flat=True)) == ["劳动节"]
    assert "撤掉 2031 年的导入" in client.get(HOME + "import/?year=2031").text
    client.post(HOME + "forget/?year=2031")
    assert not CalendarDay.objects.exists()
    assert client.post(HOME + "forget/?year=2031").status_code == 404


@pytest.mark.parametrize("days", ["", "2031-01-01,也许", "2032-01-01,放假", '{"days": 1}', "{"])
def test_a_refused_import_says_where_and_keeps_the_text(client, cast, days):
    refused = client.post(HOME + "import/", {"year": "2031", "days": days})
    assert refused.status_code == 422
    assert "_error" in refused.text
    assert not Calendar.objects.get(code="business").imported_years


def test_a_refused_file_comes_back_as_text(client, cast, tmp_path):
    file = tmp_path / "2031.csv"
    file.write_text("2031-01-01,也许,元旦", encoding="utf-8")
    with file.open("rb") as content:
        refused = client.post(HOME + "import/", {"year": "2031", "file": content})
    assert refused.status_code == 422 and "2031-01-01,也许,元旦" in refused.text


def test_a_trial_tells_the_way_day_by_day(client, cast):
    asked = {"start": "2026-09-30T15:20", "within": "3 个工作日"}
    answer = client.get(HOME + "trial/", asked).text
    assert "到期 10月10日 周六 15:20" in answer
    assert "10月1–7日" in answer and "放假（国庆节）" in answer and "不计" in answer
    assert "看不懂时限" in client.get(HOME + "trial/", {**asked, "within": "很快"}).text
    assert "请写开始" in client.get(HOME + "trial/", {**asked, "start": "now"}).text
    for away in ("0001-01-01T00:00", "9999-12-31T23:59"):
        assert "请写开始" in client.get(HOME + "trial/", {**asked, "start": away}).text
    assert "5 年" in client.get(HOME + "trial/", {**asked, "within": "9999 天"}).text
    long = client.get(HOME + "trial/", {**asked, "within": "200 个工作日"}).text
    assert "行略" in long
    english = client.get(HOME + "trial/", asked, headers={"Accept-Language": "en"}).text
    assert "1–7 Oct" in english


def test_a_calendar_is_added_and_changed_in_one_go(client, cast):
    typed = {
        "name": "仓库",
        "code": "depot",
        "zone": "Asia/Shanghai",
        "mon": "7:00-19:00",
        "sat": "7:00-12:00",
    }
    assert client.post("/settings/calendars/new/", typed).headers["Location"] == "/settings/calendars/depot/"
    depot = Calendar.objects.get(code="depot")
    assert depot.weekly["sat"] == [["07:00", "12:00"]] and not depot.statutory
    edit = {**typed, "name": "北仓", "mon": "8:00-18:00", "statutory": "on"}
    client.post("/settings/calendars/depot/edit/", edit)
    depot.refresh_from_db()
    assert (depot.name, depot.weekly["mon"], depot.statutory) == ("北仓", [["08:00", "18:00"]], True)
    refused = client.post("/settings/calendars/depot/edit/", {**edit, "name": "南仓", "tue": "早上"})
    assert refused.status_code == 422 and 'id="id_tue_error"' in refused.text and "早上" in refused.text
    depot.refresh_from_db()
    assert depot.name == "北仓", "nothing half"
    taken = client.post("/settings/calendars/new/", typed)
    assert taken.status_code == 422 and 'id="id_code_error"' in taken.text
    always = {"name": "昼夜", "zone": "Asia/Urumqi"}
    client.post("/settings/calendars/always/edit/", always)
    assert Calendar.objects.get(code="always").name == "昼夜"


def test_clocks_by_older_hours_are_shown_and_moved_with_a_reason(client, cast):
    make_shipped("livestock", at=now() - timedelta(days=1))
    assert "affected/" not in client.get(HOME + "2026/").text
    make_case(at=now())
    clock = Clock.objects.filter(calendar="business").first()
    assert clock is not None
    was = clock.due_at
    assert client.get(HOME + "affected/").text.strip() == ""
    closed = {d: [] for d in ("mon", "tue", "wed", "thu", "fri", "sun")}
    weekly = {**closed, "sat": [["03:00", "03:30"]]}
    services.calendar_change_hours(code="business", weekly=weekly, actor=SYSTEM, at=now())
    assert "affected/" in client.get(HOME).text
    assert "项在计的时限还按改动前的日历计" in client.get(HOME + "affected/").text
    dialog = client.get(HOME + "rebase/", headers={"HX-Request": "true"}).text
    assert clock.clause_code in dialog
    refused = client.post(HOME + "rebase/", {"reason": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422 and clock.clause_code in refused.text
    clock.refresh_from_db()
    assert clock.due_at == was
    client.post(HOME + "rebase/", {"reason": "改了服务时间"})
    clock.refresh_from_db()
    assert clock.due_at > was
    assert client.get(HOME + "affected/").text.strip() == ""


def test_the_year_page_asks_little(client, cast, django_assert_max_num_queries):
    services.day_set(code="business", date=date(2026, 3, 16), kind="holiday", actor=SYSTEM, at=AT)
    client.get(HOME + "2026/")
    with django_assert_max_num_queries(14):
        client.get(HOME + "2026/")


def test_the_mock_of_the_year_is_reached_with_real_days(client, cast):
    page = client.get(f"{HOME}2026/").text
    for part in (
        'class="sn-months"',
        "sn-yr-h",
        "每周",
        "自设例外",
        "试算",
        'href="/settings/calendars/business/import/?year=2026"',
    ):
        assert part in page
    assert datetime.fromisoformat(page.split('name="start"')[1].split('value="')[1].split('"')[0])
