"""What a page that fails looks like, to whom, and how one gets on from it."""

import pytest

from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    cast = make_cast()
    set_up_organisation()
    return cast


def test_staff_keep_their_rail_on_a_page_that_is_not_there(client, cast):
    sign_in_client(client, cast.agent)
    answer = client.get("/nothing/")
    assert answer.status_code == 404 and "sn-rail" in answer.text and "没有这一页" in answer.text
    assert answer["X-Request-ID"] in answer.text, "the number to quote"


def test_an_outsider_sees_the_message_alone(client, cast):
    answer = client.get("/nothing/")
    assert answer.status_code == 404 and "sn-rail" not in answer.text and "没有这一页" in answer.text


def test_who_may_not_is_told_so_inside_the_shell(client, cast):
    sign_in_client(client, cast.outsider)
    answer = client.get("/settings/people/")
    assert answer.status_code == 403 and "这里您进不去" in answer.text and "sn-rail" in answer.text


@pytest.mark.parametrize(
    ("referrer", "offered"),
    [
        ("http://testserver/policy/", True),
        ("http://testserver/nothing/", False),
        ("https://elsewhere.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_the_way_back_leads_to_our_own_pages_only(client, cast, referrer, offered):
    page = client.get("/nothing/", headers={"referer": referrer}).text
    assert ("回上一页" in page) is offered
    assert ("elsewhere" not in page) and "javascript:" not in page


def test_more_than_a_page_takes_is_too_large_and_not_a_riddle(client, cast):
    sign_in_client(client, cast.admin)
    form = "application/x-www-form-urlencoded"
    answer = client.post("/policy/import/", "text=" + "x" * 6_000_000, content_type=form)
    assert answer.status_code == 413 and "太大了" in answer.text
