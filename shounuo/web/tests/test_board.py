"""The supervisor's board: what wants a hand, under the reader's visibility, at a fixed price."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shounuo.cases.models import Case
from shounuo.cases.queries import visible_to
from shounuo.cases.services import reply_send
from shounuo.cases.testing import make_case
from shounuo.channels.testing import make_mailbox, receive
from shounuo.commitments import loop, services
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.metrics.testing import observe_all
from shounuo.notices.models import Notice
from shounuo.staff.queries import actor_for
from shounuo.web import words
from shounuo.web.board import showing
from shounuo.web.board.asking import OPEN
from shounuo.web.tests.desks import clock_of, make_house, queries_of
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def supervisor(house):
    return house.client(house.cast.supervisor)


@pytest.fixture
def manager(house):
    return house.client(house.cast.manager)


def acts(answer):
    return [int(n) for n in re.findall(r'<tr data-row data-name="(\d+)">', answer.content.decode())]


def figures(answer):
    """Name -> value of the six figures."""
    found = re.findall(
        r'sn-kpi-lab"><span>([^<]+)</span>.*?sn-kpi-n">([^<]*)<small>', answer.content.decode(), flags=re.S
    )
    return {name: value.strip() for name, value in found}


def behind(client, figure):
    """The numbers of the cases to which a figure leads."""
    return {int(n) for n in re.findall(r'href="/cases/(\d+)/', client.get(figure["url"]).content.decode())}


# -- who gets where --------------------------------------------------------------------------------------------------
def test_the_board_is_for_those_who_lead(house, client):
    for url in ("/board/", f"/board/nudge/{house.mine.number}/"):
        for answer in (client.get(url), client.post(url)):
            assert answer["Location"].startswith("/signin/?next=")
        for person in (house.cast.agent, house.cast.nobody):
            assert house.client(person).get(url).status_code == 403
            assert house.client(person).post(url).status_code == 403


def test_a_supervisor_sees_and_nudges_his_team_alone(house, supervisor, manager):
    assert set(acts(supervisor.get("/board/"))) == {house.mine.number, house.free.number}
    assert house.theirs.number in acts(manager.get("/board/"))
    assert supervisor.post(f"/board/nudge/{house.theirs.number}/").status_code == 404
    assert supervisor.get(f"/board/?team={house.cast.other_team.code}").status_code == 200
    assert set(acts(supervisor.get(f"/board/?team={house.cast.other_team.code}"))) == {
        house.mine.number,
        house.free.number,
    }, "a team that is not his is no choice of his"


# -- what it shows ---------------------------------------------------------------------------------------------------
def test_the_figures_say_what_stands_in_the_queue(house, manager):
    answer = manager.get("/board/")
    shown = figures(answer)
    assert (shown["排队"], shown["处理中"], shown["已超时"]) == ("1", "2", "0")
    assert int(shown["1 小时内到期"]) == Clock.objects.filter(state="running").count()
    assert is_clean(answer)


def test_how_today_was_kept_is_said_of_all_and_of_a_team(house, manager):
    at = now()
    assert figures(manager.get("/board/"))["今日守诺"] == words.percent(None).removesuffix("%")
    noon = timezone.localtime(at).replace(hour=12) + timedelta(days=2)
    for case in (house.mine, house.theirs):
        services.clock_rebase(
            clock_id=clock_of(case).pk,
            due_at=noon - timedelta(hours=1),
            reason="试",
            actor=Actor.system(),
            at=at,
        )
    reply_send(case_id=house.mine.pk, text="在查", actor=house.agent, at=at)
    while loop.fire_due(noon):
        continue
    observe_all(noon, sources=["clock"])
    whole, mine = (
        showing.board(actor_for(house.cast.manager), team, noon)["figures"][-1]
        for team in (None, house.cast.team)
    )
    assert (whole["value"], whole["unit"], whole["population"]) == ("50.0", "%", "2 项应守 1")
    assert (mine["value"], mine["population"]) == ("100", "1 项应守 1")
    assert house.mine.number in behind(manager, mine) and house.theirs.number not in behind(manager, mine)
    assert {house.mine.number, house.theirs.number} <= behind(manager, whole)


def test_every_figure_is_what_a_recount_of_what_the_reader_sees_gives(house):
    cast = house.cast
    for n, (owner, team, ago) in enumerate(
        [
            (cast.agent, cast.team, 5), (cast.agent, cast.team, 300), (None, cast.team, 200), (None, cast.team, 3),
            (None, cast.other_team, 2), (None, cast.other_team, 500), (cast.supervisor, cast.other_team, 10), (None, None, 7),
        ]
    ):  # fmt: skip
        make_case(f"第 {n} 件", team=team, owner=owner, at=house.at - timedelta(minutes=ago))
    at = now()
    while loop.fire_due(at):
        continue
    told = set()
    for reader, team in ((cast.manager, None), (cast.manager, cast.team), (cast.supervisor, None), (cast.supervisor, cast.team)):  # fmt: skip
        seen = visible_to(actor_for(reader))
        cases = [c for c in seen if c.status in OPEN and (team is None or c.team_id == team.pk)]
        clocks = [k for c in cases for k in Clock.objects.filter(subject_kind="case", subject_id=c.pk)]
        soon = [k for k in clocks if k.state == "running" and k.due_at <= at + timedelta(hours=1)]
        free = {c.pk for c in cases if c.owner_id is None}
        board = showing.board(actor_for(reader), team, at)
        queue, working, _online, due, late, _kept = board["figures"]
        assert queue["value"] == str(len(free))
        assert (
            words.span((at - min(c.opened_at for c in cases if c.pk in free)).total_seconds())
            in queue["population"]
        )
        assert working["value"] == str(len(cases) - len(free))
        assert (due["value"], due["population"]) == (str(len(soon)), f"{len([k for k in soon if k.subject_id in free])} 项无人负责")  # fmt: skip
        assert late["value"] == str(len([c for c in cases if c.overdue]))
        assert late["population"] == f"全部还欠 {len([k for k in clocks if k.is_overdue])} 项"
        held = {row["person"]["name"]: row["load"] for row in board["staff"]["rows"]}
        for name, load in held.items():
            assert load == len([c for c in Case.objects.filter(owner__name=name) if c.status in OPEN])
        told.add(tuple(f["value"] for f in (queue, working, due, late)))
    assert len(told) == 3, "of his own team a supervisor sees what a manager sees"


def test_those_online_are_counted_though_the_list_of_people_is_cut(house, manager, monkeypatch):
    whole = figures(manager.get("/board/"))["在线"]
    monkeypatch.setattr(showing, "MOST_PEOPLE", 1)
    answer = manager.get("/board/")
    assert figures(answer)["在线"] == whole
    assert answer.content.decode().count('class="sn-load"') == 1
    assert "共 3 人" in text_of(answer)


def test_one_team_can_be_looked_at(house, manager):
    answer = manager.get(f"/board/?team={house.cast.team.code}")
    assert set(acts(answer)) == {house.mine.number, house.free.number}
    assert (figures(answer)["排队"], figures(answer)["处理中"]) == ("1", "1")
    told = showing.board(actor_for(house.cast.manager), house.cast.team, now())
    queue, working, _online, due, late, _kept = told["figures"]
    assert behind(manager, queue) == {house.free.number}
    assert behind(manager, working) == {house.mine.number, house.free.number}
    assert behind(manager, late) == set()
    assert house.theirs.number not in behind(manager, due)
    assert "team=first" in told["acts"]["all_url"]


def test_the_number_overdue_leads_to_those_overdue(house, manager):
    late = make_case(
        "超时的", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(minutes=40)
    )
    while loop.fire_due(now()):
        continue
    figure = showing.board(actor_for(house.cast.manager), None, now())["figures"][4]
    assert (figure["value"], behind(manager, figure)) == ("1", {late.number})


def test_it_is_said_when_not_all_that_is_due_is_drawn(house, manager, monkeypatch):
    drawn = len(re.findall(r'<a href="/cases/\d+/"><circle', manager.get("/board/").content.decode()))
    assert drawn and "只画" not in text_of(manager.get("/board/"))
    monkeypatch.setattr(showing.asking, "MOST_DOTS", drawn)
    assert f"只画最先到期的 {drawn} 项" in text_of(manager.get("/board/"))


def test_what_was_lost_just_now_stands_before_what_was_lost_long_ago(house, manager):
    old = make_case("早就超时", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(days=3))
    late = make_case(
        "刚刚超时", owner=house.cast.agent, team=house.cast.team, at=house.at - timedelta(minutes=40)
    )
    while loop.fire_due(now()):
        continue
    shown = acts(manager.get("/board/"))
    assert shown.index(late.number) < shown.index(old.number)
    assert figures(manager.get("/board/"))["已超时"] == "2"


def test_a_case_stands_once_with_its_one_step(house, manager):
    page = manager.get("/board/").content.decode()
    assert page.count(f'data-name="{house.free.number}"') == 1
    row = page.partition(f'data-name="{house.free.number}"')[2].partition("</tr>")[0]
    assert f'hx-post="/cases/{house.free.number}/take/"' in row
    assert f'hx-get="/cases/{house.free.number}/assign/"' in row
    row = page.partition(f'data-name="{house.mine.number}"')[2].partition("</tr>")[0]
    assert f'hx-post="/board/nudge/{house.mine.number}/"' in row


def test_of_all_that_presses_either_half_gets_its_place(house):
    at = house.at
    for n in range(10):
        make_case(
            f"超时 {n}", owner=house.cast.agent, team=house.cast.team, at=at - timedelta(hours=2, minutes=n)
        )
    while loop.fire_due(at):
        continue
    broken = list(commitments.lately_broken(kind="case")[:6])
    due = list(commitments.due_soon(at, kind="case")[:6])
    found = commitments.pressing(broken, due, 6)
    assert [c.state for c in found].count("breached") == 3
    late = [c.due_at for c in found if c.state == "breached"]
    soon = [c.due_at for c in found if c.state == "running"]
    assert late == sorted(late, reverse=True)
    assert soon == sorted(soon)
    assert commitments.pressing(broken, [], 6) == broken
    assert commitments.pressing([], due, 6) == due


def test_the_wall_shows_the_same_without_buttons_of_its_own(house, manager):
    answer = manager.get("/board/?wall=1")
    assert 'class="sn-wall"' in answer.content.decode()
    assert "大屏" not in text_of(answer)


def test_mail_that_could_not_be_read_is_an_alarm_for_those_who_run_the_house(house, supervisor):
    make_mailbox()
    receive(b"\x00\xff not a mail at all")
    assert "读不懂" in text_of(house.client(house.cast.admin).get("/board/"))
    assert "读不懂" not in text_of(supervisor.get("/board/"))


def test_an_empty_house_is_said_to_be_empty(house, manager):
    Clock.objects.update(state="met", met_at=now(), next_at=None)
    said = text_of(manager.get("/board/"))
    assert "两小时内没有到期的时限" in said
    assert "没有要您出手的" in said


# -- live ------------------------------------------------------------------------------------------------------------
def test_a_live_page_reads_its_middle_again_and_no_second_frame(house, manager):
    body = manager.get("/board/?team=first", headers=HTMX).content.decode()
    assert body.strip().startswith('<div class="sn-bd" data-live="board" data-live-get="/board/?team=first"')
    assert "sn-rail" not in body
    assert "<html" not in body


# -- steps -----------------------------------------------------------------------------------------------------------
def test_a_nudge_reaches_the_owner_once_in_ten_minutes(house, supervisor):
    url = f"/board/nudge/{house.mine.number}/"
    first, second = supervisor.post(url, headers=HTMX), supervisor.post(url, headers=HTMX)
    assert (first.status_code, second.status_code) == (204, 204)
    assert Notice.objects.filter(person=house.cast.agent, kind="case.nudged").count() == 1
    assert first["HX-Trigger"] != second["HX-Trigger"]
    assert supervisor.get(url)["Location"] == "/board/"


def test_nobody_is_nudged_about_what_nobody_holds(house, supervisor):
    answer = supervisor.post(f"/board/nudge/{house.free.number}/", headers=HTMX)
    assert (answer.status_code, answer.json()["detail"]) == (409, "还没有人负责，请先分派")


def test_taking_from_the_board_stays_on_the_board(house, supervisor):
    there = HTMX | {"HX-Current-URL": "https://kefu.example.cn/board/"}
    assert supervisor.post(f"/cases/{house.free.number}/take/", headers=there)["HX-Redirect"] == "/board/"
    dialog = supervisor.get(f"/cases/{house.mine.number}/assign/", headers=there)
    assert dialog.status_code == 200
    values = {"person": house.cast.supervisor.pk}
    answer = supervisor.post(f"/cases/{house.mine.number}/assign/", values, headers=there)
    assert answer["HX-Redirect"] == "/board/"
    assert clock_of(house.mine).state == "running"


# -- what it costs ---------------------------------------------------------------------------------------------------
BOARD = 16


def test_the_board_costs_the_same_with_three_cases_and_with_thirty(house, supervisor, manager):
    few = queries_of(supervisor, "/board/"), queries_of(manager, "/board/")
    for n in range(27):
        owner = house.cast.agent if n % 2 else None
        make_case(f"第 {n} 件", team=house.cast.team, owner=owner, at=house.at - timedelta(minutes=n))
    while loop.fire_due(now()):
        continue
    many = queries_of(supervisor, "/board/"), queries_of(manager, "/board/")
    assert many == few == (BOARD, BOARD)
