"""Reports as pages, spreadsheets, PDF and mails."""

import io
import re
from datetime import timedelta
from email import message_from_bytes, policy

import openpyxl
import pytest
from django.test import Client
from pypdf import PdfReader

from shounuo.analytics import services
from shounuo.cases import services as cases
from shounuo.cases.testing import make_case, make_topic
from shounuo.events.models import Event
from shounuo.events.services import Published
from shounuo.kernel import store
from shounuo.kernel.actors import Actor
from shounuo.metrics.testing import observe_all
from shounuo.notices.models import Notice, OutgoingMail
from shounuo.notices.testing import make_relay
from shounuo.staff import services as staff_services
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web.assets import FACES
from shounuo.web.reports import mailing

SYSTEM = Actor.system()
MONDAY = AT + timedelta(days=2)


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr("shounuo.web.reports.views.now", lambda: MONDAY)
    set_up_organisation(at=AT - timedelta(days=3))
    cast = make_cast()
    topic = make_topic("evil", '=HYPERLINK("http://x")<b>')
    for n in range(12):
        case = make_case(
            f"料 {n}",
            owner=cast.agent,
            team=cast.team,
            topic_id=topic.pk,
            at=AT,
            channel="mail",
            kind="complaint" if n < 10 else "inquiry",
        )
        cases.reply_send(
            case_id=case.pk,
            text="好",
            actor=cast.actor(cast.agent),
            at=AT + timedelta(minutes=n + 1),
        )
        cases.case_resolve(
            case_id=case.pk, text="已换货", actor=cast.actor(cast.agent), at=AT + timedelta(hours=2)
        )
    observe_all()
    return cast


@pytest.fixture
def report(cast):
    return services.report_make(kind="week", back=1, actor=SYSTEM, at=MONDAY)


@pytest.fixture
def viewer(cast):
    return make_person("viewer", name="看客", roles=("viewer",), mail="viewer@example.cn")


def client_of(person):
    client = Client()
    sign_in_client(client, person)
    return client


def page(person, path):
    return client_of(person).get(path)


def sheet(answer):
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def words_of(pdf):
    return "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages)


def test_the_list_tells_each_report_with_its_headline(cast, report):
    text = page(cast.supervisor, "/reports/").text
    assert "服务质量分析报告 · 2026年第 41 周" in text
    assert "6 分 30 秒" in text and "投诉量" in text
    assert "现在生成" not in text, "a supervisor reads"
    assert "现在生成" in page(cast.manager, "/reports/").text
    assert "还没有报告" in page(cast.supervisor, "/reports/?kind=quarter").text


def test_a_report_says_its_points_and_shows_its_parts(cast, report):
    text = page(cast.supervisor, f"/reports/{report.pk}/").text
    assert "首响时长中位数 6 分 30 秒（12 · 期内得到首次答复的工单）" in text
    assert "增加最多的是“" in text and "12 件，上期 0 件" in text
    assert "投诉 10 件。" in text
    assert 'id="part-people"' in text and "林小满" in text
    assert "不再变" in text


def test_people_are_for_those_who_may_see_them(cast, report, viewer):
    for path in ("", "xlsx/", "pdf/"):
        assert page(viewer, f"/reports/{report.pk}/{path}").status_code == 200
    assert "林小满" not in page(viewer, f"/reports/{report.pk}/").text
    names = sheet(page(viewer, f"/reports/{report.pk}/xlsx/")).sheetnames
    assert (
        "人员" not in names
        and "人员" in sheet(page(cast.supervisor, f"/reports/{report.pk}/xlsx/")).sheetnames
    )
    assert "林小满" not in words_of(page(viewer, f"/reports/{report.pk}/pdf/").content)
    assert "林小满" in words_of(page(cast.supervisor, f"/reports/{report.pk}/pdf/").content)


def test_the_spreadsheet_holds_numbers_and_no_formulas(cast, report):
    answer = page(cast.supervisor, f"/reports/{report.pk}/xlsx/")
    assert 'filename="report-week-2026-10-05.xlsx"' in answer.headers["Content-Disposition"]
    book = sheet(answer)
    summary = {row[0].value: row for row in book["概要"].iter_rows() if row[0].value}
    assert summary["首响时长中位数"][1].value == timedelta(seconds=390)
    assert summary["首响时长中位数"][4].value == 12
    topic = book["来访原因"]["A4"]
    assert topic.value == '=HYPERLINK("http://x")<b>' and topic.data_type != "f"
    assert book["投诉构成"]["A4"].data_type != "f"


def test_the_pdf_tells_the_same(cast, report):
    answer = page(cast.supervisor, f"/reports/{report.pk}/pdf/")
    assert answer.headers["Content-Type"] == "application/pdf"
    text = words_of(answer.content)
    assert "服务质量分析报告" in text and "6 分 30 秒" in text
    assert '=HYPERLINK("http://x")<b>' in text


def test_the_pdf_embeds_the_glyphs_it_shows_and_no_more(cast, report):
    assert (FACES / "sans.ttf").is_file(), "run script/setup: it brings the face"
    content = page(cast.supervisor, f"/reports/{report.pk}/pdf/").content
    assert len(content) < 300_000
    fonts = [
        font.get_object()
        for sheet in PdfReader(io.BytesIO(content)).pages
        for font in sheet["/Resources"]["/Font"].values()
    ]
    used = [font for font in fonts if font["/BaseFont"] != "/Helvetica"]  # what reportlab begins a page with
    assert used
    for font in used:
        assert re.fullmatch(r"/[A-Z]{6}\+NotoSansSC-Regular", font["/BaseFont"])
        assert "/FontFile2" in font["/FontDescriptor"]


def test_a_daily_report_draws_no_course_of_one_day(cast):
    daily = services.report_make(kind="day", back=2, actor=SYSTEM, at=MONDAY)
    text = page(cast.supervisor, f"/reports/{daily.pk}/").text
    assert "服务质量日报" in text
    assert 'id="part-kept"' not in text and 'id="part-topics"' in text


def test_a_manager_comments_and_what_is_wrong_stands_beside_it(cast, report):
    client, path = client_of(cast.manager), f"/reports/{report.pk}/comments/"
    wrong = client.post(path, {"text": " "})
    assert wrong.status_code == 422 and "请写评语" in wrong.text
    assert client.post(path, {"text": "下周盯住饲料<script>"}).status_code == 302
    text = client.get(f"/reports/{report.pk}/").text
    assert "下周盯住饲料&lt;script&gt;" in text
    assert "下周盯住饲料" in words_of(client.get(f"/reports/{report.pk}/pdf/").content)
    assert client_of(cast.supervisor).post(path, {"text": "好"}).status_code == 403


def test_the_last_period_is_made_by_hand_once(cast):
    client = client_of(cast.manager)
    first = client.post("/reports/make/", {"kind": "week"})
    second = client.post("/reports/make/", {"kind": "week"})
    assert first.headers["Location"] == second.headers["Location"]
    assert client.post("/reports/make/", {"kind": "year"}).status_code == 422
    assert client_of(cast.supervisor).post("/reports/make/", {"kind": "week"}).status_code == 403


def test_the_plan_says_who_gets_what(cast):
    client = client_of(cast.manager)
    assert "现在会发给 1 人" in client.get("/reports/plans/").text
    client.post(
        "/reports/plans/", {"day-active": "on", "day-roles": ["supervisor"], "week-roles": ["manager"]}
    )
    text = client.get("/reports/plans/").text
    assert text.count(" checked") == 3
    assert client_of(cast.supervisor).get("/reports/plans/").status_code == 403


def test_all_of_it_is_closed_to_who_may_not_see_figures(cast, report):
    for person in (cast.outsider, cast.nobody):
        for path in ("", f"{report.pk}/", f"{report.pk}/xlsx/", f"{report.pk}/pdf/", "plans/"):
            assert page(person, f"/reports/{path}").status_code == 403
        for path in ("make/", f"{report.pk}/comments/"):
            assert client_of(person).post(f"/reports/{path}", {}).status_code == 403
    assert page(cast.supervisor, "/reports/999999/").status_code == 404


# ---- told


def told(report):
    row = Event.objects.get(kind="report.made", subject_id=report.pk)
    subject = (row.subject_kind, row.subject_id)
    happened = Published(row.pk, row.kind, subject, row.seq, row.at, "system", None, row.payload)
    mailing.report_made(happened, MONDAY)


def test_those_of_the_plan_are_told_by_bell_and_mail_once(cast, report, settings):
    settings.SHOUNUO_DELIVERY = "off"
    make_relay()
    staff_services.profile_change(
        person_id=cast.manager.pk, preferences={"mail_notices": "all"}, actor=cast.actor(cast.manager), at=AT
    )
    told(report)
    told(report)
    assert list(Notice.objects.values_list("person_id", "kind")) == [(cast.manager.pk, "report.made")]
    (mail,) = OutgoingMail.objects.all()
    assert mail.recipients == ["manager@example.cn"]
    letter = message_from_bytes(store.get("sent", mail.raw_sha256), policy=policy.default)
    body = letter.get_body().get_content()
    assert letter["Subject"] == "服务质量分析报告 · 2026年第 41 周"
    assert "6 分 30 秒" in body and f"https://kefu.example.cn/reports/{report.pk}/" in body
    assert "林小满" not in body
    (attached,) = letter.iter_attachments()
    assert attached.get_filename() == "report-week-2026-10-05.xlsx"
    assert "人员" not in openpyxl.load_workbook(io.BytesIO(attached.get_content())).sheetnames


def test_a_report_that_fills_an_old_gap_is_not_told(cast):
    old = services.report_make(kind="week", back=3, actor=SYSTEM, at=MONDAY)
    told(old)
    assert not Notice.objects.exists()
