"""The pages on which a regulation is uploaded and its proposed rules are decided on."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shounuo.policy.models import PolicyDocument, RuleProposal
from shounuo.policy.services import document_upload
from shounuo.policy.services.proposals import mark_of_proposal
from shounuo.staff.testing import AT
from shounuo.web.tests.desks import make_house, queries_of
from shounuo.web.tests.portal_world import is_clean, text_of
from shounuo.web.tests.test_policy_editor import Form, filled

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TEXT = """清源供水服务规定

一、响应
（一）接到投诉后，应在30分钟内响应。
（二）仓库收货确认后，3个工作日内完成退款。

二、管理
（一）客服主管每月组织一次业务培训。
（二）本规定由客服部解释。
"""


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def manager(house):
    return house.client(house.cast.manager)


@pytest.fixture
def document(house):
    actor = house.cast.actor(house.cast.manager)
    return document_upload(data=TEXT.encode(), name="规定.txt", actor=actor, at=AT)


def proposal(document, clause):
    return document.proposals.get(clause=clause)


def seen(row):
    """What a page that is opened now says that it shows."""
    row.refresh_from_db()
    return {"_seen": mark_of_proposal(row)}


def test_a_regulation_is_uploaded_and_opens_with_its_proposals(manager):
    file = SimpleUploadedFile("规定.txt", TEXT.encode())
    answer = manager.post("/policy/documents/", {"file": file, "title": "", "code": "", "letters": ""})
    document = PolicyDocument.objects.get()
    assert answer["Location"] == f"/policy/documents/{document.pk}/"
    page = manager.get(answer["Location"])
    text = text_of(page)
    assert is_clean(page)
    assert "自建立工单起，30 分钟内须发出回复或接通电话" in text
    assert "已定 0 / 3" in text
    html = page.content.decode()
    mark = re.search(r'<mark data-for="(\d+)">30分钟内响应</mark>', html)
    assert mark and mark[1] == str(proposal(document, "1.1").pk)


def test_a_text_without_clauses_is_not_called_done(manager, house):
    actor = house.cast.actor(house.cast.manager)
    document = document_upload(data=b"hello", name="x.txt", actor=actor, at=AT)
    text = text_of(manager.get(f"/policy/documents/{document.pk}/"))
    assert "没有切出条款" in text
    assert "可以写成草案了" not in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "这个字段是必填项"),
        (
            {"file": SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)},
            "认不出这个文件",
        ),
        ({"file": SimpleUploadedFile("x.txt", TEXT.encode()), "code": "A B"}, "不是制度包代码"),
        ({"file": SimpleUploadedFile("x.txt", TEXT.encode()), "letters": "12"}, "大写字母"),
    ],
)
def test_what_cannot_be_uploaded_is_said_at_its_field(manager, more, said):
    answer = manager.post("/policy/documents/", {"title": "夏季规定", **more})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "夏季规定" in answer.content.decode()
    assert not PolicyDocument.objects.exists()


def test_a_decision_gives_back_its_card_and_the_progress(manager, document):
    row = proposal(document, "1.1")
    answer = manager.post(f"/policy/proposals/{row.pk}/accept/", seen(row), headers=HTMX)
    html = answer.content.decode()
    assert f'id="p{row.pk}"' in html
    assert 'hx-swap-oob="true"' in html
    assert "已定 1 / 3" in text_of(answer)
    assert "已采纳" in text_of(answer)
    assert manager.post(f"/policy/proposals/{row.pk}/reopen/", seen(row))["Location"].endswith(f"#p{row.pk}")
    assert manager.post(f"/policy/proposals/{row.pk}/reject/", seen(row), headers=HTMX).status_code == 200
    row.refresh_from_db()
    assert row.state == "rejected"


def test_gaps_are_asked_for_and_what_is_chosen_stays_when_one_is_missing(manager, document):
    row = proposal(document, "1.2")
    card = manager.get(f"/policy/documents/{document.pk}/").content.decode()
    assert 'name="from"' in card and 'name="until"' in card
    answer = manager.post(
        f"/policy/proposals/{row.pk}/fill/", seen(row) | {"from": "case.accepted"}, headers=HTMX
    )
    assert answer.status_code == 422
    assert '<option value="case.accepted" selected>' in answer.content.decode()
    assert "until" in text_of(answer)
    answer = manager.post(
        f"/policy/proposals/{row.pk}/fill/",
        seen(row) | {"from": "case.accepted", "until": "case.resolved"},
        headers=HTMX,
    )
    assert answer.status_code == 200
    assert "自受理工单起，3 个工作日内须解决问题" in text_of(answer)


def test_a_rule_is_edited_in_the_form_of_its_kind_and_a_fault_stands_at_its_control(manager, document):
    row = proposal(document, "1.1")
    url = f"/policy/proposals/{row.pk}/edit/"
    page = manager.get(url)
    assert is_clean(page)
    assert "自建立工单起，30 分钟内须" in text_of(page), "the rule as it reads stands beside the form"
    assert "<mark>30分钟内响应</mark>" in page.content.decode().replace("\n", ""), (
        "and the wording with its evidence"
    )
    form = filled(manager, url)
    assert (form["within.n"], form["within.u"], form["from.0.event"]) == (["30"], ["PT#M"], ["case.opened"])
    wrong = manager.post(url, form | {"within.n": "很快"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.content.decode() and 'value="很快"' in wrong.content.decode()
    back = manager.post(url, form | {"within.n": "20"})
    onward = proposal(document, "1.2")
    assert back["Location"] == f"/policy/documents/{document.pk}/#p{onward.pk}", "on to the next that waits"
    row.refresh_from_db()
    assert (row.state, row.final["body"]["within"], row.body["within"]) == ("edited", "PT20M", "PT30M")
    assert "20 分钟内须" in text_of(manager.get(f"/policy/documents/{document.pk}/"))
    assert filled(manager, url)["within.n"] == ["20"], "it is edited again as it was left"


def test_a_proposal_with_gaps_opens_with_what_is_known_and_says_what_is_not(manager, document):
    row = proposal(document, "1.2")
    url = f"/policy/proposals/{row.pk}/edit/"
    page = text_of(manager.get(url))
    assert "原文没写" in page and "还差" in page
    form = filled(manager, url)
    assert (form["within.n"], form["within.u"]) == (["3"], ["P#BD"])
    less = manager.post(url, form | {"from.0.event": "case.accepted"})
    assert less.status_code == 422
    row.refresh_from_db()
    assert row.state == "proposed"
    manager.post(url, form | {"from.0.event": "case.accepted", "until.0.event": "case.resolved"})
    row.refresh_from_db()
    assert row.state == "edited"


def test_the_form_is_drawn_anew_and_says_what_it_reads(manager, document):
    url = f"/policy/proposals/{proposal(document, '1.1').pk}/edit/"
    form = filled(manager, url)
    said = manager.post(url, form | {"within.n": "45", "_say": "1"}, headers=HTMX)
    assert "45 分钟内须" in text_of(said)
    drawn = manager.post(url, form | {"_act": "add:escalate"}, headers=HTMX).content.decode()
    assert 'name="escalate.0.to"' in drawn and "<html" not in drawn


def test_what_was_read_as_another_kind_of_rule_is_put_right(manager, document):
    row = proposal(document, "1.1")
    url = f"/policy/proposals/{row.pk}/edit/"
    assert f"{url}?kind=cadence" in manager.get(url).content.decode()
    form = filled(manager, f"{url}?kind=cadence")
    assert form["title"] == [row.body["title"]]
    answer = manager.post(url, form | {"activity": "skill_training", "every.n": "1", "every.u": "P#M"})
    assert answer.status_code == 302, text_of(answer)
    row.refresh_from_db()
    assert (row.state, row.final["kind"]) == ("edited", "cadence")
    assert manager.get(f"{url}?kind=spell").status_code == 404


@pytest.fixture
def other(house):
    """A second who reviews."""
    return house.client(house.cast.admin)


def test_who_decides_second_is_told_who_decided_meanwhile_and_may_decide_on_purpose(
    manager, other, house, document
):
    row = proposal(document, "1.1")
    url, opened = f"/policy/proposals/{row.pk}/", seen(row)
    assert manager.post(url + "reject/", opened, headers=HTMX).status_code == 200
    told = other.post(url + "accept/", opened, headers=HTMX)
    assert told.status_code == 409
    assert "许文 在这期间已经定了：未采纳。您的没有存。" in text_of(told)
    row.refresh_from_db()
    assert (row.state, row.decided_by_id) == ("rejected", house.cast.manager.pk)
    again = re.search(r'name="_seen" value="(\w+)"><button class="sn-link">仍按原提议采纳', told.text)[1]
    assert other.post(url + "accept/", {"_seen": again}, headers=HTMX).status_code == 200
    row.refresh_from_db()
    assert (row.state, row.decided_by_id) == ("accepted", house.cast.admin.pk)


def test_who_decides_the_same_second_is_told_and_replaces_nothing(manager, other, house, document):
    row = proposal(document, "1.1")
    url, opened = f"/policy/proposals/{row.pk}/", seen(row)
    manager.post(url + "accept/", opened)
    told = other.post(url + "accept/", opened)
    assert told.status_code == 409 and "<html" in told.text, "a page of its own for who has no scripts"
    assert "许文 在这期间已经定了：已采纳" in text_of(told) and "仍按原提议采纳" not in text_of(told)
    row.refresh_from_db()
    assert row.decided_by_id == house.cast.manager.pk


def test_what_was_chosen_for_gaps_is_kept_where_another_decided_first(manager, other, document):
    row = proposal(document, "1.2")
    url, opened = f"/policy/proposals/{row.pk}/", seen(row)
    manager.post(url + "reject/", opened)
    chosen = {"from": "case.accepted", "until": "case.resolved"}
    told = other.post(url + "fill/", opened | chosen, headers=HTMX)
    assert told.status_code == 409 and "受理工单" in text_of(told)
    for name, value in chosen.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in told.text
    assert "仍按您补的采纳" in text_of(told)
    assert other.post(url + "fill/", seen(row) | chosen, headers=HTMX).status_code == 200
    row.refresh_from_db()
    assert row.state == "edited"


def test_a_rule_edited_while_another_decides_stays_as_typed_and_is_saved_on_purpose(manager, other, document):
    row = proposal(document, "1.1")
    url = f"/policy/proposals/{row.pk}/edit/"
    mine = filled(other, url) | {"within.n": "45"}
    manager.post(url, filled(manager, url) | {"within.n": "20"})
    drawn = other.post(url, mine | {"_act": "add:escalate"}, headers=HTMX)
    assert f'name="_seen" value="{mine["_seen"][0]}"' in drawn.text, "drawn anew it knows what was seen first"
    told = other.post(url, mine)
    assert told.status_code == 409 and 'value="45"' in told.text
    assert "许文 在这期间已经定了：改后采纳。您写的还在下面，没有存。" in text_of(told)
    assert "20 分钟内须" in text_of(told)
    row.refresh_from_db()
    assert row.final["body"]["within"] == "PT20M"
    assert other.post(url, Form(told.text).sent).status_code == 302
    row.refresh_from_db()
    assert row.final["body"]["within"] == "PT45M"


def test_a_decision_that_does_not_say_what_it_saw_decides_nothing(manager, document):
    row = proposal(document, "1.1")
    for what in ("accept", "reject", "edit"):
        form = filled(manager, f"/policy/proposals/{row.pk}/edit/")
        assert manager.post(f"/policy/proposals/{row.pk}/{what}/", form | {"_seen": ""}).status_code == 409
    row.refresh_from_db()
    assert row.state == "proposed"


def test_what_is_sure_is_accepted_at_once_and_made_a_draft(manager, document):
    page = f"/policy/documents/{document.pk}/"
    assert "采纳有把握的 2 条" in text_of(manager.get(page))
    assert manager.post(page + "sure/")["Location"] == page
    answer = manager.post(page + "draft/")
    assert answer["Location"] == f"/policy/{document.code}/versions/"
    assert "清源供水服务规定" in text_of(manager.get(answer["Location"]))
    assert "重写草案" in text_of(manager.get(page))
    assert "已起草" in text_of(manager.get("/policy/documents/"))


def test_nothing_accepted_makes_no_draft(manager, document):
    assert manager.post(f"/policy/documents/{document.pk}/draft/").status_code == 422


def test_an_upload_is_deleted(manager, document):
    answer = manager.post(f"/policy/documents/{document.pk}/remove/", headers=HTMX)
    assert answer["HX-Redirect"] == "/policy/documents/"
    assert not PolicyDocument.objects.exists()


def test_the_open_ones_can_be_looked_at_alone(manager, document):
    manager.post(f"/policy/documents/{document.pk}/sure/")
    text = text_of(manager.get(f"/policy/documents/{document.pk}/?only=open"))
    assert "退款" in text and "业务培训" not in text


def test_an_agent_sees_none_of_it(house, document):
    agent, row = house.client(house.cast.agent), proposal(document, "1.1")
    for path in (
        "/policy/documents/",
        f"/policy/documents/{document.pk}/",
        f"/policy/proposals/{row.pk}/edit/",
    ):
        assert agent.get(path).status_code == 403
    for path in (
        f"/policy/documents/{document.pk}/sure/",
        f"/policy/documents/{document.pk}/draft/",
        f"/policy/documents/{document.pk}/remove/",
        *(f"/policy/proposals/{row.pk}/{what}/" for what in ("accept", "fill", "reject", "reopen", "edit")),
    ):
        assert agent.post(path).status_code == 403
    assert RuleProposal.objects.filter(state="proposed").count() == 3


def test_an_act_or_a_document_that_is_not_there_is_not_found(manager, document):
    row = proposal(document, "1.1")
    assert manager.post(f"/policy/documents/{document.pk}/burn/").status_code == 404
    assert manager.post(f"/policy/proposals/{row.pk}/burn/").status_code == 404
    assert manager.get("/policy/documents/999999/").status_code == 404
    assert manager.post("/policy/proposals/999999/accept/").status_code == 404


def test_words_of_a_regulation_are_shown_as_words(house, manager):
    actor = house.cast.actor(house.cast.manager)
    text = "<script>x</script>规定\n第一条 接到<b>投诉</b>后，应在30分钟内响应<img src=x onerror=1>。\n"
    found = document_upload(data=text.encode(), name="x.txt", actor=actor, at=AT)
    html = manager.get(f"/policy/documents/{found.pk}/").content.decode()
    assert "<script>x" not in html and "<img src=x" not in html and "<b>投诉" not in html


def test_queries_do_not_grow_with_the_proposals(house, manager, document):
    few = queries_of(manager, f"/policy/documents/{document.pk}/")
    listed = queries_of(manager, "/policy/documents/")
    actor = house.cast.actor(house.cast.manager)
    long = "规定\n" + "".join(
        f"第{i}条 接到投诉后，应在{i}分钟内响应，{i}个工作日内办结。\n" for i in range(1, 40)
    )
    big = document_upload(data=long.encode(), name="y.txt", actor=actor, at=AT)
    # one more or less: the process asks now and then whether what it keeps (rights) is still right
    assert abs(queries_of(manager, f"/policy/documents/{big.pk}/") - few) <= 1
    assert abs(queries_of(manager, "/policy/documents/") - listed) <= 1
