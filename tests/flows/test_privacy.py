"""A customer asks for a copy of what is kept about him, and then to be forgotten (PIPL)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from shounuo.cases import services as cases
from shounuo.commitments import queries as commitments
from shounuo.customers import services as customers
from shounuo.files.services import raw_get
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed, NotFound
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
WORDS = ("song@example.cn", "宋建国", "13803946721", "獠牙村养殖场", "獠牙回复", "獠牙备注")
SCHEMA = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


@pytest.fixture
def known(house):
    """A customer with a case, an answer, a note and a number."""
    house.open(receipt=True).regulation()
    row = house.mail("我是獠牙村养殖场的，料结块了", subject="獠牙村养殖场：结块")
    case = house.case_of(row)
    customers.contact_add(
        customer_id=case.customer_id, kind="phone", value="13803946721", actor=Actor.system(), at=house.at
    )
    cases.reply_send(
        case_id=case.pk, text="獠牙回复：明天到", then="resolve", actor=house.agent, at=house.later(5)
    )
    cases.note_add(case_id=case.pk, text="獠牙备注：老客户宋建国", actor=house.agent, at=house.at)
    house.work()
    return case, row


def places(word):
    """Every table in which the word stands."""
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        tables = sorted(row[0] for row in cursor.fetchall())
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_his_copy_holds_all_that_was_said(house, known):
    case, _row = known
    with pytest.raises(NotAllowed):
        customers.customer_export(customer_id=case.customer_id, actor=house.agent, at=house.at)
    copy = json.dumps(
        customers.customer_export(customer_id=case.customer_id, actor=house.admin, at=house.at),
        ensure_ascii=False,
        default=str,
    )
    for word in (
        "song@example.cn",
        "宋建国",
        "13803946721",
        "我是獠牙村养殖场的",
        "獠牙回复",
        str(case.number),
    ):
        assert word in copy, word
    assert "獠牙备注" in copy  # a note about him is data about him


def test_afterwards_he_is_nowhere_and_the_figures_are_the_same(
    house, known, django_capture_on_commit_callbacks
):
    case, row = known
    assert all(places(word) for word in WORDS)
    window = (moment("10-10 00:00"), moment("10-12 00:00"))
    house.count()
    before = commitments.kept(None, *window)
    assert before

    with pytest.raises(NotAllowed):
        customers.customer_erase(customer_id=case.customer_id, actor=house.supervisor, at=house.at)
    at = datetime.now(UTC) + timedelta(minutes=1)  # files on the disk have the disk's time, not the story's
    with django_capture_on_commit_callbacks(execute=True):
        customers.customer_erase(customer_id=case.customer_id, actor=house.admin, at=at)
    house.work()
    assert {word: places(word) for word in WORDS} == {word: [] for word in WORDS}
    with pytest.raises(NotFound):
        raw_get(row.sha256)

    house.count()
    assert commitments.kept(None, *window) == before
    assert house.history(case)[0] == "case.opened"  # what happened stays, of nobody
    assert house.seen(case).number == case.number


def test_who_writes_again_is_a_new_customer(house, known):
    case, _row = known
    customers.customer_erase(customer_id=case.customer_id, actor=house.admin, at=house.at)
    again = house.case_of(house.mail("又是我"))
    assert again.customer_id != case.customer_id and again != case
