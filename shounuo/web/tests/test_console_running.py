"""Operations, quarantine and the log: what failed is seen and tried again, what was done is found."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from shounuo.audit import services as audit
from shounuo.audit.models import Entry
from shounuo.cases.models import Case
from shounuo.channels.models import RawMessage
from shounuo.channels.testing import make_mail, make_mailbox, receive
from shounuo.events import registry
from shounuo.events.models import Failure
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices.models import OutgoingMail
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
OPERATIONS, QUARANTINE, LOG = "/settings/operations/", "/settings/quarantine/", "/settings/audit/"
NO_MAIL = b"\x00\xff<script>alert(1)</script>"


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    sign_in_client(client, cast.admin)
    return cast


def queries_of(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as found:
        client.get(page)
    return len(found)


# operations


def failing(cast, handler="notices"):
    [event] = publish(
        [NewEvent("person.signed_in", ("person", cast.agent.pk), AT, SYSTEM, {"by": "password"})]
    )
    return Failure.objects.create(
        event_id=event.id,
        handler=handler,
        attempts=3,
        error="Trace\nValueError: <boom>",
        first_at=AT,
        last_at=AT,
    )


def beat(ago):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute("DELETE FROM commitments_clockloop")
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) OVERRIDING SYSTEM VALUE VALUES (%s)",
            [now() - ago],
        )
        cursor.execute(
            "INSERT INTO commitments_clockloop (name, beat_at, fired) VALUES ('x', %s, 0)", [now() - ago]
        )


def test_heartbeats_are_shown_and_missed(client, cast):
    assert client.get(OPERATIONS).text.count("没有在跑") == 2
    beat(timedelta(seconds=1))
    fresh = client.get(OPERATIONS).text
    assert "没有在跑" not in fresh and fresh.count("正常") >= 2
    beat(timedelta(minutes=1))
    assert client.get(OPERATIONS).text.count("没有在跑") == 2


def test_a_failed_handler_is_seen_with_its_error_and_tried_again(client, cast):
    failure = failing(cast, "gone-in-this-version")
    page = client.get(OPERATIONS).text
    assert "ValueError: &lt;boom&gt;" in page and "登录" in page
    for headers in ({}, {"HX-Request": "true"}):
        whole = client.get(f"{OPERATIONS}handlers/{failure.pk}/", headers=headers).text
        assert "Trace" in whole and ("data-dialog" in whole) == bool(headers)
    client.post(f"{OPERATIONS}handlers/{failure.pk}/retry/")
    assert not Failure.objects.exists(), "a handler that is no more has nothing left to do"
    entry = Entry.objects.get(action="ops.handler_retry")
    assert entry.detail["done"] is True and entry.actor_id == cast.admin.pk


def test_a_handler_that_fails_again_stays_with_its_new_error(client, cast, monkeypatch):
    def fails(_event, _at):
        raise RuntimeError("still broken")

    monkeypatch.setattr(registry, "job_handler", lambda _name: fails)
    failure = failing(cast)
    client.post(f"{OPERATIONS}handlers/{failure.pk}/retry/")
    failure.refresh_from_db()
    assert failure.attempts == 4 and "still broken" in failure.error
    assert "又失败了" in client.get(OPERATIONS).text


def test_a_failed_job_runs_again(client, cast):
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
               VALUES ('mail', 'channels.mail_handle', '{"raw_id": 7, "sealed": "geheim"}', 'failed') RETURNING id"""
        )
        (job,) = cursor.fetchone()
    page = client.get(OPERATIONS).text
    assert "channels.mail_handle" in page and "raw_id=7" in page and "geheim" not in page
    client.post(f"{OPERATIONS}jobs/{job}/retry/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
        assert cursor.fetchone() == ("todo",)
    again = client.post(f"{OPERATIONS}jobs/{job}/retry/", headers={"HX-Request": "true"})
    assert (again.status_code, again.json()["code"]) == (409, "not_failed")


def test_a_mail_that_was_given_up_is_sent_again(client, cast):
    mail = OutgoingMail.objects.create(
        key="k",
        message_id="<k@x>",
        sender="",
        recipients=["song@example.cn"],
        raw_sha256="",
        state="failed",
        error="550 no such user",
        created_at=AT,
    )
    page = client.get(OPERATIONS).text
    assert "550 no such user" in page and "song@example.cn" not in page, "addresses are masked"
    client.post(f"{OPERATIONS}mails/{mail.pk}/retry/")
    mail.refresh_from_db()
    assert mail.state == "queued"
    assert Entry.objects.filter(action="ops.mail_retry").exists()


def test_operations_ask_no_more_for_more_failures(client, cast, django_assert_num_queries):
    for n in range(3):
        failing(cast, f"h{n}")
    asked = queries_of(client, OPERATIONS)
    for n in range(3, 30):
        failing(cast, f"h{n}")
    with django_assert_num_queries(asked):
        client.get(OPERATIONS)


# quarantine


@pytest.fixture
def odd(cast):
    make_mailbox()
    return receive(NO_MAIL)


def test_a_quarantined_mail_is_listed_and_read_as_text_and_that_is_written_down(client, cast, odd):
    assert odd.state == "quarantined"
    assert "song@example.cn" in client.get(QUARANTINE).text
    page = client.get(f"{QUARANTINE}{odd.pk}/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "<script>alert" not in page
    entry = Entry.objects.get(action="raw.read")
    assert (entry.target_id, entry.actor_id) == (str(odd.pk), cast.admin.pk)
    assert "这里没有邮件" in client.get(f"{QUARANTINE}?state=loop").text


def test_a_quarantined_mail_is_tried_released_and_put_away(client, cast, odd):
    client.post(f"{QUARANTINE}{odd.pk}/retry/")
    odd.refresh_from_db()
    assert odd.state == "quarantined" and "又办了一遍：已隔离" in client.get(QUARANTINE).text
    client.post(f"{QUARANTINE}{odd.pk}/release/")
    odd.refresh_from_db()
    assert odd.case_id is not None and Case.objects.count() == 1
    again = client.post(f"{QUARANTINE}{odd.pk}/release/", headers={"HX-Request": "true"})
    assert again.status_code == 409
    assert "放行成单" not in client.get(f"{QUARANTINE}{odd.pk}/").text
    other = receive(NO_MAIL + b"2")
    client.post(f"{QUARANTINE}{other.pk}/dismiss/")
    other.refresh_from_db()
    assert other.state == "released" and other.case_id is None


def test_a_mail_whose_bytes_are_missing_says_so(client, cast, odd):
    RawMessage.objects.filter(pk=odd.pk).update(sha256="")
    assert "内容没有取到" in client.get(f"{QUARANTINE}{odd.pk}/").text


def test_quarantine_asks_no_more_for_more_mails_and_has_pages(client, cast, odd, django_assert_num_queries):
    for n in range(2):
        receive(NO_MAIL + bytes([n]))
    asked = queries_of(client, QUARANTINE)
    for n in range(2, 60):
        receive(NO_MAIL + b"-" + str(n).encode())
    with django_assert_num_queries(asked):
        page = client.get(QUARANTINE).text
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "下一页" not in client.get(following).text and "上一页" in client.get(following).text


def test_a_mail_that_became_a_case_is_not_here(client, cast, odd):
    receive(make_mail())
    assert client.get(QUARANTINE).text.count("row-") == 1


# the log


def wrote(action="person.changed", *, actor=SYSTEM, target=None, at=AT, **detail):
    return audit.record(action=action, target=target, detail=detail, actor=actor, at=at, address="10.0.0.8")


def test_the_log_is_narrowed_by_who_what_and_when(client, cast):
    wrote("person.changed", actor=Actor.person(cast.agent.pk), target=("person", cast.outsider.pk))
    wrote("calendar.changed", actor=Actor.person(cast.manager.pk), at=AT + timedelta(days=2), code="business")

    def rows(**asked):
        return client.get(LOG, asked).text.partition("<table")[2]

    everything = rows()
    assert "林小满" in everything and "韩梅" in everything and "代码：business" in everything
    only = rows(person=cast.agent.pk)
    assert "韩梅" in only and "代码：business" not in only
    assert "代码：business" not in rows(action="person.changed")
    late = rows(since="2026-10-11")
    assert "代码：business" in late and "韩梅" not in late
    early = rows(until="2026-10-10")
    assert "韩梅" in early and "代码：business" not in early, "through the day"
    broken = client.get(LOG, {"since": "gestern", "person": "x", "action": "y"})
    assert broken.status_code == 200


def test_the_log_says_its_codes_in_words(client, cast):
    wrote("role.created", target=("role", 1), permissions=["cases.work", "nobody.declared"], event=7)
    wrote("link.created", target=("person", cast.agent.pk), purpose="invite")
    page = client.get(LOG).text
    assert "权限：处理工单、nobody.declared<" in page and "用途：加入" in page
    wrote("role.created", target=("role", 2), permissions=["cases.work"] * 60)
    longest = max(client.get(LOG).text.split("<td"), key=lambda cell: cell.count("处理工单"))
    assert "…" in longest and longest.count("处理工单") < 40


def test_the_log_goes_out_as_a_file_without_formulas_and_that_is_in_the_log(client, cast):
    wrote("person.changed", actor=Actor.person(cast.agent.pk), target=("thing", "=1+1"), note="=cmd()")
    wrote("calendar.changed")
    answer = client.get(LOG + "export/", {"action": "person.changed"})
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["time", "who", "action", "target", "detail", "address"]
    assert len(rows) == 2 and rows[1][1] == "林小满" and rows[1][5] == "10.0.0.8"
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    taken = Entry.objects.get(action="audit.export")
    assert taken.detail == {"action": "person.changed"} and taken.actor_id == cast.admin.pk


def test_the_file_speaks_the_language_of_who_takes_it_out(client, cast):
    """It is read when the request has left, and its language with it."""
    wrote("calendar.changed")
    for language, who in (("en", "System"), ("zh-hans", "系统")):
        answer = client.get(
            LOG + "export/", {"action": "calendar.changed"}, headers={"Accept-Language": language}
        )
        with translation.override(None):
            rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
            assert translation.get_language() is None, "the thread is left as it was"
        assert rows[1][1] == who


def test_the_log_asks_no_more_for_more_rows_and_has_pages(client, cast, django_assert_num_queries):
    def more(first, last):
        for n in range(first, last):
            person = make_person(f"more{n}")
            wrote(actor=Actor.person(person.pk), target=("person", person.pk))

    more(0, 3)
    asked = queries_of(client, LOG)
    more(3, 60)
    with django_assert_num_queries(asked):
        page = client.get(LOG).text
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "more" in client.get(following).text


def test_seals_are_listed(client, cast):
    assert "还没有封存" in client.get(LOG + "seals/").text
    wrote()
    made = audit.seal(at=AT)
    page = client.get(LOG + "seals/").text
    assert made[0].digest[:16] in page


def test_the_log_is_for_those_who_may_see_it_alone(client, cast):
    sign_in_client(client, cast.agent)
    for path in (LOG, LOG + "export/", LOG + "seals/"):
        assert client.get(path).status_code == 403
    assert not Entry.objects.filter(action="audit.export").exists()
