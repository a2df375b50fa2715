"""Asking for something on the customer's pages, signing in, and the list of one's cases."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.cases.models import Case
from shounuo.cases.services import custom_set
from shounuo.cases.testing import make_case, make_field
from shounuo.customers.models import Customer
from shounuo.customers.services import contact_remove
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices.testing import clear_outbox, outbox
from shounuo.web.portal import uploads
from shounuo.web.tests.portal_world import (
    NASTY,
    PNG,
    is_clean,
    mailed_code,
    make_world,
    picture,
    regulation,
    sign_in,
    text_of,
)

pytestmark = pytest.mark.django_db
ASKED = {
    "kind": "aftersales", "title": "环控器黑屏", "text": "早上九点多屏幕黑了", "name": "李大山",
    "phone": "13912345678", "mail": "dashan@example.cn", "website": "", "nonce": "n-1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def world():
    return make_world()


def ask(client, **changes):
    return client.post("/help/new/", ASKED | changes)


@pytest.mark.parametrize("path", ["/help/", "/help/new/", "/help/new/?kind=complaint", "/help/sign-in/"])
def test_the_open_pages_answer_anyone(client: Client, path):
    answer = client.get(path)
    assert answer.status_code == 200 and is_clean(answer)
    assert client.put(path).status_code == 405


def test_who_works_here_and_comes_by_the_bare_address_finds_the_way_in(client: Client):
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0] == "/help/"
    assert '<a href="/signin/">员工登录</a>' in page.content.decode()
    assert client.get("/signin/").status_code == 200


def test_a_request_becomes_a_case_and_leads_to_its_page(client: Client):
    regulation()
    page = client.get("/help/new/")
    assert "收到后 30 分钟内给您回复。" in text_of(page) and 'name="nonce"' in page.content.decode()
    answer = ask(client, files=[picture()])
    assert answer.status_code == 302 and answer["Location"].endswith("/received/")
    case = Case.objects.latest("id")
    assert (case.channel, case.kind, case.subject, case.customer.name) == (
        "form",
        "aftersales",
        "环控器黑屏",
        "李大山",
    )
    assert File.objects.get(subject_id=case.pk).name == "料袋.png"
    thanks = client.get(answer["Location"])
    assert str(case.number) in text_of(thanks) and "前给您回复" in text_of(thanks)
    assert 'data-draft-done="new"' in thanks.content.decode()
    progress = re.search(r'href="(/help/c/[^"]+)"', thanks.content.decode())[1]
    assert "环控器黑屏" in text_of(client.get(progress))


def test_the_same_form_twice_is_one_case(client: Client):
    assert ask(client)["Location"] == ask(client)["Location"]
    assert Case.objects.filter(subject="环控器黑屏").count() == 1


def test_a_changed_form_after_going_back_can_be_sent_again(client: Client):
    ask(client)
    again = ask(client, text="还有风机也停了")
    assert again.status_code == 409 and "刚才发出过一次" in text_of(again)
    nonce = re.search(r'name="nonce" value="([^"]+)"', again.content.decode())[1]
    assert nonce != "n-1" and ask(client, text="还有风机也停了", nonce=nonce).status_code == 302
    assert Case.objects.filter(subject="环控器黑屏").count() == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "这个字段是必填项"),
        ({"text": " "}, "这个字段是必填项"),
        ({"mail": "dashan@"}, "邮箱地址不完整"),
        ({"phone": "12"}, "电话号码无法识别"),
        ({"mail": "", "phone": ""}, "请留下邮箱或电话"),
        ({"kind": "hack"}, "hack"),
        ({"website": "http://spam.example"}, "请把“网址”一栏清空再发"),
        ({"file_ids": ["e3b0.1.eA.99999999999.x"]}, "附件已失效"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_loses_nothing(client: Client, changes, said):
    answer = ask(client, **changes)
    body = answer.content.decode()
    assert answer.status_code == 422 and said in body
    for name in ("title", "text", "name", "phone", "mail"):
        typed = (ASKED | changes)[name]
        assert not typed.strip() or typed in body, name
    assert not Case.objects.filter(customer__name="李大山").exists()


def test_files_survive_an_error_in_the_form(client: Client):
    answer = ask(client, title="", files=[picture("一.png"), picture("二.png")])
    tickets = re.findall(r'name="file_ids" value="([^"]+)" checked', answer.content.decode())
    assert len(tickets) == 2 and "一.png" in text_of(answer)
    assert ask(client, file_ids=tickets[:1]).status_code == 302
    case = Case.objects.latest("id")
    assert [f.name for f in File.objects.filter(subject_id=case.pk)] == ["一.png"]


def test_a_file_is_kept_while_the_form_is_written(client: Client):
    answer = client.post("/help/upload/", {"file": picture("卸货.png")})
    got = answer.json()
    assert (got["name"], got["size"]) == ("卸货.png", len(PNG))
    assert ask(client, file_ids=[got["id"]]).status_code == 302
    assert File.objects.get().name == "卸货.png"
    assert client.get("/help/upload/").status_code == 405
    assert client.post("/help/upload/", {}, headers={"accept": "application/json"}).status_code == 422
    assert Client(enforce_csrf_checks=True).post("/help/upload/", {"file": picture()}).status_code == 403


def test_tickets_end_and_cannot_be_made(client: Client):
    at = now()
    kept = uploads.keep(picture(), address="203.0.113.9", at=at)
    assert uploads.kept(kept.id, at).name == "料袋.png"
    other = kept.id.replace(kept.id.partition(".")[0], "0" * 64)
    for bad in (other, kept.id + "x", "", "....", "a.b.c.d.e"):
        with pytest.raises(uploads.Invalid):
            uploads.kept(bad, at)
    with pytest.raises(uploads.Invalid):
        uploads.kept(kept.id, at + uploads.LIVES)


def test_uploads_and_requests_from_one_address_have_limits(client: Client, monkeypatch):
    monkeypatch.setattr(uploads, "AN_HOUR", 2)
    codes = [client.post("/help/upload/", {"file": picture()}).status_code for _n in range(3)]
    assert codes == [200, 200, 429]
    for n in range(20):
        assert ask(client, nonce=f"n-{n}").status_code == 302
    last = ask(client, nonce="n-last", title="第二十一张")
    assert (
        last.status_code == 429 and "发得太频繁了" in text_of(last) and "第二十一张" in last.content.decode()
    )


def test_own_fields_of_the_kind_come_with_it(client: Client):
    make_field("device", label="设备型号", kinds=["aftersales"], public=True)
    make_field("since", label="哪天开始", type="date", kinds=["aftersales"], public=True)
    make_field("bill", label="发票抬头", kinds=["request"], public=True)
    make_field("fault", label="责任方", kinds=["aftersales"])
    assert "设备型号" not in text_of(client.get("/help/new/?kind=inquiry"))
    asked = text_of(client.get("/help/new/?kind=aftersales"))
    assert "设备型号" in asked and "责任方" not in asked
    part = client.get("/help/new/fields/", {"kind": "request", "own_bill": "守诺牧业"})
    assert (
        "发票抬头" in text_of(part)
        and "守诺牧业" in part.content.decode()
        and "<html" not in part.content.decode()
    )
    wrong = ask(client, own_device="EC-300", own_since="昨天")
    assert wrong.status_code == 422 and "须是日期" in text_of(wrong) and "EC-300" in wrong.content.decode()
    sent = ask(
        client,
        own_device="EC-300",
        own_since="2026-10-09",
        own_bill="不该收",
        own_fault="厂家",
        kind="aftersales",
    )
    assert Case.objects.latest("id").custom == {"device": "EC-300", "since": "2026-10-09"}
    page = client.get(sent["Location"].removesuffix("received/"))
    assert "设备型号 EC-300 哪天开始 2026年10月9日" in text_of(page)


def test_the_progress_page_shows_of_the_own_fields_those_that_are_public(world, client: Client):
    make_field("device", label="设备型号", public=True)
    make_field("warm", label="还在保修", type="bool", public=True)
    make_field("heads", label="存栏", type="number", public=True)
    make_field("empty", label="没填的", public=True)
    make_field("gone", label="停用的", public=True, active=False)
    make_field("fault", label="责任方")
    values = {"device": NASTY, "warm": False, "heads": 12600, "fault": "物流"}
    custom_set(case_id=world.mine.pk, values=values, actor=Actor.system(), at=now())
    sign_in(client)
    page = client.get(f"/help/cases/{world.mine.number}/")
    said = text_of(page)
    assert "还在保修 否" in said and "存栏 12,600" in said and "设备型号" in said
    assert is_clean(page) and "<script>alert" not in page.content.decode()
    assert not any(word in said for word in ("责任方", "物流", "没填的", "停用的"))


def test_hostile_words_are_only_words(client: Client):
    answer = ask(client, title=NASTY, text=NASTY, name=NASTY, mail="")
    page = client.get(answer["Location"].replace("received/", ""))
    assert page.status_code == 200 and is_clean(page) and "<script>alert" not in page.content.decode()
    wrong = ask(client, title=NASTY, text="", nonce="n-2")
    assert is_clean(wrong) and "<script>alert" not in wrong.content.decode()


def test_a_strangers_form_never_joins_a_customer_found_by_phone(world, client: Client):
    ask(client, phone="13803946721")
    assert Case.objects.latest("id").customer_id != world.customer.pk


# ---- signing in


def test_a_mailed_code_opens_ones_own_cases(world, client: Client):
    sign_in(client)
    page = client.get("/help/cases/")
    assert "育肥料 552 到货结块" in text_of(page) and "别人的单" not in text_of(page) and is_clean(page)
    assert client.get(f"/help/cases/{world.mine.number}/").status_code == 200
    home = text_of(client.get("/help/"))
    assert "song@example.cn 登录" in home and "育肥料" in home
    assert client.get("/help/sign-in/")["Location"] == "/help/cases/"
    cookie = client.cookies["shounuo_help"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/help/", True, "Lax")
    client.post("/help/sign-out/")
    client.cookies["shounuo_help"] = cookie.value
    assert client.get("/help/cases/").status_code == 302


def test_who_is_signed_in_is_not_asked_who_he_is(world, client: Client):
    sign_in(client)
    assert 'name="mail"' not in client.get("/help/new/").content.decode()
    given = {k: v for k, v in ASKED.items() if k not in ("name", "phone", "mail")}
    client.post("/help/new/", given | {"mail": "qian@example.cn"})
    assert Case.objects.latest("id").customer_id == world.customer.pk


def test_every_address_has_the_same_answer(client: Client):
    def body(mail):
        answer = client.post("/help/sign-in/", {"mail": mail})
        text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", answer.content.decode())
        return answer.status_code, text.replace(mail, "")

    assert body("song@example.cn") == body("nobody@example.cn")
    wrong = [
        client.post("/help/sign-in/code/", {"mail": m, "code": "000000"})
        for m in ("song@example.cn", "x@example.cn")
    ]
    assert {a.status_code for a in wrong} == {403}
    assert all("验证码不对或已过期" in text_of(a) for a in wrong)
    assert client.post("/help/sign-in/", {"mail": "kein"}).status_code == 422


def test_a_code_opens_once_and_for_its_own_address(client: Client):
    client.post("/help/sign-in/", {"mail": "song@example.cn"})
    code = mailed_code()
    assert client.post("/help/sign-in/code/", {"mail": "qian@example.cn", "code": code}).status_code == 403
    assert client.post("/help/sign-in/code/", {"mail": "song@example.cn", "code": code}).status_code == 302
    assert Client().post("/help/sign-in/code/", {"mail": "song@example.cn", "code": code}).status_code == 403


def test_signing_in_makes_a_fresh_session(client: Client):
    client.cookies["shounuo_help"] = "planted-by-someone-else-000000000"
    sign_in(client)
    first = client.cookies["shounuo_help"].value
    assert first != "planted-by-someone-else-000000000"
    sign_in(client)
    assert client.cookies["shounuo_help"].value != first


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/settings/", "/help/../me/", "/help\\..", ""]
)
def test_signing_in_leads_nowhere_else(client: Client, wanted):
    client.post("/help/sign-in/", {"mail": "song@example.cn", "next": wanted})
    answer = client.post(
        "/help/sign-in/code/", {"mail": "song@example.cn", "code": mailed_code(), "next": wanted}
    )
    assert answer["Location"] == "/help/cases/"


def test_codes_are_asked_for_a_few_times_an_hour(client: Client):
    clear_outbox()
    answers = [client.post("/help/sign-in/", {"mail": "song@example.cn"}) for _n in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert "song@example.cn" in answers[-1].content.decode()
    run_jobs(now())
    assert len(outbox) == 5


def test_an_address_that_is_taken_away_signs_out(world, client: Client):
    sign_in(client)
    point = world.customer.contact_points.get(kind="mail")
    contact_remove(customer_id=world.customer.pk, contact_id=point.pk, actor=Actor.system(), at=now())
    assert client.get("/help/cases/").status_code == 302


def test_a_number_leads_to_its_case_for_its_customer_alone(world, client: Client):
    path = f"/help/cases/{world.mine.number}/"
    assert client.get("/help/find/", {"number": f"#{world.mine.number}"})["Location"] == path
    assert client.get(path)["Location"].startswith("/help/sign-in/?next=%2Fhelp%2Fcases%2F")
    assert "单号是一串数字" in text_of(client.get("/help/find/", {"number": "abc"}))
    sign_in(client)
    assert client.get(path).status_code == 200
    missing, foreign = client.get("/help/cases/999999/"), client.get(f"/help/cases/{world.other.number}/")
    assert missing.status_code == foreign.status_code == 404


def test_the_list_goes_by_pages_with_the_same_queries(world, client: Client, django_assert_max_num_queries):
    at = now() - timedelta(days=3)
    for n in range(34):
        make_case(f"第 {n} 单", customer=world.customer, at=at + timedelta(minutes=n))
    sign_in(client)
    with django_assert_max_num_queries(6):
        first = client.get("/help/cases/")
    onward = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    with django_assert_max_num_queries(6):
        second = client.get(onward)
    assert first.content.decode().count("/help/cases/1") == 30 and second.content.decode().count("第 ") == 5
    assert Customer.objects.count() == 2
