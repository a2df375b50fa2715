"""Boards of one's own: put together tile by tile, shared with a team, on a wall, deleted and taken back."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.analytics import queries, services
from shounuo.analytics.models import Dashboard
from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.events.models import Event
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.metrics.testing import observe_all
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client

NOW = AT + timedelta(hours=6)


@pytest.fixture
def cast(db, monkeypatch):
    """Twelve cases answered after one to twelve minutes; a second supervisor of the same team, and one of the other."""
    monkeypatch.setattr("shounuo.web.dashboards.boards.now", lambda: NOW)
    set_up_organisation()
    cast = make_cast()
    for n in range(12):
        case = make_case(
            f"料 {n}",
            owner=cast.agent,
            team=cast.team,
            at=AT,
            channel="mail" if n % 3 else "form",
        )
        cases.reply_send(
            case_id=case.pk, text="好", actor=cast.actor(cast.agent), at=AT + timedelta(minutes=n + 1)
        )
    observe_all()
    return cast


@pytest.fixture
def mate(cast):
    return make_person(
        "mate", name="同组主管", roles=("supervisor",), leads=(cast.team,), mail="mate@example.cn"
    )


@pytest.fixture
def other(cast):
    return make_person(
        "other", name="外组主管", roles=("supervisor",), leads=(cast.other_team,), mail="other@example.cn"
    )


@pytest.fixture
def board(cast):
    """The supervisor's: a number, a course, groups by channel; shared with his team."""
    actor = cast.actor(cast.supervisor)
    made = services.board_make(name=" 早会 看板 ", actor=actor, at=AT)
    for metric, form, by, width in (
        ("first_response_median", "number", "", 3),
        ("cases_opened", "course", "", 8),
        ("cases_opened", "groups", "channel", 4),
    ):
        services.tile_add(board_id=made.pk, metric=metric, form=form, by=by, width=width, actor=actor, at=AT)
    return services.board_change(
        board_id=made.pk, name="早会看板", team_id=cast.team.pk, period="week", actor=actor, at=AT
    )


def client_of(person):
    client = Client()
    sign_in_client(client, person)
    return client


def names(board):
    return [(t.metric, t.form) for t in queries.tiles_of(Dashboard.objects.get(pk=board.pk))]


# ---- services


def test_tiles_stand_in_the_order_chosen_and_move(cast, board):
    actor = cast.actor(cast.supervisor)
    first = queries.tiles_of(board)[0].id
    services.tile_move(board_id=board.pk, tile_id=first, by=1, actor=actor, at=AT)
    assert names(board)[1] == ("first_response_median", "number")
    services.tile_move(board_id=board.pk, tile_id=first, by=-9, actor=actor, at=AT)
    assert names(board)[0] == ("first_response_median", "number")
    services.tile_remove(board_id=board.pk, tile_id=first, actor=actor, at=AT)
    assert len(names(board)) == 2
    again = services.tile_add(board_id=board.pk, metric="backlog", form="number", width=3, actor=actor, at=AT)
    assert queries.tiles_of(again)[-1].id == 4, "an id is never used twice"
    with pytest.raises(NotFound):
        services.tile_remove(board_id=board.pk, tile_id=first, actor=actor, at=AT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "nothing"},
        {"metric": "csat"},
        {"form": "pie"},
        {"width": 5},
        {"form": "groups", "by": "clause"},
        {"form": "groups", "by": ""},
    ],
)
def test_what_cannot_be_shown_is_not_put_on_a_board(cast, board, wrong):
    asked = {"metric": "cases_opened", "form": "number", "by": "", "width": 4} | wrong
    with pytest.raises(Invalid):
        services.tile_add(board_id=board.pk, actor=cast.actor(cast.supervisor), at=AT, **asked)
    assert len(names(board)) == 3


def test_it_is_seen_by_the_team_and_changed_by_its_owner_alone(cast, board, mate, other):
    assert queries.board(cast.actor(mate), board.pk).name == "早会看板"
    with pytest.raises(NotAllowed):
        services.board_delete(board_id=board.pk, actor=cast.actor(mate), at=AT)
    for stranger in (other, cast.manager, cast.outsider, cast.agent):
        with pytest.raises(NotFound):
            queries.board(cast.actor(stranger), board.pk)
        with pytest.raises(NotFound):
            services.board_delete(board_id=board.pk, actor=cast.actor(stranger), at=AT)
    with pytest.raises(Invalid):
        services.board_change(
            board_id=board.pk,
            name="x",
            team_id=cast.other_team.pk,
            period="week",
            actor=cast.actor(cast.supervisor),
            at=AT,
        )


def test_a_deleted_one_is_gone_until_it_is_taken_back(cast, board, mate):
    actor = cast.actor(cast.supervisor)
    services.board_delete(board_id=board.pk, actor=actor, at=AT)
    assert queries.boards(actor) == []
    with pytest.raises(NotFound):
        services.board_restore(board_id=board.pk, actor=cast.actor(mate), at=AT)
    services.board_restore(board_id=board.pk, actor=actor, at=AT)
    assert [b.name for b in queries.boards(actor)] == ["早会看板"]
    kinds = Event.objects.filter(subject_kind="dashboard").order_by("seq").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["dashboard.deleted", "dashboard.restored"]


# ---- pages


def test_a_board_is_put_together_on_its_page(cast):
    client = client_of(cast.supervisor)
    made = client.post("/dashboards/boards/", {"name": "我的看板"})
    path = made.headers["Location"]
    assert "还没有指标" in client.get(path).text
    change = path.replace("edit", "change")
    tile = {"metric": "cases_opened", "form": "groups", "by": "channel", "width": "6"}
    assert client.post(change, tile | {"act": "add"}).status_code == 302
    wrong = client.post(change, tile | {"act": "add", "by": "clause"})
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text
    assert client.post(change, {"act": "jump"}).status_code == 422
    client.post(change, {"act": "set", "tile": "1", "form": "course", "width": "12"})
    text = client.get(path.replace("edit/", "")).text
    assert 'id="part-tile-1"' in text and "is-12" in text
    assert "我的看板" in client.get("/dashboards/").text


def test_its_numbers_are_the_engines_through_the_lens_of_its_address(cast, board):
    client = client_of(cast.supervisor)
    text = client.get(f"/dashboards/{board.pk}/").text
    assert "10月5日 – 10月10日" in text, "the board's own period"
    assert "12 · 期内得到首次答复的工单" in text
    assert "工单量 · 按渠道" in text.replace("\n", "") and "邮件" in text
    narrow = client.get(f"/dashboards/{board.pk}/?channel=form").text
    assert "4 · 期内得到首次答复的工单" in narrow
    assert 'role="alert"' in client.get(f"/dashboards/{board.pk}/?period=year").text


def test_a_tile_is_exported(cast, board):
    answer = client_of(cast.supervisor).get(f"/dashboards/{board.pk}/export/3/")
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert found == [["channel", "value", "n"], ["mail", "8.0", "8"], ["form", "4.0", "4"]]
    assert client_of(cast.supervisor).get(f"/dashboards/{board.pk}/export/9/").status_code == 404


def test_the_wall_has_nothing_to_press_and_renews_itself(cast, board):
    client = client_of(cast.supervisor)
    text = client.get(f"/dashboards/{board.pk}/wall/").text
    assert 'data-bs-theme="dark"' in text and "every 20s" in text
    assert "sn-dash-csv" not in text and "<form" not in text.partition('id="main"')[2].partition("</main>")[0]
    again = client.get(f"/dashboards/{board.pk}/wall/", headers={"HX-Request": "true"}).text
    assert 'id="wall-tiles"' in again and "<html" not in again


def test_figures_of_people_are_not_shown_to_a_reader_without_the_right(cast, board):
    services.tile_add(
        board_id=board.pk,
        metric="cases_opened",
        form="groups",
        by="person",
        width=6,
        actor=cast.actor(cast.supervisor),
        at=AT,
    )
    assert "林小满" in client_of(cast.supervisor).get(f"/dashboards/{board.pk}/").text
    reader = make_person(
        "reader", name="看客", roles=("viewer",), teams=(cast.team,), mail="reader@example.cn"
    )
    text = client_of(reader).get(f"/dashboards/{board.pk}/").text
    assert "您没有查看个人指标的权限" in text and "林小满" not in text
    assert client_of(reader).get(f"/dashboards/{board.pk}/export/4/").status_code == 404


def test_deleting_offers_a_way_back(cast, board):
    client = client_of(cast.supervisor)
    assert client.post(f"/dashboards/{board.pk}/delete/").headers["Location"] == "/dashboards/"
    assert f"/dashboards/{board.pk}/restore/" in client.get("/dashboards/").text
    assert client.get(f"/dashboards/{board.pk}/").status_code == 404
    client.post(f"/dashboards/{board.pk}/restore/")
    assert client.get(f"/dashboards/{board.pk}/").status_code == 200


def test_all_of_it_is_closed_to_strangers(cast, board, other, mate):
    for path in ("", "wall/", "edit/", "export/1/"):
        assert client_of(cast.outsider).get(f"/dashboards/{board.pk}/{path}").status_code == 403
        assert client_of(other).get(f"/dashboards/{board.pk}/{path}").status_code == 404
    assert client_of(mate).get(f"/dashboards/{board.pk}/edit/").status_code == 403
    for path in ("change/", "delete/", "restore/"):
        assert client_of(cast.outsider).post(f"/dashboards/{board.pk}/{path}", {}).status_code == 403
        answer = client_of(other).post(f"/dashboards/{board.pk}/{path}", {"act": "remove", "tile": "1"})
        assert answer.status_code == 404
    assert client_of(cast.outsider).post("/dashboards/boards/", {"name": "x"}).status_code == 403
