"""Every act of a case: done from its page, refused at its field with everything typed kept."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shounuo.cases import services
from shounuo.cases.models import Case, Interaction, Mention, Merge
from shounuo.cases.testing import make_case, make_field, make_topic
from shounuo.channels.testing import make_mailbox
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.staff.testing import make_person
from shounuo.web.desk.acts import ACTS, PLAIN
from shounuo.web.desk.writing import mentioned
from shounuo.web.tests.desks import clock_of, last_message, make_house, received
from shounuo.web.tests.portal_world import text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def agent(house):
    return house.client(house.cast.agent)


@pytest.fixture
def supervisor(house):
    return house.client(house.cast.supervisor)


def on(case):
    """Headers of a request that htmx sends from the case's page."""
    return HTMX | {"HX-Current-URL": f"https://kefu.example.cn/cases/{case.number}/?view=mine"}


def soon(hours=24):
    return timezone.localtime(now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def fresh_of(case):
    return Case.objects.get(pk=case.pk)


def is_refused(answer, typed=""):
    """422 with the error in words; what was typed stands in the form."""
    body = answer.content.decode()
    assert answer.status_code == 422, body[:300]
    assert "sn-err" in body or "is-breach" in body
    assert typed in body
    return True


# -- acts with a form ------------------------------------------------------------------------------------------------
def given(house):
    """What is typed into each dialog, and what is on the case afterwards."""
    topic = make_topic("feed", "饲料")
    other = make_case("另一张", customer=house.customer, team=house.cast.team, at=house.at)
    supervisor, team = house.cast.supervisor.pk, house.cast.team.pk
    return {
        "assign": ({"team": "", "person": supervisor}, lambda c: (c.owner_id, c.team_id) == (supervisor, team)),
        "transfer": (
            {"person": supervisor, "team": "", "reason": "请看设备"},
            lambda c: c.owner_id == supervisor and c.transfer_count == 1,
        ),
        "classify": (
            {"kind": "complaint", "level": "L2", "severity": "serious", "priority": "high", "topic": topic.pk},
            lambda c: (c.kind, c.level, c.severity, c.topic_id) == ("complaint", "L2", "serious", topic.pk),
        ),
        "diagnose": ({"text": "运输受潮"}, lambda c: c.diagnosis == "运输受潮"),
        "eta": ({"expected": soon(), "text": "明天答复"}, lambda c: c.expected_at > now()),
        "warn": ({"expected": soon(), "text": "厂家还没回"}, lambda c: last_message(c).text.startswith("厂家还没回")),
        "wait": ({"on": "customer", "reason": "等磅单"}, lambda c: (c.status, c.wait_reason) == ("waiting_customer", "等磅单")),
        "helper": ({"person": supervisor}, lambda c: list(c.helpers.values_list("pk", flat=True)) == [supervisor]),
        "tags": ({"tags": "结块，运输 急"}, lambda c: c.tags == ["结块", "运输", "急"]),
        "fields": ({"f_batch": "F0926-3"}, lambda c: c.custom == {"batch": "F0926-3"}),
        "link": ({"number": other.number, "kind": "related"}, lambda c: c.links_out.filter(target=other).exists()),
        "resolve": ({"text": "已补发三吨新料"}, lambda c: c.status == "resolved"),
        "propose": (
            {"title1": "换 3 吨新料", "cost1": "0 元", "title2": "折价留用", "recommended": "1"},
            lambda c: list(c.plans.get().options.values_list("title", "recommended"))
            == [("换 3 吨新料", True), ("折价留用", False)],
        ),
    }  # fmt: skip


SIMPLE = ("assign", "transfer", "classify", "diagnose", "eta", "warn", "wait", "helper", "tags", "fields", "link", "resolve", "propose")  # fmt: skip


@pytest.mark.parametrize("what", SIMPLE)
def test_an_act_is_asked_for_and_done(house, supervisor, agent, what):
    make_field("batch", label="批号")
    values, holds = given(house)[what]
    who = supervisor if what == "assign" else agent
    url = f"/cases/{house.mine.number}/{what}/"
    asked = who.get(url, headers=on(house.mine))
    assert asked.status_code == 200
    assert f'hx-post="{url}"' in asked.content.decode()
    answer = who.post(url, values, headers=on(house.mine))
    assert answer.status_code == 200, text_of(answer)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#case", "outerHTML")
    assert 'id="dialogs" hx-swap-oob' in answer.content.decode()
    assert holds(fresh_of(house.mine))


@pytest.mark.parametrize(
    ("what", "values", "typed"),
    [
        ("assign", {}, ""),
        ("transfer", {"reason": "请看设备"}, "请看设备"),
        ("transfer", {"person": "999999", "reason": "请看设备"}, "请看设备"),
        ("classify", {"kind": "gossip", "priority": "normal"}, ""),
        ("diagnose", {"text": " "}, ""),
        ("eta", {"expected": "2020-01-01T08:00", "text": "早上答复"}, "早上答复"),
        ("eta", {"expected": "明天", "text": "早上答复"}, "早上答复"),
        ("warn", {"expected": "", "text": "厂家还没回"}, "厂家还没回"),
        ("wait", {"on": "weather", "reason": "等雨停"}, "等雨停"),
        ("wait", {"on": "customer", "until": "2020-01-01T08:00", "reason": "等磅单"}, "等磅单"),
        ("helper", {"person": "x"}, ""),
        ("tags", {"tags": "，".join(f"标签{n}" for n in range(30))}, "标签29"),
        ("merge", {"number": "999999"}, "999999"),
        ("merge", {}, ""),
        ("split", {"interaction": "999999", "subject": "另一件事"}, "另一件事"),
        ("link", {"number": "999999", "kind": "related"}, "999999"),
        ("resolve", {"text": ""}, ""),
        ("reopen", {"reason": "又坏了"}, "又坏了"),
        ("propose", {"title2": "折价留用", "cost2": "退 2,844 元"}, "退 2,844 元"),
        ("propose", {"title1": "换新料", "recommended": "3", "cost1": "0 元"}, ""),
    ],
)
def test_a_refused_act_keeps_what_was_typed(house, supervisor, what, values, typed):
    before = Case.objects.values().get(pk=house.mine.pk)
    answer = supervisor.post(f"/cases/{house.mine.number}/{what}/", values, headers=on(house.mine))
    if what == "propose" and "title1" in values:
        assert answer.status_code == 200, "a recommendation of an option that is not there is left out"
        return
    assert is_refused(answer, typed)
    assert Case.objects.values().get(pk=house.mine.pk) == before


def test_every_act_opens_with_its_title_and_verb(house, supervisor):
    received(house.mine)
    for what, act in ACTS.items():
        answer = supervisor.get(f"/cases/{house.mine.number}/{what}/", headers=HTMX)
        assert answer.status_code == 200
        assert str(act.verb) in text_of(answer)


def test_own_fields_of_every_type_are_read(house, agent):
    make_field("batch", label="批号")
    make_field("count", label="存栏", type="number")
    make_field("day", label="到货日", type="date")
    make_field("kind", label="品种", type="choice", choices=["552", "524"])
    make_field("wet", label="受潮", type="bool")
    values = {"f_batch": "F1", "f_count": "420", "f_day": "2026-10-09", "f_kind": "552", "f_wet": "on"}
    agent.post(f"/cases/{house.mine.number}/fields/", values, headers=on(house.mine))
    assert fresh_of(house.mine).custom == {
        "batch": "F1",
        "count": 420,
        "day": "2026-10-09",
        "kind": "552",
        "wet": True,
    }
    assert is_refused(
        agent.post(f"/cases/{house.mine.number}/fields/", values | {"f_kind": "999"}, headers=HTMX), "F1"
    )
    assert "F1" in text_of(agent.get(f"/cases/{house.mine.number}/"))


# -- acts without a question -----------------------------------------------------------------------------------------
def test_a_free_case_is_taken_and_accepted(house, agent):
    answer = agent.post(f"/cases/{house.free.number}/take/", headers=on(house.free))
    assert answer.status_code == 200
    case = fresh_of(house.free)
    assert (case.owner, case.status) == (house.cast.agent, "open")
    assert "已接下" in str(answer["HX-Trigger"].encode().decode("unicode_escape"))


def test_the_whole_course_of_a_case(house, agent):
    number = house.mine.number
    for what, values, status in (
        ("wait", {"on": "internal", "reason": "等厂家"}, "waiting_internal"),
        ("resume", {}, "open"),
        ("resolve", {"text": "已补发"}, "resolved"),
        ("feedback", {"text": "满意"}, "resolved"),
        ("confirm", {}, "closed"),
        ("reopen", {"reason": "又坏了"}, "open"),
    ):
        answer = agent.post(f"/cases/{number}/{what}/", values, headers=on(house.mine))
        assert answer.status_code == 200, (what, text_of(answer))
        assert fresh_of(house.mine).status == status, what


@pytest.mark.parametrize("what", sorted(PLAIN))
def test_what_cannot_be_done_now_is_said_in_words(house, agent, what):
    case = make_case("没有人接", team=house.cast.team, at=house.at) if what != "take" else house.theirs
    answer = agent.post(f"/cases/{case.number}/{what}/", headers=on(case))
    assert answer.status_code in (403, 404, 409), what
    assert answer.json()["detail"]


def test_an_act_from_another_page_leads_back_to_it(house, supervisor):
    there = HTMX | {"HX-Current-URL": "https://kefu.example.cn/board/?team=first"}
    answer = supervisor.post(f"/cases/{house.free.number}/take/", headers=there)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/board/?team=first")


@pytest.mark.parametrize(
    "there", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "https:evil"]
)
def test_no_act_leads_off_this_site(house, supervisor, there):
    case = make_case("转走", team=house.cast.team, at=house.at)
    answer = supervisor.post(f"/cases/{case.number}/take/", headers=HTMX | {"HX-Current-URL": there})
    target = answer.headers.get("HX-Redirect", "/")
    assert target.startswith("/")
    assert not target.startswith("//")


# -- merge, split, link ----------------------------------------------------------------------------------------------
def test_cases_of_one_customer_are_merged_and_parted(house, supervisor):
    other = make_case("又是结块", customer=house.customer, team=house.cast.team, at=house.at)
    dialog = supervisor.get(f"/cases/{other.number}/merge/", headers=on(other))
    assert f'value="{house.mine.number}"' in dialog.content.decode()
    answer = supervisor.post(
        f"/cases/{other.number}/merge/", {"target": house.mine.number}, headers=on(other)
    )
    assert answer["HX-Redirect"] == f"/cases/{house.mine.number}/"
    assert "已并入" in text_of(supervisor.get(f"/cases/{other.number}/"))
    merge = Merge.objects.get()
    page = supervisor.get(f"/cases/{house.mine.number}/")
    assert "并进来了" in text_of(page)
    url = f"/cases/{house.mine.number}/unmerge/{merge.pk}/"
    assert "回到原来那张" in text_of(supervisor.get(url, headers=HTMX))
    assert supervisor.post(url, headers=HTMX)["HX-Redirect"] == f"/cases/{other.number}/"
    assert fresh_of(other).merged_into_id is None
    assert is_refused(supervisor.post(url, headers=HTMX)), "undone once"


def test_one_letter_becomes_a_case_of_its_own(house, supervisor):
    letter = received(house.mine, "另外返利少了一笔")
    services.reply_send(case_id=house.mine.pk, text="收到", actor=house.agent, at=now())
    dialog = supervisor.get(f"/cases/{house.mine.number}/split/", headers=on(house.mine)).content.decode()
    assert "另外返利少了一笔" in dialog
    assert "收到</option>" not in dialog, "our own answers cannot be split off"
    answer = supervisor.post(
        f"/cases/{house.mine.number}/split/",
        {"interaction": letter.pk, "subject": "返利"},
        headers=on(house.mine),
    )
    new = Case.objects.latest("pk")
    assert (answer["HX-Redirect"], new.subject) == (f"/cases/{new.number}/", "返利")


# -- replies and notes -----------------------------------------------------------------------------------------------
def send(client, case, **values):
    return client.post(f"/cases/{case.number}/send/", values, headers=on(case))


def test_a_reply_goes_out_and_keeps_its_promise(house, agent):
    agent.post(f"/cases/{house.mine.number}/draft/", {"text": "您好"})
    assert clock_of(house.mine).state == "running"
    answer = send(agent, house.mine, text="您好，正在核对", version=fresh_of(house.mine).version)
    assert answer.status_code == 200
    assert last_message(house.mine).text == "您好，正在核对"
    assert clock_of(house.mine).state == "met"
    assert "您好</textarea>" not in answer.content.decode(), "the draft is gone"


def test_without_scripts_a_reply_leads_back_to_the_page(house, agent):
    answer = agent.post(f"/cases/{house.mine.number}/send/", {"text": "您好"})
    assert answer["Location"] == f"/cases/{house.mine.number}/"
    assert "已发出" in text_of(agent.get(answer["Location"]))


def test_two_who_write_at_once_hear_of_each_other(house, agent, supervisor):
    version = fresh_of(house.mine).version
    send(supervisor, house.mine, text="主管先回一句", version=version)
    answer = send(agent, house.mine, text="我也回一句", version=version)
    said = text_of(answer)
    assert answer.status_code == 409
    assert "周明" in said
    assert "您写的还没有发出" in said
    assert "我也回一句</textarea>" in answer.content.decode()
    assert Interaction.objects.filter(case=house.mine, direction="out").count() == 1
    forced = send(agent, house.mine, text="我也回一句", version=version, force="1")
    assert forced.status_code == 200
    assert Interaction.objects.filter(case=house.mine, direction="out").count() == 2


def test_an_empty_reply_is_refused_and_keeps_its_files(house, agent, tmp_path):
    path = tmp_path / "磅单.txt"
    path.write_text("410 公斤")
    with path.open("rb") as file:
        given = agent.post(f"/cases/{house.mine.number}/upload/", {"file": file}).json()
    answer = send(agent, house.mine, text="  ", file_ids=[given["id"]])
    assert answer.status_code == 422
    assert "内容不能为空" in text_of(answer)
    assert f'name="file_ids" value="{given["id"]}"' in answer.content.decode()


def test_a_note_names_colleagues_and_is_for_us_alone(house, agent):
    answer = send(agent, house.mine, mode="note", text="@周明 请看一下")
    assert answer.status_code == 200
    assert Mention.objects.get().person == house.cast.supervisor
    assert '<b class="sn-at">@周明</b> 请看一下' in answer.content.decode()
    assert not Interaction.objects.filter(case=house.mine, direction="out").exists()


def test_a_colleague_who_cannot_see_the_case_is_not_named(house, agent):
    answer = send(agent, house.mine, mode="note", text="@韩梅 帮忙看看")
    assert answer.status_code == 422
    assert "韩梅" in text_of(answer)
    assert "@韩梅 帮忙看看</textarea>" in answer.content.decode()
    assert not Mention.objects.exists()


def test_of_names_that_begin_alike_the_longest_counts(house):
    short = make_person("wangfang", name="王芳")
    long = make_person("wangfangfang", name="王芳芳")
    assert mentioned("@王芳芳 看看，@王芳 也看看，@王芳芳 再看", house.mine) == [long.pk, short.pk]
    assert mentioned("没有人，@2 也没有", house.mine) == []


def test_of_two_of_one_name_the_one_is_named_whose_login_stands_behind_it(house, agent):
    near = make_person("zhouming2", name="周明", roles=["agent"], teams=[house.cast.team])
    far = make_person("zhouming3", name="周明")
    url = f"/cases/{house.mine.number}/colleagues/"
    offered = agent.get(url, {"q": "zhouming2"}).content.decode()
    assert 'data-value="@周明(zhouming2) "' in offered
    assert mentioned("@周明(zhouming2) 请看", house.mine) == [near.pk]
    assert mentioned("@周明（zhouming3）请看", house.mine) == [far.pk]
    both = {near.pk, house.cast.supervisor.pk}
    assert set(mentioned("@周明 请看", house.mine)) == both, "of those who may see it none is left out"
    assert set(mentioned("@周明(zhouming) 请看", house.mine)) == both, "a login is told whole"
    answer = send(agent, house.mine, mode="note", text="@周明(zhouming2) 请看")
    assert answer.status_code == 200
    assert Mention.objects.get().person == near


def test_a_reply_that_did_not_arrive_is_sent_again(house, agent):
    one = services.reply_send(case_id=house.mine.pk, text="您好", actor=house.agent, at=now())
    services.delivery_note(
        interaction_id=one.pk, ok=False, error="550 no such user", actor=Actor.system(), at=now()
    )
    page = agent.get(f"/cases/{house.mine.number}/")
    assert "没有送达：550 no such user" in text_of(page)
    url = f"/cases/{house.mine.number}/messages/{one.pk}/resend/"
    assert agent.get(url)["Location"] == f"/cases/{house.mine.number}/"
    assert agent.post(url, headers=on(house.mine)).status_code == 200
    assert Interaction.objects.get(pk=one.pk).state == "queued"


def test_a_reply_that_cannot_leave_yet_says_why(house, agent, settings):
    """Without a relay nothing leaves; whoever wrote it learns so from the first try on, not after the last."""
    settings.SHOUNUO_DELIVERY = "on"
    make_mailbox()
    services.reply_send(case_id=house.mine.pk, text="您好", actor=house.agent, at=now())
    page = text_of(agent.get(f"/cases/{house.mine.number}/"))
    assert "发送中" in page and "还没有发出" not in page
    run_jobs(now())
    with CaptureQueriesContext(connection) as asked:
        page = text_of(agent.get(f"/cases/{house.mine.number}/"))
    assert "还没有发出，会再试：还没有设置发信服务器" in page
    assert sum("notices_outgoingmail" in q["sql"] for q in asked) == 1


def test_the_course_of_a_case_is_a_file(house, agent):
    answer = agent.get(f"/cases/{house.mine.number}/events.csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "case.opened" in answer.content.decode()


# -- clocks ----------------------------------------------------------------------------------------------------------
def test_a_clock_is_moved_by_a_person_with_a_reason(house, supervisor, agent):
    clock = clock_of(house.mine)
    url = f"/cases/{house.mine.number}/clocks/{clock.pk}/rebase/"
    assert agent.post(url, {"reason": "客户同意"}, headers=HTMX).status_code == 403
    assert is_refused(supervisor.post(url, {"due": soon()}, headers=HTMX))
    assert is_refused(
        supervisor.post(url, {"due": "2020-01-01T08:00", "reason": "客户同意延后"}, headers=HTMX),
        "客户同意延后",
    )
    assert (
        supervisor.post(url, {"due": soon(3), "reason": "客户同意延后"}, headers=on(house.mine)).status_code
        == 200
    )
    assert clock_of(house.mine).due_at > clock.due_at + timedelta(hours=2)


# -- many at once ----------------------------------------------------------------------------------------------------
def many(client, what, *cases, **values):
    return client.post(f"/cases/bulk/{what}/", {"case": [c.pk for c in cases], **values}, headers=HTMX | {
        "HX-Current-URL": "https://kefu.example.cn/cases/?view=open"
    })  # fmt: skip


def said(client):
    return text_of(client.get("/cases/"))


def test_tags_are_added_to_many_and_none_is_lost(house, agent):
    services.tags_set(case_id=house.mine.pk, tags=["老客户"], actor=house.agent, at=now())
    answer = many(agent, "tag", house.mine, house.free, tags="结块，急")
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/cases/?view=open")
    assert fresh_of(house.mine).tags == ["老客户", "结块", "急"]
    assert fresh_of(house.free).tags == ["结块", "急"]
    assert "2 张已处理" in said(agent)


def test_each_of_many_succeeds_or_fails_by_itself(house, agent):
    answer = many(agent, "take", house.free, house.theirs)
    assert answer.status_code == 204
    assert fresh_of(house.free).owner == house.cast.agent
    assert fresh_of(house.theirs).owner == house.cast.outsider
    assert re.search("1 张已处理；1 张没动", said(agent))


@pytest.mark.parametrize(
    ("what", "values", "holds"),
    [
        ("assign", {"person": "supervisor"}, lambda c, cast: c.owner == cast.supervisor),
        ("priority", {"priority": "urgent"}, lambda c, cast: c.priority == "urgent"),
    ],
)
def test_many_are_assigned_and_ranked(house, supervisor, what, values, holds):
    if "person" in values:
        values = {"person": house.cast.supervisor.pk}
    assert many(supervisor, what, house.mine, house.free, **values).status_code == 204
    assert all(holds(fresh_of(c), house.cast) for c in (house.mine, house.free))


def test_many_resolved_ones_are_closed(house, agent):
    services.case_resolve(case_id=house.mine.pk, text="已补发", actor=house.agent, at=now())
    many(agent, "close", house.mine)
    assert fresh_of(house.mine).status == "closed"


@pytest.mark.parametrize(
    ("what", "values"), [("assign", {}), ("tag", {"tags": ""}), ("priority", {"priority": "x"})]
)
def test_a_refused_act_on_many_keeps_the_choice(house, supervisor, what, values):
    answer = many(supervisor, what, house.mine, **values)
    assert is_refused(answer, f'name="case" value="{house.mine.pk}"')


def test_no_act_without_a_case_and_none_that_is_not_listed(house, supervisor):
    assert is_refused(many(supervisor, "close"))
    assert many(supervisor, "delete", house.mine).status_code == 404
    answer = supervisor.post("/cases/bulk/close/", {"case": ["²", "x", "1" * 40]}, headers=HTMX)
    assert answer.status_code == 422
