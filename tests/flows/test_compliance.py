"""A quarter's compliance, from promises kept and broken to the report on paper."""

import io
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from shounuo.cases.testing import make_case
from shounuo.commitments import loop
from shounuo.commitments.models import Clock
from shounuo.commitments.services import clock_cause_set
from shounuo.metrics import services as metrics
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk import services as risk
from shounuo.risk.testing import TARGET
from shounuo.web.compliance import period, showing
from tests.flows.house import moment

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def broken(house):
    """Three promises that were broken in one week and the next, one of them explained."""
    house.open()
    house.promise("""      - commitment: first-response
        title: 首次响应
        subject: case
        from: case.opened
        until: interaction.sent
        within: PT30M
        target: 90%
""")
    make_in_force(make_text("G-1", code="targets", rules=TARGET), at=house.at)
    for day in ("10-10 10:00", "10-14 10:00", "10-14 11:00"):
        house.until(day)
        make_case("=HYPERLINK(1)", owner=house.cast.agent, team=house.cast.team, at=house.at)
    house.later(60)
    while loop.fire_due(house.at):
        continue
    clock = Clock.objects.earliest("due_at")
    clock_cause_set(clock_id=clock.pk, cause="volume", note="", actor=house.supervisor, at=house.at)
    house.work()
    metrics.build_missing(at=house.at)
    metrics.catch_up(at=house.at)
    risk.targets_judge(at=house.at)
    return house


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_each_clause_each_team_and_what_broke_it(broken):
    page = broken.browser(broken.cast.supervisor).get("/compliance/")
    said = page.content.decode()
    for word in ("2026 年第 4 季度", "首次响应", broken.cast.team.name, "怎么算的", "还没有写原因"):
        assert word in said, word
    code = Clock.objects.earliest("due_at").clause_code
    assert f"/policy/clauses/{code}/" in said
    assert "0.0%" in said


@pytest.mark.django_db(transaction=True)
def test_what_is_counted_is_what_the_clocks_say(broken):
    window = period.asked("2026Q4", broken.at, ZONE).window(ZONE)
    found = showing.report(broken.supervisor, window, broken.at)
    assert (found.whole.due, found.whole.broken, found.unexplained) == (3, 3, 2)
    (line,) = found.lines
    assert [c.due for c in line.weeks] == [0, 1, 2]
    assert line.target == 0.9
    assert [(name, whole.due) for name, _cells, whole in found.teams] == [(broken.cast.team.name, 3)]
    assert sum(n for _name, n in found.reasons) == 3
    assert [t["title"] for t in found.targets] == ["首次响应时长"]


@pytest.mark.django_db(transaction=True)
def test_the_report_is_taken_along_as_a_workbook(broken):
    answer = broken.browser(broken.cast.manager).get("/compliance/export/?quarter=2026Q4")
    assert answer["Content-Disposition"] == 'attachment; filename="compliance-2026Q4.xlsx"'
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["概要", "条款", "小组与周", "违诺", "指标"]
    summary = {row[0].value: row[1].value for row in book["概要"].iter_rows()}
    assert (summary["应办"], summary["违诺"], summary["守诺率"]) == (3, 3, 0)
    assert [row[2].value for row in book["条款"].iter_rows(min_row=2)] == [3]
    titles = {row[2].value for row in book["违诺"].iter_rows(min_row=2)}
    assert titles == {"'=HYPERLINK(1)"}, "never a formula"
    assert len(list(book["违诺"].iter_rows(min_row=2))) == 3


@pytest.mark.django_db(transaction=True)
def test_a_quarter_without_promises_is_said_so(broken):
    page = broken.browser(broken.cast.supervisor).get("/compliance/?quarter=2026Q2").content.decode()
    assert "这一季没有到期的承诺" in page
    assert "2026 年第 2 季度" in page
    ahead = broken.browser(broken.cast.supervisor).get("/compliance/?quarter=2031Q1").content.decode()
    assert "2026 年第 4 季度" in ahead, "what lies ahead is not asked for"


@pytest.mark.django_db(transaction=True)
def test_one_without_the_right_sees_nothing(broken):
    nobody = broken.browser(broken.cast.nobody)
    for url in ("/compliance/", "/compliance/export/"):
        assert nobody.get(url).status_code == 403
        assert broken.browser().get(url)["Location"].startswith("/signin/")


@pytest.mark.django_db(transaction=True)
def test_the_cost_does_not_grow(broken, django_assert_max_num_queries):
    supervisor = broken.browser(broken.cast.supervisor)
    supervisor.get("/compliance/")
    with django_assert_max_num_queries(30):
        supervisor.get("/compliance/")


def test_quarters_follow_one_another():
    first = period.Quarter(2026, 4)
    assert (first.code, first.first.isoformat(), first.last.isoformat()) == (
        "2026Q4",
        "2026-10-01",
        "2026-12-31",
    )
    assert (first.after, first.before, period.Quarter(2026, 1).before) == (
        period.Quarter(2027, 1),
        period.Quarter(2026, 3),
        period.Quarter(2025, 4),
    )
    assert period.asked("x", moment("10-10 10:00"), ZONE) == first


@pytest.mark.parametrize(
    ("share", "level"), [(0.99, 0), (0.95, 0), (0.94, 1), (0.92, 2), (0.88, 3), (0.5, 4)]
)
def test_the_heat_grows_with_the_distance(share, level):
    assert showing.heat(showing.Cell(share, 10)) == level
    assert showing.heat(showing.NONE) == 0
