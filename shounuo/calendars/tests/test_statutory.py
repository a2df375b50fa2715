"""The State Council's calendar, year by year, and what an import file may look like."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shounuo.calendars import rules, statutory
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.rules import BadYear, YearDay
from shounuo.kernel import worktime
from shounuo.kernel.durations import parse
from shounuo.kernel.worktime import LedgerLine

ZONE = ZoneInfo("Asia/Shanghai")


def business(**fields):
    calendar = Calendar(
        code="business",
        kind="business",
        zone="Asia/Shanghai",
        weekly=rules.DEFAULT_WEEKLY,
        statutory=True,
        imported_years=fields.pop("imported_years", []),
        **fields,
    )
    return rules.spec_of(calendar, [])


def days(first, last):
    first, last = date.fromisoformat(first), date.fromisoformat(last)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# (year, days off from, to, name, make-up days)
PUBLISHED = [
    ("2020-01-24", "2020-02-02", "春节", ["2020-01-19"]),
    ("2020-10-01", "2020-10-08", None, ["2020-09-27", "2020-10-10"]),
    ("2021-02-11", "2021-02-17", "春节", ["2021-02-07", "2021-02-20"]),
    ("2022-01-31", "2022-02-06", "春节", ["2022-01-29", "2022-01-30"]),
    ("2023-01-21", "2023-01-27", "春节", ["2023-01-28", "2023-01-29"]),
    ("2023-04-29", "2023-05-03", "劳动节", ["2023-04-23", "2023-05-06"]),
    ("2023-09-29", "2023-10-06", None, ["2023-10-07", "2023-10-08"]),
    ("2024-02-10", "2024-02-17", "春节", ["2024-02-04", "2024-02-18"]),
    ("2024-05-01", "2024-05-05", "劳动节", ["2024-04-28", "2024-05-11"]),
    ("2024-09-15", "2024-09-17", "中秋节", ["2024-09-14"]),
    ("2024-10-01", "2024-10-07", "国庆节", ["2024-09-29", "2024-10-12"]),
    ("2025-01-28", "2025-02-04", "春节", ["2025-01-26", "2025-02-08"]),
    ("2025-10-01", "2025-10-08", None, ["2025-09-28", "2025-10-11"]),
    ("2026-01-01", "2026-01-03", "元旦", ["2026-01-04"]),
    ("2026-02-15", "2026-02-23", "春节", ["2026-02-14", "2026-02-28"]),
    ("2026-04-04", "2026-04-06", "清明节", []),
    ("2026-05-01", "2026-05-05", "劳动节", ["2026-05-09"]),
    ("2026-06-19", "2026-06-21", "端午节", []),
    ("2026-09-25", "2026-09-27", "中秋节", []),
    ("2026-10-01", "2026-10-07", "国庆节", ["2026-09-20", "2026-10-10"]),
]


@pytest.mark.parametrize(("first", "last", "name", "make_up"), PUBLISHED)
def test_published_holidays_are_off_and_their_make_up_days_are_worked(first, last, name, make_up):
    spec = business()
    for day in days(first, last):
        assert spec.day(day).kind == "holiday" and not spec.hours_on(day), day
        assert name is None or spec.day(day).name == name
    for day in map(date.fromisoformat, make_up):
        found = spec.day(day)
        assert (found.kind, found.source, found.provisional) == ("workday", "statutory", False)
        assert found.hours == spec.hours_on(date(2026, 3, 2))  # as on a Monday
    before, after = date.fromisoformat(first), date.fromisoformat(last)
    assert spec.day(before - timedelta(days=1)).kind != "holiday"
    assert spec.day(after + timedelta(days=1)).kind != "holiday"


@pytest.mark.parametrize(
    ("year", "working"),
    [(2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_a_year_has_as_many_working_days_as_published(year, working):
    spec = business()
    assert sum(1 for day in days(f"{year}-01-01", f"{year}-12-31") if spec.hours_on(day)) == working


@pytest.mark.parametrize(
    ("start", "within", "due"),
    [
        ("2023-09-28 16:00", "P3BD", "2023-10-09 16:00"),  # 7 and 8 October were worked
        ("2024-02-09 10:00", "P1BD", "2024-02-18 10:00"),
        ("2025-01-27 17:00", "PT2BH", "2025-02-05 10:00"),
        ("2026-02-13 17:00", "PT1H", "2026-02-14 09:00"),
        ("2026-02-14 17:00", "PT1H", "2026-02-24 09:00"),
        ("2026-09-30 15:00", "P3BD", "2026-10-10 15:00"),
    ],
)
def test_limits_run_through_published_holidays(start, within, due):
    calendar = worktime.compile(business(), 2023, 2026)
    moment = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert calendar.add_span(moment, parse(within)) == datetime.fromisoformat(due).replace(tzinfo=ZONE)


def test_a_year_not_yet_known_counts_by_the_week_and_is_provisional():
    spec = business()
    unknown = statutory.known_through() + 1
    day = spec.day(date(unknown, 1, 1))
    assert day.provisional and day.kind in ("working", "rest")
    assert spec.day(date(unknown - 1, 12, 31)).provisional
    assert not spec.day(date(unknown - 1, 12, 27)).provisional
    ledger = worktime.explain_add(
        worktime.compile(spec, unknown, unknown), datetime(unknown, 3, 1, 9, 0, tzinfo=ZONE), parse("PT4H")
    )
    assert ledger.provisional
    assert "尚未公布" in rules.reason_words(ledger.lines[0])


def test_an_imported_year_is_known_and_replaces_what_was_published():
    own = business(imported_years=[2026, 2027])
    assert own.day(date(2026, 10, 1)).kind == "working"
    assert own.day(date(2025, 10, 1)).kind == "holiday"
    assert not own.day(date(2027, 6, 1)).provisional
    assert own.day(date(2027, 12, 31)).provisional


def test_an_own_day_stands_above_an_imported_one():
    calendar = Calendar(
        code="c",
        kind="business",
        zone="Asia/Shanghai",
        weekly=rules.DEFAULT_WEEKLY,
        statutory=True,
        imported_years=[2027],
    )
    own = CalendarDay(
        date=date(2027, 2, 8), kind="custom", intervals=[["09:00", "11:00"]], name="值班", source="own"
    )
    imported = CalendarDay(
        date=date(2027, 2, 8), kind="holiday", name="春节", source="import", import_year=2027
    )
    for order in ([own, imported], [imported, own]):
        day = rules.spec_of(calendar, order).day(date(2027, 2, 8))
        assert (day.kind, day.name, day.source, day.provisional) == ("custom", "值班", "own", False)


@pytest.mark.samples
def test_all_years_agree_with_an_independent_collection(samples):
    """Every day of 2020-2026 is open or shut as in the collected notices, and every named holiday is a holiday."""
    files = sorted((samples / "holidays").glob("20*.json"))
    if not files:
        pytest.skip("SHOUNUO_SAMPLES holds no holidays")
    off, on = {}, {}
    for file in files:
        for day in json.loads(file.read_text())["days"]:
            (off if day["isOffDay"] else on)[date.fromisoformat(day["date"])] = day["name"]
    spec = business()
    seen = 0
    for day in days("2020-01-01", "2026-12-31"):
        expected = day in on or (day.weekday() < 5 and day not in off)
        assert bool(spec.hours_on(day)) == expected, day
        if day in off:
            assert spec.day(day).kind == "holiday", day
            seen += 1
    assert seen > 200
    # the collection's own files are read by our import, and tell the same
    for file in files:
        year = int(file.stem)
        parsed = rules.year_parse(file.read_text())
        if parsed:
            assert {day.date for day in parsed if day.kind == "holiday"} == {
                date.fromisoformat(d["date"]) for d in json.loads(file.read_text())["days"] if d["isOffDay"]
            }
            assert rules.year_days_check(year, parsed)


# reading a file


def test_a_year_is_read_from_json_and_from_csv():
    expected = [
        YearDay(date(2027, 1, 1), "holiday", "元旦"),
        YearDay(date(2027, 1, 9), "workday", "元旦"),
        YearDay(date(2027, 1, 2), "holiday", ""),
    ]
    listed = [
        {"date": "2027-01-01", "isOffDay": True, "name": "元旦"},
        {"date": "2027-01-09", "isOffDay": False, "name": "元旦"},
        {"date": "2027-01-02", "isOffDay": True},
    ]
    assert rules.year_parse(json.dumps({"year": 2027, "days": listed})) == expected
    assert rules.year_parse(json.dumps(listed)) == expected
    assert (
        rules.year_parse(
            "\ufeff日期,类型,名称\n2027-01-01,放假,元旦\n2027-01-09, 上班 ,元旦\n\n2027-01-02,休\n"
        )
        == expected
    )
    assert (
        rules.year_parse("2027-01-01,holiday,元旦\r\n2027-01-09,workday,元旦\r\n2027-01-02,holiday,")
        == expected
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "JSON 无法读取"),
        ('{"year": 2027}', "JSON 中没有 days 列表"),
        ('{"days": [{"date": "2027-01-01"}]}', "第 1 项缺少 isOffDay"),
        ('{"days": [{"date": "2027-13-01", "isOffDay": true}]}', "第 1 行的日期“2027-13-01”无法识别"),
        ('{"days": [{"date": 5, "isOffDay": true}]}', "第 1 行的日期“5”无法识别"),
        ("2027-01-01,off", "第 1 行第二列应为 放假 或 上班"),
        ("2027-01-01", "第 1 行第二列应为 放假 或 上班"),
        ("2027-01-01,休\n1/2/2027,休", "第 2 行的日期“1/2/2027”无法识别"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(text, why):
    with pytest.raises(BadYear, match=why):
        rules.year_parse(text)


@pytest.mark.parametrize(
    ("year", "dates", "why"),
    [
        (2027, [], "没有任何日期"),
        (2027, ["2028-01-01"], "2028-01-01 不在 2027 年"),
        (2027, ["2026-12-27"], "2026-12-27 不在 2027 年"),
        (2027, ["2027-01-01", "2027-01-01"], "2027-01-01 出现了两次"),
        (1999, ["1999-01-01"], "年份须在 2000 到 2100 之间"),
    ],
)
def test_days_of_another_year_or_given_twice_are_refused(year, dates, why):
    with pytest.raises(BadYear, match=why):
        rules.year_days_check(year, [YearDay(date.fromisoformat(day), "holiday") for day in dates])


def test_an_import_may_reach_into_the_last_days_of_the_year_before():
    given = [YearDay(date(2026, 12, 31), "holiday", "元旦"), YearDay(date(2027, 1, 1), "holiday", "元旦")]
    assert set(rules.year_days_check(2027, given)) == {date(2026, 12, 31), date(2027, 1, 1)}


def test_reasons_are_told_in_words():
    moment = datetime(2026, 10, 1, tzinfo=ZONE)

    def words(reason, name=""):
        return rules.reason_words(LedgerLine(moment, moment, 0, moment.date(), reason, name))

    assert words("holiday", "国庆节") == "放假（国庆节）"
    assert words("workday", "国庆节") == "调休上班（国庆节）"
    assert words("rest") == "休息日"
    assert words("closed") == "非工作时间"
    assert words("working") == "工作时间"
    assert words("natural") == "按自然日计"
    assert words("paused") == "暂停计时"
