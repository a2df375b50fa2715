"""A customer's case on his pages: what he sees, what he may do, and what nobody else can."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.cases import services
from shounuo.cases.models import Case, Interaction
from shounuo.cases.testing import make_case, make_resolved
from shounuo.customers.services import customers_merge
from shounuo.files.models import File
from shounuo.files.services import blob_store, file_attach
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import sign_in_client
from shounuo.web.tests.desks import queries_of
from shounuo.web.tests.portal_world import (
    NASTY,
    PNG,
    case_path,
    is_clean,
    make_world,
    picture,
    regulation,
    sign_in,
    text_of,
    token_of,
)

pytestmark = pytest.mark.django_db
OPTIONS = [
    {"title": "换 3 吨新料", "time": "周一 10:30 前到", "cost": "您不用出钱", "pros": "旧料同车拉走", "cons": "须留人装卸"},
    {"title": "折价留用", "time": "1 个工作日到账", "cost": "退您 2,844 元", "recommended": True},
]  # fmt: skip
POSTS = ["reply/", "choose/", "confirm/", "dispute/"]


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def agent(world):
    return actor_for(world.cast.agent)


def add_file(case, *, internal=False, ref=None, name="化验单.png"):
    blob = blob_store(data=PNG, at=now())
    return file_attach(
        blob=blob,
        name=name,
        subject=("case", case.pk),
        ref=ref,
        internal=internal,
        actor=Actor.system(),
        at=now(),
    )


# ---- what he sees


def test_the_page_says_what_happens_who_has_it_and_what_was_said(world, agent, client: Client):
    services.reply_send(case_id=world.mine.pk, text="能换，周一送到。", actor=agent, at=now())
    services.eta_tell(case_id=world.mine.pk, expected_at=now() + timedelta(days=2), actor=agent, at=now())
    answer = client.get(world.path)
    text = text_of(answer)
    assert answer.status_code == 200 and is_clean(answer)
    for said in (
        str(world.mine.number),
        "育肥料 552 到货结块",
        "林小满 在办",
        "一组",
        "能换，周一送到。",
        "不敢喂",
    ):
        assert said in text, said
    for step in ("收到了", "林小满接手了", "告诉您预计时间", "正在办", "您确认"):
        assert step in text, step
    assert answer["Referrer-Policy"] == "no-referrer" and answer["X-Robots-Tag"] == "noindex"


def test_a_promise_is_shown_with_its_clause_and_due_time(world, client: Client):
    regulation()
    case = make_case(customer=world.customer, at=now())
    text = text_of(client.get(case_path(case)))
    assert "我们答应您" in text and " 前给您回复" in text
    assert "2.2.1" in text and "响应及时" in text and "30 分钟内给您回复" in text
    # what the house owes itself is not told: first judgement, records
    assert "初步判断" not in text.replace("告诉您初步判断", "") and "记录" not in text


def test_a_kept_promise_is_said_and_a_late_one_is_owned_up_to(world, agent, client: Client):
    regulation(now() - timedelta(days=30))
    past = now() - timedelta(days=10)
    late = make_case(customer=world.customer, owner=world.cast.agent, team=world.cast.team, at=past)
    assert "我们答应您，但晚了" in text_of(client.get(case_path(late)))
    services.reply_send(case_id=late.pk, text="抱歉，来晚了", then="resolve", actor=agent, at=now())
    assert re.search(r"\d+ 件里有 \d+ 件晚了", text_of(client.get(case_path(late))))


def test_nothing_internal_ever_stands_on_it(world, agent, client: Client):
    note = services.note_add(
        case_id=world.mine.pk,
        text="客户爱吵，先拖着 @周明",
        mentions=[world.cast.supervisor.pk],
        actor=agent,
        at=now(),
    )
    services.case_transfer(
        case_id=world.mine.pk,
        person_id=world.cast.supervisor.pk,
        reason="我搞不定这个人",
        actor=agent,
        at=now(),
    )
    boss = actor_for(world.cast.supervisor)
    services.case_accept(case_id=world.mine.pk, actor=boss, at=now())
    services.case_diagnose(case_id=world.mine.pk, text="内部判断：配方有误", actor=boss, at=now())
    services.tags_set(case_id=world.mine.pk, tags=["难缠"], actor=boss, at=now())
    services.case_wait(case_id=world.mine.pk, on="internal", reason="等法务点头", actor=boss, at=now())
    hidden = add_file(world.mine, internal=True, ref=note.pk, name="内部赔付底线.xlsx")
    body = client.get(world.path).content.decode()
    for secret in (
        "爱吵",
        "搞不定",
        "配方有误",
        "难缠",
        "法务",
        "赔付底线",
        "agent@example.cn",
        "supervisor@example.cn",
    ):
        assert secret not in body, secret
    assert client.get(f"{world.path}files/{hidden.pk}/").status_code == 404
    assert client.get(f"/files/{hidden.pk}/").status_code == 302


def test_what_was_typed_is_shown_as_text(world, agent, client: Client):
    services.reply_send(case_id=world.mine.pk, text=NASTY, html=f"<p>{NASTY}</p>", actor=agent, at=now())
    services.case_describe(case_id=world.mine.pk, subject=NASTY, actor=agent, at=now())
    services.plan_propose(
        case_id=world.mine.pk,
        options=[{"title": NASTY[:100], "pros": NASTY, "cost": NASTY[:50]}],
        actor=agent,
        at=now(),
    )
    add_file(world.mine, name=NASTY)
    answer = client.get(world.path)
    body = answer.content.decode()
    assert answer.status_code == 200 and is_clean(answer)
    assert "<script>alert" not in body and "<img src=x" not in body and "&lt;script&gt;" in body
    assert "14" not in re.findall(r"alert\(2\)&gt;(.{2})", body)


def test_queries_do_not_grow_with_what_was_said(world, agent, client: Client):
    regulation()

    def said(first, last):
        for n in range(first, last):
            services.reply_send(case_id=world.mine.pk, text=f"第 {n} 条", actor=agent, at=now())
            add_file(world.mine)
        return queries_of(client, world.path)

    assert said(0, 2) == said(2, 16) <= 15


# ---- what he may do


def test_he_writes_with_a_picture_and_finds_both(world, client: Client):
    answer = client.post(f"{world.path}reply/", {"text": "还有发霉的", "files": [picture()]})
    assert (answer.status_code, answer["Location"]) == (302, f"{world.path}?sent=reply#talk")
    said = Interaction.objects.filter(case=world.mine).latest("id")
    assert (said.direction, said.text, said.channel) == ("in", "还有发霉的", "form")
    file = File.objects.get(subject_kind="case", subject_id=world.mine.pk)
    assert (file.name, file.ref, file.internal) == ("料袋.png", said.pk, False)
    page = client.get(answer["Location"].partition("#")[0])
    assert (
        "发出了" in text_of(page) and f'data-draft-done="case-{world.mine.number}"' in page.content.decode()
    )
    shown = client.get(f"{world.path}files/{file.pk}/")
    assert shown.content == PNG and "sandbox" in shown["Content-Security-Policy"]


def test_an_empty_reply_is_refused_and_its_files_are_kept(world, client: Client):
    answer = client.post(f"{world.path}reply/", {"text": "   "})
    assert answer.status_code == 422 and "内容不能为空" in text_of(answer)
    answer = client.post(f"{world.path}reply/", {"text": "在吗", "files": [picture()], "file_ids": ["x.y.z"]})
    assert answer.status_code == 422 and "在吗" in answer.content.decode()
    assert Interaction.objects.filter(case=world.mine).count() == 1


def test_he_chooses_a_way_out_once(world, agent, client: Client):
    services.plan_propose(case_id=world.mine.pk, options=OPTIONS, then="wait", actor=agent, at=now())
    page = client.get(world.path)
    text = text_of(page)
    assert "请您选一个办法" in text and "退您 2,844 元" in text and "注意：须留人装卸" in text
    assert "就选“折价留用”" in text and "等您选办法" in text
    (plan,) = re.findall(r'name="plan" value="(\d+)"', page.content.decode())
    assert re.findall(r'name="option" value="(\d+)"', page.content.decode()) == ["1", "2"]
    for wrong in ({"plan": plan, "option": "99999"}, {"plan": plan}, {"option": "1"}, {}):
        assert client.post(f"{world.path}choose/", wrong).status_code == 422
    services.plan_propose(case_id=world.mine.pk, options=OPTIONS, then="wait", actor=agent, at=now())
    late = client.post(f"{world.path}choose/", {"plan": plan, "option": "1"})
    assert late.status_code == 409 and "方案有了改动，请看过新的再选" in text_of(late)
    (plan,) = re.findall(r'name="plan" value="(\d+)"', late.content.decode())
    answer = client.post(f"{world.path}choose/", {"plan": plan, "option": "1"})
    assert answer["Location"] == f"{world.path}?sent=choice#main"
    after = text_of(client.get(world.path))
    assert "您选好了" in after and "换 3 吨新料" in after and "请您选一个办法" not in after
    again = client.post(f"{world.path}choose/", {"plan": plan, "option": "2"})
    assert again.status_code == 409 and "没有等待选择的方案" in text_of(again)


def test_he_confirms_and_the_case_closes(world, client: Client):
    case = make_resolved(customer=world.customer, owner=world.cast.agent, team=world.cast.team, at=now())
    path = case_path(case)
    page = text_of(client.get(path))
    assert "问题解决了吗？" in page and "已补发三吨新料" in page and "自动关闭" in page
    assert "问题解决了吗？" in text_of(client.get(f"{path}confirm/"))
    assert client.post(f"{path}confirm/").status_code == 302
    case.refresh_from_db()
    assert (case.status, case.closed_how) == ("closed", "confirmed")
    assert client.get(f"{path}confirm/").status_code == 302
    assert client.post(f"{path}confirm/").status_code == 409


def test_he_disputes_with_reasons_and_pictures(world, client: Client):
    case = make_resolved(customer=world.customer, owner=world.cast.agent, team=world.cast.team, at=now())
    path = case_path(case)
    empty = client.post(f"{path}dispute/", {"reason": ["nonsense"]})
    assert empty.status_code == 422 and "请选一个原因" in text_of(empty)
    given = {"reason": ["again", "cost"], "text": "新料也发潮", "files": [picture()]}
    assert client.post(f"{path}dispute/", given).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.round) == ("open", 2)
    dispute = Interaction.objects.get(case=case, purpose="dispute")
    assert dispute.text == "又出现了、费用不对\n新料也发潮"
    assert File.objects.get(subject_id=case.pk).name == "料袋.png"


def test_a_word_on_a_closed_case_opens_it_again(world, client: Client):
    case = make_resolved(customer=world.customer, owner=world.cast.agent, team=world.cast.team, at=now())
    client.post(f"{case_path(case)}confirm/")
    assert "重新打开" in text_of(client.get(case_path(case)))
    client.post(f"{case_path(case)}reply/", {"text": "又坏了"})
    case.refresh_from_db()
    assert case.status == "open"


# ---- nobody else


@pytest.mark.parametrize("how", ["nothing", "expired", "tampered", "other_signature", "letters", "long"])
def test_a_link_that_is_not_ours_opens_nothing(world, client: Client, how):
    token = token_of(world.mine)
    head, _dot, sign = token.rpartition(".")
    tokens = {
        "nothing": "x",
        "expired": token_of(world.mine, at=now() - timedelta(days=181)),
        "tampered": f"{world.other.pk}.{world.stranger.pk}.{head.split('.')[2]}.{sign}",
        "other_signature": f"{head}.{token_of(world.other).rpartition('.')[2]}",
        "letters": "a.b.c.d",
        "long": "9" * 400,
    }
    for tail in ["", "files/1/", "received/"]:
        answer = client.get(f"/help/c/{tokens[how]}/{tail}")
        assert answer.status_code == 404 and "链接已失效" in text_of(answer)
    for tail in POSTS:
        assert client.post(f"/help/c/{tokens[how]}/{tail}", {"text": "嘿", "option": "1"}).status_code == 404
    assert Interaction.objects.count() == 2


def test_a_link_opens_its_own_case_only(world, client: Client):
    second = make_case("我的另一单", customer=world.customer, at=now())
    file = add_file(world.other)
    own = add_file(second)
    body = client.get(world.path).content.decode()
    assert "别人的" not in body and "我的另一单" not in body
    for other in (file, own):
        assert client.get(f"{world.path}files/{other.pk}/").status_code == 404
    assert client.get(f"/help/cases/{second.number}/")["Location"].startswith("/help/sign-in/")


def test_a_link_ends_when_the_case_goes_to_another_customer(world, agent, client: Client):
    path = world.path
    services.case_customer_set(case_id=world.mine.pk, customer_id=world.stranger.pk, actor=agent, at=now())
    assert client.get(path).status_code == 404


def test_a_link_follows_a_merge_of_customers(world, client: Client):
    path = world.path
    customers_merge(source_id=world.customer.pk, target_id=world.stranger.pk, actor=Actor.system(), at=now())
    answer = client.get(path)
    assert answer.status_code == 200 and "别人的" not in text_of(answer)


def test_a_staff_session_opens_no_customers_page_and_his_no_staff_page(world, client: Client):
    sign_in_client(client, world.cast.admin)
    assert client.get("/help/cases/")["Location"].startswith("/help/sign-in/")
    assert client.get(f"/help/cases/{world.mine.number}/").status_code == 302
    staff_key = client.cookies["shounuo"].value
    fresh = Client()
    fresh.cookies["shounuo_help"] = staff_key
    assert fresh.get("/help/cases/").status_code == 302
    fresh.post("/help/sign-out/")
    assert client.get("/me/").status_code == 200  # the staff session lives on
    theirs = Client()
    sign_in(theirs)
    theirs.cookies["shounuo"] = theirs.cookies["shounuo_help"].value
    assert theirs.get("/cases/").status_code == 302
    assert theirs.get(f"/customers/{world.customer.pk}/").status_code == 302


@pytest.mark.parametrize("tail", ["", "files/1/", *POSTS])
def test_cases_by_number_need_a_sign_in(world, client: Client, tail):
    path = f"/help/cases/{world.mine.number}/{tail}"
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 302 and answer["Location"].startswith("/help/sign-in/?next=")


@pytest.mark.parametrize("tail", ["", "files/1/", *POSTS])
def test_another_customers_case_is_not_there(world, client: Client, tail):
    sign_in(client)
    path = f"/help/cases/{world.other.number}/{tail}"
    method = client.post if tail in POSTS else client.get
    given = {"text": "我来插一句", "option": "1", "plan": "1", "reason": "other"}
    answer = method(path, given) if tail in POSTS else method(path)
    assert (
        answer.status_code == 404 and "没有找到" in text_of(answer) and "别人" not in answer.content.decode()
    )
    assert Interaction.objects.filter(case=world.other).count() == 1
    assert Case.objects.get(pk=world.other.pk).version == world.other.version


@pytest.mark.parametrize("tail", [*POSTS])
def test_acts_want_our_own_form(world, tail):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(f"{world.path}{tail}", {"text": "假的", "option": "1", "reason": "other"})
    assert answer.status_code == 403
    assert Interaction.objects.filter(case=world.mine).count() == 1


@pytest.mark.parametrize("tail", POSTS)
def test_a_reload_of_an_act_leads_back_to_the_page(world, client: Client, tail):
    path = world.path
    assert client.get(f"{path}{tail}")["Location"] == path
    assert client.delete(f"{path}{tail}").status_code == 405


def test_the_short_address_of_mails_leads_on(world, client: Client):
    token = token_of(world.mine)
    answer = client.get(f"/t/{token}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/help/c/{token}/")


def test_the_page_speaks_english_when_asked(world, client: Client):
    assert 'lang="zh-Hans"' in client.get(world.path).content.decode()
    assert 'lang="en"' in client.get(world.path, headers={"accept-language": "en"}).content.decode()
    answer = client.get("/help/language/en/", {"next": world.path})
    assert answer["Location"] == world.path
    assert 'lang="en"' in client.get(world.path).content.decode()
    assert client.get("/help/language/xx/").status_code == 404
    assert client.get("/help/language/en/", {"next": "https://evil.example/"})["Location"] == "/help/"
