"""Noting a call or a visit: found by number, what will start, what is said back, and nothing lost."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from shounuo.cases import services as case_services
from shounuo.cases.models import Case, Draft, Interaction
from shounuo.cases.testing import make_case, make_field, make_topic
from shounuo.commitments.models import Clock
from shounuo.customers import services as customers
from shounuo.customers.models import Customer
from shounuo.customers.testing import make_customer
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web.phone.foresee import Opening, foresee
from shounuo.web.tests.portal_world import NASTY, is_clean, regulation, text_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
PARTS = ["match/", "pick/", "preview/", "draft/", "discard/"]
CALL = {
    "phone": "138 0394 6721", "name": "宋建国", "region": "河南 周口 西华", "kind": "aftersales", "title": "3 号舍环控器离线",
    "text": "早上九点多屏幕黑了，断电重启没用", "topic": "", "level": "L3", "complexity": "", "assign": "me",
    "said": "您说环控器黑屏，对吗？", "composed": "", "confirmed": "yes", "more": "", "nonce": "n-1",
}  # fmt: skip


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast()


@pytest.fixture
def agent(cast, client: Client):
    sign_in_client(client, cast.agent)
    return client


def note(client, channel="phone", **changes):
    return client.post(f"/cases/new/{channel}/", CALL | changes)


# ---- who may


@pytest.mark.parametrize("channel", ["phone", "visit"])
@pytest.mark.parametrize("part", ["", *PARTS])
def test_only_those_who_handle_cases_get_in(cast, channel, part):
    path = f"/cases/new/{channel}/{part}"
    anonymous = Client()
    for answer in (anonymous.get(path), anonymous.post(path, CALL)):
        assert answer.status_code == 302 and "/signin/" in answer["Location"]
    for who, may in (("nobody", False), ("agent", True), ("outsider", True), ("manager", True)):
        client = Client()
        sign_in_client(client, getattr(cast, who))
        expected = (405 if part else 200) if may else 403
        assert client.get(path).status_code == expected, who
    viewer = Client()
    sign_in_client(viewer, make_person("viewer", roles=("viewer",)))
    assert viewer.post(path, CALL).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    sign_in_client(strict, cast.agent)
    assert strict.post(path, CALL).status_code == 403
    assert not Case.objects.exists() and not Draft.objects.exists()


# ---- found by number


def test_the_number_finds_the_customer_as_it_is_typed(cast, agent):
    song = make_customer("宋建国", phone="13803946721", company="兴旺家庭农场")
    make_customer("宋丽", phone="13803946755")
    make_customer("钱多多", phone="13911112222")
    make_case(customer=song, team=cast.team)
    answer = agent.post("/cases/new/phone/match/", {"phone": "138 0394 67"})
    text = text_of(answer)
    assert "宋建国" in text and "宋丽" in text and "钱多多" not in text and "未结 1" in text
    body = answer.content.decode()
    assert "<mark>138039467</mark>21" in body  # the rest of a number that a mask shows anyway
    short = agent.post("/cases/new/phone/match/", {"phone": "1380"}).content.decode()
    assert "<mark>1380</mark>***6721" in short and "13803946721" not in short
    tail = agent.post("/cases/new/phone/match/", {"phone": "6721"}).content.decode()
    assert "138****<mark>6721</mark>" in tail
    assert "<li" not in agent.post("/cases/new/phone/match/", {"phone": "13"}).content.decode()
    assert "<li" not in agent.post("/cases/new/phone/match/", {}).content.decode()


def test_queries_of_the_parts_do_not_grow(cast, agent, django_assert_max_num_queries):
    song = make_customer("宋建国", phone="13803946700", company="农场")
    for n in range(1, 9):
        other = make_customer(f"客户{n}", phone=f"1380394670{n}", company=f"农场{n}")
        make_case(customer=other, team=cast.team)
        make_case(customer=song, team=cast.team)
    given = CALL | {"customer": str(song.pk)}
    agent.get("/cases/new/phone/")
    with django_assert_max_num_queries(9):
        agent.post("/cases/new/phone/match/", given)
    with django_assert_max_num_queries(16):
        agent.post("/cases/new/phone/preview/", given)
    with django_assert_max_num_queries(22):
        agent.get("/cases/new/phone/")


def test_picking_fills_in_who_he_is_and_what_waits(cast, agent):
    song = make_customer("宋建国", phone="13803946721", company="兴旺家庭农场")
    customers.customer_change(
        customer_id=song.pk, region="西华", segment="vip", title="场长", actor=SYSTEM, at=AT
    )
    case = make_case("育肥料结块", customer=song, owner=cast.agent, team=cast.team, at=now())
    answer = agent.post("/cases/new/phone/pick/", CALL | {"customer": str(song.pk), "name": "", "region": ""})
    text, body = text_of(answer), answer.content.decode()
    assert "兴旺家庭农场 · 场长" in text and "来单 1 件，未结 1 件" in text and "重点" in text
    assert 'value="宋建国"' in body and 'value="西华"' in body and 'value="138 0394 6721"' in body
    assert re.search(rf'name="customer" value="{song.pk}" checked', body)
    assert answer["HX-Trigger-After-Settle"] == "sn:picked"
    aside = agent.post("/cases/new/phone/preview/", CALL | {"customer": str(song.pk)})
    assert "育肥料结块" in text_of(aside) and "他还有一单在等您回复" in text_of(aside)
    assert f"/cases/{case.number}/" in aside.content.decode()
    again = agent.post("/cases/new/phone/pick/", CALL | {"customer": "", "picked": str(song.pk)})
    assert 'value="宋建国"' not in again.content.decode() and "138 0394 6721" in again.content.decode()
    typed = agent.post("/cases/new/phone/pick/", CALL | {"customer": ""})
    assert 'value="宋建国"' in typed.content.decode()


def test_cases_of_other_teams_are_not_told(cast, agent):
    song = make_customer("宋建国", phone="13803946721")
    make_case("二组的秘密", customer=song, team=cast.other_team)
    given = CALL | {"customer": str(song.pk)}
    for part in ("match/", "pick/", "preview/"):
        text = text_of(agent.post(f"/cases/new/phone/{part}", given))
        assert "秘密" not in text and "未结" not in text


def test_nobody_without_the_right_to_see_customers_finds_one(cast):
    from shounuo.staff import services

    services.role_create(code="worker", name="只办单", permissions=["cases.work"], actor=SYSTEM, at=AT)
    client = Client()
    sign_in_client(client, make_person("worker", roles=("worker",)))
    song = make_customer("宋建国", phone="13803946721")
    assert "宋建国" not in text_of(client.post("/cases/new/phone/match/", {"phone": "13803946721"}))
    assert "checked" not in client.post("/cases/new/phone/pick/", {"customer": str(song.pk)}).content.decode()


# ---- what will start, what is said back


@pytest.mark.parametrize("level", ["", "L3"])
@pytest.mark.parametrize("complexity", ["", "simple", "general", "complex"])
@pytest.mark.parametrize("assign", ["me", "team", "person"])
@pytest.mark.parametrize("kind", ["inquiry", "complaint", "praise"])
def test_what_is_foreseen_is_what_starts(cast, kind, assign, complexity, level):
    regulation()
    at = now()
    me = cast.agent
    actor = cast.actor(me)
    owner = {"me": me, "team": None, "person": cast.outsider}[assign]
    team = {"me": cast.team, "team": cast.other_team, "person": cast.other_team}[assign]
    opening = Opening(
        "phone",
        kind,
        level,
        complexity,
        team=team.code,
        owner_id=owner.pk if owner else None,
        owner_is_me=assign == "me",
    )
    case, _first = case_services.case_open(
        channel="phone",
        subject="环控器离线",
        text="黑屏",
        customer_id=make_customer().pk,
        kind=kind,
        level=level,
        complexity=complexity,
        team_id=team.pk,
        owner_id=owner.pk if owner else None,
        answered=True,
        actor=actor,
        at=at,
    )
    started = {(c.rule_id, c.due_at, c.met_at is not None) for c in Clock.objects.filter(subject_id=case.pk)}
    assert {(f.rule.id, f.due_at, f.kept) for f in foresee(opening, at)} == started and started


@pytest.mark.parametrize("topic", [False, True])
def test_what_is_foreseen_of_a_form_is_what_starts(cast, topic):
    regulation()
    at, customer = now(), make_customer()
    chosen = make_topic("feed") if topic else None
    case, _first = case_services.case_open(
        channel="form",
        subject="结块",
        text="结块",
        customer_id=customer.pk,
        topic_id=chosen.pk if chosen else None,
        actor=Actor.customer(customer.pk),
        at=at,
    )
    foreseen = foresee(Opening("form", topic=("feed",) if topic else (), by_staff=False), at)
    started = {(c.rule_id, c.due_at, c.met_at is not None) for c in Clock.objects.filter(subject_id=case.pk)}
    assert {(f.rule.id, f.due_at, f.kept) for f in foreseen} == started and started


def test_the_aside_follows_the_typing(cast, agent):
    regulation()
    mine = text_of(agent.post("/cases/new/phone/preview/", CALL))
    assert "接通即守" in mine and "2.2.1" in mine and "初步诊断" not in mine
    given = CALL | {"assign": f"team:{cast.other_team.pk}", "complexity": "general", "said": ""}
    answer = agent.post("/cases/new/phone/preview/", given)
    text = text_of(answer)
    assert "查收确认" in text and "15 分钟" in text and "方案或初步诊断" in text and "4 小时" in text
    said = re.search(r'name="said"[^>]*>([^<]*)<', answer.content.decode())[1]
    assert said == (
        "宋建国，您说的是：3 号舍环控器离线；早上九点多屏幕黑了，断电重启没用。我按最急的转给二组，15 分钟内有人接手，对吗？"
    )
    visit = text_of(agent.post("/cases/new/visit/preview/", CALL))
    assert "当面即守" in visit


def test_a_sentence_in_ones_own_words_stays(agent):
    composed = "您说的是：甲。这件事我来办，对吗？"
    own = CALL | {"said": "我自己的话", "composed": composed}
    assert ">我自己的话<" in agent.post("/cases/new/phone/preview/", own).content.decode()
    made = CALL | {"said": composed, "composed": composed}
    assert "3 号舍环控器离线" in agent.post("/cases/new/phone/preview/", made).content.decode()


def test_own_fields_change_with_the_kind_only(agent):
    make_field("device", label="设备型号", kinds=["aftersales"])
    first = agent.post("/cases/new/phone/preview/", CALL)
    assert "设备型号" in text_of(first) and 'id="own" hx-swap-oob' in first.content.decode()
    again = agent.post("/cases/new/phone/preview/", CALL | {"own_device": "EC-300"})
    assert 'id="own"' not in again.content.decode()
    other = agent.post("/cases/new/phone/preview/", CALL | {"kind": "praise", "own_device": "EC-300"})
    assert 'id="own"' in other.content.decode() and "设备型号" not in text_of(other)


# ---- the case


def test_a_call_becomes_a_case_that_is_answered_and_taken(cast, agent):
    regulation()
    make_field("device", label="设备型号", kinds=["aftersales"])
    topic = make_topic("env", "环控设备")
    answer = note(agent, topic=str(topic.pk), own_device="EC-300")
    case = Case.objects.get()
    assert answer["Location"] == f"/cases/{case.number}/"
    assert (case.channel, case.kind, case.level, case.owner, case.status) == (
        "phone",
        "aftersales",
        "L3",
        cast.agent,
        "open",
    )
    assert (case.topic, case.custom, case.subject) == (topic, {"device": "EC-300"}, "3 号舍环控器离线")
    assert case.first_response_at == case.opened_at and not case.unanswered
    song = case.customer
    assert (song.name, song.region, song.contact_points.get().value) == (
        "宋建国",
        "河南 周口 西华",
        "13803946721",
    )
    first, repeat = Interaction.objects.filter(case=case).order_by("id")
    assert (first.direction, first.text) == ("in", CALL["text"])
    assert (
        repeat.direction == "note" and "您说环控器黑屏，对吗？" in repeat.text and "客户说对" in repeat.text
    )
    assert Clock.objects.get(subject_id=case.pk, commitment="first-response").met_at is not None
    assert agent.get(answer["Location"]).status_code == 200


def test_what_he_adds_stands_below_his_words(agent):
    refused = note(agent, confirmed="more")
    assert refused.status_code == 422 and "请写下他补充了什么" in text_of(refused)
    note(agent, confirmed="more", more="备用风机能手动开")
    first = Interaction.objects.get(direction="in")
    assert first.text == f"{CALL['text']}\n\n补充：备用风机能手动开"


def test_a_visit_is_one_too(agent):
    assert "登记来访" in text_of(agent.get("/cases/new/visit/"))
    note(agent, "visit", phone="", name="李大山")
    case = Case.objects.get()
    assert (case.channel, case.customer.name) == ("visit", "李大山")


def test_the_form_sent_twice_is_one_case(agent):
    assert note(agent)["Location"] == note(agent)["Location"]
    assert Case.objects.count() == 1


def test_htmx_is_sent_on_by_header_and_gets_the_form_back(agent):
    done = agent.post("/cases/new/phone/", CALL, headers={"hx-request": "true"})
    assert done.status_code == 204 and done["HX-Redirect"] == f"/cases/{Case.objects.get().number}/"
    refused = agent.post(
        "/cases/new/phone/", CALL | {"title": "", "nonce": "n-2"}, headers={"hx-request": "true"}
    )
    assert refused.status_code == 422 and 'id="phone-form"' in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": ""}, "请选类型"),
        ({"kind": "hack"}, "hack"),
        ({"title": ""}, "这个字段是必填项"),
        ({"text": ""}, "这个字段是必填项"),
        ({"phone": "", "name": ""}, "请填电话或姓名"),
        ({"phone": "12"}, "这不是电话号码"),
        ({"confirmed": ""}, "请先向客户复述"),
        ({"assign": "person:999999"}, "person:999999"),
        ({"topic": "999999"}, "999999"),
        ({"customer": "999999"}, "没有这个客户"),
        ({"own_since": "昨天"}, "须是日期"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_loses_nothing(agent, changes, said):
    make_field("since", label="哪天开始", type="date")
    answer = note(agent, **changes)
    body = answer.content.decode()
    assert answer.status_code == 422 and said in body
    for name in ("phone", "name", "region", "title", "text", "said"):
        typed = (CALL | changes)[name]
        assert not typed or typed in body, name
    assert 'value="L3" checked' in body and not Case.objects.exists() and not Customer.objects.exists()


def test_it_goes_to_a_team_or_a_colleague(cast, agent):
    note(agent, assign=f"person:{cast.supervisor.pk}")
    case = Case.objects.get()
    assert (case.owner, case.status, case.accepted_at) == (cast.supervisor, "new", None)
    answer = note(agent, assign=f"team:{cast.other_team.pk}", nonce="n-2", level="")
    other = Case.objects.latest("id")
    assert (other.owner, other.team) == (None, cast.other_team)
    assert answer["Location"] == "/cases/"  # out of sight: it is theirs now
    repeat = Interaction.objects.get(case=other, direction="note")
    assert "林小满登记" in repeat.text
    assert note(agent, assign=f"person:{cast.nobody.pk}", nonce="n-3").status_code == 422


def test_a_picked_customer_keeps_his_name_and_gets_what_is_new(cast, agent):
    song = make_customer("宋建国", phone="13803946721")
    note(agent, customer=str(song.pk), phone="13911112222", name="冒名", region="西华")
    song.refresh_from_db()
    assert (song.name, song.region, Case.objects.get().customer) == ("宋建国", "西华", song)
    assert set(song.contact_points.values_list("value", flat=True)) == {"13803946721", "13911112222"}
    note(agent, customer=str(song.pk), phone="0394 6721", nonce="n-2")
    assert song.contact_points.count() == 2  # part of his own number
    make_customer("钱多多", phone="13700000001")
    note(agent, customer=str(song.pk), phone="13700000001", nonce="n-3")
    assert song.contact_points.count() == 2 and Case.objects.filter(customer=song).count() == 3


def test_who_may_not_edit_customers_fills_only_what_is_empty(cast):
    client = Client()
    sign_in_client(client, make_person("tech", roles=("tech_support",), teams=(cast.team,)))
    note(client)
    song = Customer.objects.get()
    assert song.region == "河南 周口 西华"
    note(client, region="别处", nonce="n-2")
    song.refresh_from_db()
    assert song.region == "河南 周口 西华" and Case.objects.count() == 2


def test_an_erased_customer_cannot_be_picked(agent):
    song = make_customer("宋建国", phone="13803946721")
    customers.customer_erase(customer_id=song.pk, actor=SYSTEM, at=AT)
    answer = note(agent, customer=str(song.pk))
    assert answer.status_code == 422 and not Case.objects.exists()


# ---- drafts


def test_what_is_typed_is_kept_for_its_writer_alone(cast, agent):
    page = agent.get("/cases/new/phone/").content.decode()
    url = re.search(r'data-draft-url="([^"]+)"', page)[1]
    assert agent.post(url, CALL).status_code == 204
    draft = Draft.objects.get()
    assert (draft.person, draft.case, draft.mode) == (cast.agent, None, "phone") and "nonce" not in draft.body
    again = agent.get("/cases/new/phone/").content.decode()
    assert (
        "断电重启没用" in again
        and "草稿已存" in again
        and ">您说环控器黑屏，对吗？<" in again
        and 'value="aftersales" checked' in again
    )
    assert "断电重启没用" not in agent.get("/cases/new/visit/").content.decode()
    other = Client()
    sign_in_client(other, cast.outsider)
    assert "断电重启没用" not in other.get("/cases/new/phone/").content.decode()


def test_a_form_that_was_sent_or_given_up_leaves_no_draft(agent):
    page = agent.get("/cases/new/phone/").content.decode()
    draft = re.search(r'data-draft-url="([^"]+)"', page)[1]
    discard = re.search(r'hx-post="([^"]+discard[^"]+)"', page)[1]
    agent.post(draft, CALL)
    assert agent.post(discard, headers={"hx-request": "true"})["HX-Redirect"] == "/cases/"
    agent.post(draft, CALL)  # what the page saves as it closes
    assert not Draft.objects.exists()
    fresh = agent.get("/cases/new/phone/").content.decode()
    draft = re.search(r'data-draft-url="([^"]+)"', fresh)[1]
    agent.post(draft, CALL)
    note(agent, nonce=re.search(r'name="nonce" value="([^"]+)"', fresh)[1])
    agent.post(draft, CALL)
    assert not Draft.objects.exists() and Case.objects.count() == 1


def test_hostile_words_are_only_words(cast, agent):
    regulation()
    nasty = make_customer(NASTY, phone="13803946721", company=NASTY[:100])
    given = CALL | {
        "title": NASTY,
        "text": NASTY,
        "region": NASTY[:100],
        "said": NASTY,
        "customer": str(nasty.pk),
    }
    for part in ("match/", "pick/", "preview/", "draft/"):
        answer = agent.post(f"/cases/new/phone/{part}", given)
        assert "<script>alert" not in answer.content.decode() and "<img src=x" not in answer.content.decode()
    page = agent.get("/cases/new/phone/")
    assert is_clean(page) and "<script>alert" not in page.content.decode()
    note(agent, **given)
    assert agent.get(f"/cases/{Case.objects.get().number}/").status_code == 200


def test_no_event_carries_what_was_typed(agent):
    note(agent)
    told = " ".join(str(e.payload) for e in Event.objects.filter(at__gte=now() - timedelta(hours=1)))
    for typed in ("宋建国", "13803946721", "环控器", "西华"):
        assert typed not in told
