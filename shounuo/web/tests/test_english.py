"""What the pages say in English where the words alone do not make it English: order, joints, names, times."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from shounuo.cases import services
from shounuo.policy import labels
from shounuo.policy.testing import make_draft
from shounuo.web import words
from shounuo.web.policies.showing.versions import marked
from shounuo.web.templatetags.sn.clocks import ledger
from shounuo.web.tests.desks import PACK, make_house
from shounuo.web.tests.portal_world import text_of

NOW = datetime(2026, 10, 10, 2, 48, tzinfo=UTC)  # Saturday 10:48 in Shanghai
HTMX = {"HX-Request": "true"}
BILINGUAL = (
    PACK.replace("title: 试行客户服务规定", "title: 试行客户服务规定\ntitle_en: Trial service policy")
    .replace("    title: 响应及时", "    title: 响应及时\n    title_en: Timely response")
    .replace(
        "wording: 三十分钟内须有首次响应。",
        "wording: 二十分钟内须有首次响应。\n    wording_en: An answer is due within 20 minutes.",
    )
    .replace("title: 首次响应", "title: 首次响应\n        title_en: First response")
    .replace("PT30M", "PT20M")
)


@pytest.fixture(autouse=True)
def _in_english():
    with timezone.override("Asia/Shanghai"), translation.override("en"):
        yield


@pytest.fixture
def house(db):
    return make_house()


def reader(house, person) -> Client:
    client = house.client(person)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.mark.parametrize(
    ("moment", "style", "said"),
    [
        (datetime(2026, 10, 12, 1, 20, tzinfo=UTC), "", "Mon 09:20"),
        (datetime(2026, 10, 8, 0, 34, tzinfo=UTC), "", "Thu 8 Oct 08:34"),
        (datetime(2026, 10, 8, 0, 34, tzinfo=UTC), "short", "8 Oct 08:34"),
        (datetime(2025, 10, 8, 0, 34, tzinfo=UTC), "", "Wed 8 Oct 2025 08:34"),
    ],
)
def test_a_date_begins_with_its_weekday(moment, style, said):
    assert words.moment_words(moment, NOW, style) == said


@pytest.mark.parametrize(
    ("last", "said"), [(date(2026, 10, 7), "1–7 Oct"), (date(2026, 11, 2), "1 Oct–2 Nov")]
)
def test_days_that_run_on_name_their_month(last, said):
    told = ledger({"lines": [{"day": date(2026, 10, 1), "day_to": last, "kind": "holiday"}]})
    assert told["lines"][0]["day"] == said


def test_what_happened_says_by_whom_and_to_whom(house):
    """Chinese puts who before what; put together that way English would read “Ann Assigned”."""
    agent, boss = house.cast.agent, house.cast.supervisor
    services.case_take(case_id=house.free.pk, actor=house.agent, at=house.at)
    services.case_transfer(
        case_id=house.free.pk,
        actor=house.agent,
        person_id=boss.pk,
        reason="水电归您",
        at=house.at + timedelta(minutes=1),
    )
    page = text_of(reader(house, agent).get(f"/cases/{house.free.number}/"))
    assert f"Taken on by {agent.name}" in page
    assert f"Transferred: {boss.name}, by {agent.name}" in page


def test_what_happened_reads_in_chinese_as_it_always_did(house):
    services.case_take(case_id=house.free.pk, actor=house.agent, at=house.at)
    page = text_of(house.client(house.cast.agent).get(f"/cases/{house.free.number}/"))
    assert f"{house.cast.agent.name} 受理" in page


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/customers/", "Customers"),
        ("/customers/companies/", "Companies"),
        ("/settings/teams/", "Teams"),
        ("/settings/topics/", "Topics"),
        ("/settings/relays/", "Outgoing servers"),
    ],
)
def test_a_place_that_holds_many_is_plural(house, path, title):
    assert f"<h1>{title}</h1>" in reader(house, house.cast.admin).get(path).text


def test_the_changes_of_a_version_are_told_in_the_readers_language(house):
    draft = make_draft(BILINGUAL, at=house.at)
    path = f"/policy/house/versions/{draft.pk}/changes/"
    told = text_of(reader(house, house.cast.admin).get(path, headers=HTMX))
    assert "2.1 Timely response Changed" in told
    assert "An answer is due within" not in told, "the wording before has no English: the Chinese is compared"
    assert "First response" in told and "20 minutes" in told
    assert "PT20M" not in told, "a length of time is told in words"
    told = text_of(house.client(house.cast.admin).get(path, headers=HTMX))
    assert "响应及时" in told and "PT20M" not in told
    assert "须发出回复" in told.replace(" ", "")


def test_a_change_marks_whole_words_and_numbers():
    told = marked("Answered within 30 minutes", "Answered within 20 minutes")
    assert told == "Answered within <del>30</del><ins>20</ins> minutes"
    assert marked("三十分钟内", "二十分钟内") == "<del>三</del><ins>二</ins>十分钟内"


def test_a_label_inside_a_sentence_begins_small_but_for_abbreviations():
    assert [labels.small(text) for text in ("Owner's supervisor", "API", "L2", "客户", "")] == [
        "owner's supervisor",
        "API",
        "L2",
        "客户",
        "",
    ]


def test_a_rule_is_one_sentence_and_each_of_its_details_begins_with_a_capital(house):
    page = text_of(reader(house, house.cast.admin).get("/policy/clauses/H-2.1/"))
    assert "Reply sent within 30 minutes after: message received from the customer" in page
    assert "Pauses while: waiting for customer" in page
