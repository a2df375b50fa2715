"""Drafting a regulation in forms: clauses and rules of every kind, two editors at once, taking back."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from shounuo.cases.services import reply_send
from shounuo.cases.testing import make_case
from shounuo.commitments import loop
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import preview as past
from shounuo.kernel.clock import now
from shounuo.policy.models import PolicyVersion
from shounuo.policy.queries import pack_of
from shounuo.policy.testing import make_draft
from shounuo.web.policies import previews
from shounuo.web.tests.desks import PACK, make_house, queries_of
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SECOND = PACK.replace('version: "1"', 'version: "2"')


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def editor(house):
    return house.client(house.cast.manager)


@pytest.fixture
def draft(house):
    return make_draft(SECOND, at=house.at)


def base(draft):
    return f"/policy/house/versions/{draft.pk}/edit/"


def rule_urls(client, draft, clause):
    page = client.get(f"{base(draft)}clauses/{clause}/")
    return [r["url"] for r in page.context["rules"]["items"]]


class Form(HTMLParser):
    """What a browser would send back of the form of a page as it stands."""

    def __init__(self, text):
        super().__init__()
        self.inside, self.select, self.area, self.sent = False, "", "", {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "form":
            self.inside = a.get("id") == "rule-form"
        if not self.inside:
            return
        if tag == "input" and (a.get("type") != "checkbox" or "checked" in a):
            self.sent.setdefault(a["name"], []).append(a.get("value", ""))
        elif tag == "select":
            self.select = a["name"]
            self.sent.setdefault(self.select, [])
        elif tag == "option" and self.select and (not self.sent[self.select] or "selected" in a):
            self.sent[self.select] = [a.get("value", "")]
        elif tag == "textarea":
            self.area = a["name"]
            self.sent.setdefault(self.area, [""])

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data):
        if self.area:
            self.sent[self.area] = [self.sent[self.area][0] + data]


def filled(client, url):
    sent = Form(client.get(url).content.decode()).sent
    del sent["csrfmiddlewaretoken"]
    return sent


# -- who gets where --------------------------------------------------------------------------------------------------
def test_readers_and_strangers_do_not_draft(house, draft, client):
    reader = house.client(house.cast.agent)
    for path in (
        "",
        "head/",
        "undo/",
        "clauses/new/",
        "clauses/H-2.1/",
        "clauses/H-2.1/up/",
        "clauses/H-2.1/rules/new/alarm/",
    ):
        for answer in (reader.get(base(draft) + path), reader.post(base(draft) + path)):
            assert answer.status_code == 403, path
        assert client.get(base(draft) + path)["Location"].startswith("/signin/")
    assert reader.post("/policy/house/draft/").status_code == 403
    assert reader.get("/policy/new/").status_code == 403


def test_what_is_published_is_not_edited(house, editor):
    answer = editor.get(f"/policy/house/versions/{house.version.pk}/edit/")
    assert answer.status_code == 409
    assert "不能再改" in text_of(answer)


def test_a_draft_is_not_found_under_another_policy(house, editor, draft):
    assert editor.get(f"/policy/other/versions/{draft.pk}/edit/").status_code == 404


# -- beginning -------------------------------------------------------------------------------------------------------
def test_a_revision_begins_with_what_is_in_force(house, editor):
    answer = editor.post("/policy/house/draft/")
    version = PolicyVersion.objects.get(state="draft")
    assert answer["Location"] == base(version)
    assert (version.label, version.created_by) == ("2", house.cast.manager)
    assert pack_of(version).clauses == pack_of(house.version).clauses
    again = editor.post("/policy/house/draft/")
    assert again["Location"] == base(version), "there is one draft to go on with"


def test_a_regulation_begins_with_its_first_clause(house, editor):
    answer = editor.post(
        "/policy/new/",
        {
            "title": "夜班值守规定",
            "calendar": "always",
            "clause_title": "接听",
            "wording": "夜间十分钟内接听。",
        },
    )
    version = PolicyVersion.objects.get(policy__title="夜班值守规定")
    assert answer["Location"] == f"/policy/{version.policy.code}/versions/{version.pk}/edit/"
    assert version.clauses.get().wording == "夜间十分钟内接听。"
    taken = editor.post(
        "/policy/new/",
        {"title": "又一份", "code": "house", "calendar": "always", "clause_title": "一", "wording": "一"},
    )
    assert (taken.status_code, "已经有代码为" in text_of(taken)) == (422, True)


# -- clauses ---------------------------------------------------------------------------------------------------------
def clause_form(clause, **more):
    return {"id": clause.code, "chapter": "2", "title": clause.title, "wording": clause.wording} | more


def test_a_clause_is_reworded_and_its_rules_stay(house, editor, draft):
    url = f"{base(draft)}clauses/H-2.1/"
    page = editor.get(url)
    assert is_clean(page)
    clause = draft.clauses.get(code="H-2.1")
    form = clause_form(
        clause,
        wording="二十分钟内须有首次响应。\r\n节假日照办。",
        title_en="In time",
        seen=page.context["seen"],
    )
    assert editor.post(url, form)["Location"] == url
    now = draft.clauses.get(code="H-2.1")
    assert (now.wording, now.title_en) == ("二十分钟内须有首次响应。\n节假日照办。", "In time")
    assert now.rules.get().name == "first-response"
    draft.refresh_from_db()
    assert "二十分钟内" in draft.source


def test_a_clause_is_added_moved_and_removed(house, editor, draft):
    new = f"{base(draft)}clauses/new/?after=H-2.1"
    assert editor.get(new).context["form"].initial == {"id": "H-2.3", "chapter": "2"}
    added = {"after": "H-2.1", "id": "H-2.3", "chapter": "2", "title": "回访", "wording": "三天内回访。"}
    editor.post(f"{base(draft)}clauses/new/", added)
    assert codes(draft) == ["H-1.1", "H-2.1", "H-2.3", "H-2.2"]
    editor.post(f"{base(draft)}clauses/H-2.3/up/")
    assert codes(draft) == ["H-1.1", "H-2.3", "H-2.1", "H-2.2"]
    editor.post(f"{base(draft)}clauses/H-2.3/place/", {"after": "H-2.2"})
    assert codes(draft) == ["H-1.1", "H-2.1", "H-2.2", "H-2.3"]
    seen = editor.get(f"{base(draft)}clauses/H-2.3/").context["seen"]
    answer = editor.post(f"{base(draft)}clauses/H-2.3/remove/", {"seen": seen})
    assert answer["Location"] == f"{base(draft)}clauses/H-2.2/"
    assert codes(draft) == ["H-1.1", "H-2.1", "H-2.2"]


def codes(draft):
    return list(draft.clauses.order_by("position").values_list("code", flat=True))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("id", "2.1", "不是条款编号"),
        ("id", "H-2.2", "已经有了"),
        ("title", "", "必填"),
        ("covers", "was", "不是要求编号"),
    ],
)
def test_a_wrong_clause_is_refused_at_its_field_and_nothing_typed_is_lost(
    house, editor, draft, field, value, said
):
    url = f"{base(draft)}clauses/H-2.1/"
    form = clause_form(
        draft.clauses.get(code="H-2.1"), wording="写了很久的一段话。", seen=editor.get(url).context["seen"]
    )
    answer = editor.post(url, form | {field: value})
    assert answer.status_code == 422
    assert said in "".join(answer.context["form"].errors[field])
    assert "写了很久的一段话。" in answer.content.decode()
    assert draft.edits.count() == 0


def test_two_who_rewrite_one_clause_lose_nothing(house, editor, draft):
    url = f"{base(draft)}clauses/H-2.1/"
    seen = editor.get(url).context["seen"]
    clause = draft.clauses.get(code="H-2.1")
    editor.post(url, clause_form(clause, wording="甲写的。", seen=seen))
    answer = house.client(house.cast.admin).post(url, clause_form(clause, wording="乙写的。", seen=seen))
    assert answer.status_code == 422
    said = text_of(answer)
    assert "刚被别人改过" in said
    assert "甲写的。" in said
    assert "乙写的。" in answer.content.decode()
    assert draft.clauses.get(code="H-2.1").wording == "甲写的。"
    knowing = clause_form(clause, wording="乙写的。", seen=answer.context["seen"])
    house.client(house.cast.admin).post(url, knowing)
    assert draft.clauses.get(code="H-2.1").wording == "乙写的。"


def test_two_who_work_on_two_clauses_do_not_meet(house, editor, draft):
    first, second = f"{base(draft)}clauses/H-2.1/", f"{base(draft)}clauses/H-2.2/"
    seen, other = editor.get(first).context["seen"], editor.get(second).context["seen"]
    editor.post(first, clause_form(draft.clauses.get(code="H-2.1"), wording="甲写的。", seen=seen))
    editor.post(second, clause_form(draft.clauses.get(code="H-2.2"), wording="乙写的。", seen=other))
    assert {"甲写的。", "乙写的。"} <= set(draft.clauses.values_list("wording", flat=True))


# -- the document's head ---------------------------------------------------------------------------------------------
def test_chapters_are_named_and_one_in_use_cannot_go(house, editor, draft):
    url = f"{base(draft)}head/"
    page = editor.get(url)
    form = {
        "_seen": page.context["seen"],
        "title": "新名", "version": "2.1", "default_calendar": "always",
        "chapters.0.number": "1", "chapters.0.title": "总则",
        "chapters.1.number": "2", "chapters.1.title": "限时", "chapters.1.title_en": "Limits",
        "chapters.2.number": "3", "chapters.2.title": "附则",
    }  # fmt: skip
    grown = editor.post(url, form | {"_act": "add:chapters"}, headers=HTMX)
    assert 'name="chapters.3.title"' in grown.content.decode()
    assert editor.post(url, form)["Location"] == base(draft)
    draft.refresh_from_db()
    assert (draft.title, draft.label, len(pack_of(draft).chapters)) == ("新名", "2.1", 3)
    less = {k: v for k, v in form.items() if not k.startswith("chapters.1")} | {
        "_seen": editor.get(url).context["seen"]
    }
    refused = editor.post(url, less)
    assert refused.status_code == 422
    assert "没有章节“2”" in text_of(refused)


# -- rules -----------------------------------------------------------------------------------------------------------
def test_a_form_sent_back_as_it_was_changes_nothing(house, editor, draft):
    for clause in ("H-2.1", "H-2.2"):
        for url in rule_urls(editor, draft, clause):
            assert editor.post(url, filled(editor, url)).status_code == 302
    assert draft.edits.count() == 0


def test_a_limit_is_changed_by_number_and_unit(house, editor, draft):
    [url] = rule_urls(editor, draft, "H-2.1")
    page = editor.get(url)
    assert is_clean(page)
    assert "30 分钟内须发出回复" in text_of(page)
    form = filled(editor, url) | {"within.n": "４", "within.u": "PT#BH"}
    assert editor.post(url, form)["Location"] == f"{base(draft)}clauses/H-2.1/"
    assert draft.clauses.get(code="H-2.1").rules.get().body["within"] == "PT4BH"
    assert "个工作小时" in text_of(editor.get(f"{base(draft)}clauses/H-2.1/"))


def test_conditions_events_and_the_ladder_are_rows(house, editor, draft):
    [url] = rule_urls(editor, draft, "H-2.1")
    form = filled(editor, url) | {
        "when.0.name": "channel", "when.0.op": "not", "when.0.values": ["phone", "visit"],
        "when.1.name": "topic", "when.1.op": "is", "when.1.values": "12, 发票",
        "until.1.event": "case.transferred", "until.1.by": ["supervisor"],
        "escalate.0.at.n": "100", "escalate.0.at.u": "#%", "escalate.0.to": "owner_supervisor",
        "escalate.1.at.n": "2", "escalate.1.at.u": "PT#H", "escalate.1.to": "role:manager",
    }  # fmt: skip
    assert editor.post(url, form).status_code == 302
    body = draft.clauses.get(code="H-2.1").rules.get().body
    assert body["when"] == {"channel": {"not": ["phone", "visit"]}, "topic": ["12", "发票"]}
    assert body["until"] == ["interaction.sent", {"event": "case.transferred", "by": "supervisor"}]
    assert body["escalate"] == [
        {"at": "100%", "to": "owner_supervisor"},
        {"at": "PT2H", "to": "role:manager"},
    ]


NEW = {
    "commitment": {
        "subject": "case", "from.0.event": "case.opened", "until.0.event": "case.resolved",
        "within.n": "3", "within.u": "P#BD",
    },
    "cadence": {"activity": "site_inspection", "every.n": "1", "every.u": "P#M", "times": "2", "owner": ["manager"]},
    "record": {"subject": "case", "fields": "problem, solution", "before.0.event": "case.resolved"},
    "target": {"metric": "csat", "op": ">=", "value.n": "85", "value.u": "#"},
    "alarm": {"metric": "csat", "op": "<", "value.n": "80", "value.u": "#", "notify": ["manager"], "level": "blue"},
    "authority": {"grant": "compensation", "who": ["supervisor"], "up_to.n": "500", "up_to.u": "# CNY", "approver": ["manager"]},
    "weight": {
        "of": "appraisal",
        "parts.0.key": "process", "parts.0.value.n": "40", "parts.0.value.u": "#%",
        "parts.1.key": "result", "parts.1.value.n": "60", "parts.1.value.u": "#%",
    },
    "playbook": {"steps.0.title": "安抚客户", "steps.0.within.n": "10", "steps.0.within.u": "PT#M", "steps.1.title": "查明原因", "steps.1.role": ["agent"]},
}  # fmt: skip


@pytest.mark.parametrize("kind", NEW)
def test_a_rule_of_every_kind_is_made_in_a_form(house, editor, draft, kind):
    url = f"{base(draft)}clauses/H-1.1/rules/new/{kind}/"
    page = editor.get(url)
    assert is_clean(page)
    empty = editor.post(url, {"title": ""})
    assert (empty.status_code, "请写这条规则的名称" in text_of(empty)) == (422, True)
    assert editor.post(url, {"title": "新规则", **NEW[kind]})["Location"] == f"{base(draft)}clauses/H-1.1/"
    rule = draft.clauses.get(code="H-1.1").rules.get()
    assert (rule.kind, rule.name, rule.title) == (kind, "xin-gui-ze", "新规则")
    draft.refresh_from_db()
    assert next(r.name for _c, r in pack_of(draft).rules()) == "xin-gui-ze", "it stands in the source"


@pytest.mark.parametrize(
    ("kind", "field", "value", "at", "said"),
    [
        ("commitment", "within.n", "三", "within", "应为大于零的整数"),
        ("commitment", "within.n", "", "within", "请写多长时间"),
        ("commitment", "until.0.event", "", "until", "缺少"),
        ("commitment", "until.0.event", "duty.done", "until", "发生在"),
        ("cadence", "times", "很多", "times", "应为 1 到 10000 的整数"),
        ("target", "metric", "", "metric", "缺少"),
        ("authority", "up_to.n", "5.5.5", "up_to", "不是金额"),
        ("weight", "parts.1.value.n", "50", "parts", "合计 90%"),
        ("weight", "parts.1.key", "process", "parts.1.key", "写了两次"),
        ("playbook", "steps.0.within.n", "-1", "steps.0.within", "应为大于零的整数"),
        ("record", "before.0.event", "", "before", "before"),
    ],
)
def test_what_is_wrong_is_said_at_its_control(house, editor, draft, kind, field, value, at, said):
    url = f"{base(draft)}clauses/H-1.1/rules/new/{kind}/"
    answer = editor.post(url, {"title": "新规则", **NEW[kind], field: value})
    assert answer.status_code == 422
    found = at_of(answer, at)
    assert any(said in f for f in found), found
    assert draft.clauses.get(code="H-1.1").rules.count() == 0


def at_of(answer, at):
    """What is said at a control, or above the form."""
    found = list(answer.context["faults"]) if not at else []

    def look(control):
        if control.get("at") == at:
            found.extend(control["faults"])
        for name in ("fields", "rows"):
            for inner in control.get(name, ()):
                look(inner)
        for name in ("event", "where"):
            if isinstance(control.get(name), dict):
                look(control[name])

    for control in (*answer.context["controls"], *answer.context["more"]):
        look(control)
    return found


def test_a_second_rule_of_the_same_name_needs_another_scope(house, editor, draft):
    url = f"{base(draft)}clauses/H-2.2/rules/new/commitment/"
    form = {"title": "查收", "name": "acceptance", **NEW["commitment"]}
    answer = editor.post(url, form)
    assert (answer.status_code, "when 须不同" in text_of(answer)) == (422, True)
    assert editor.post(url, form | {"when.0.name": "level", "when.0.values": ["L2"]}).status_code == 302


def test_a_rule_changed_meanwhile_is_shown_and_only_knowingly_replaced(house, editor, draft):
    [url] = rule_urls(editor, draft, "H-2.1")
    mine = filled(editor, url)
    editor.post(url, mine | {"within.n": "20"})
    answer = house.client(house.cast.admin).post(url, mine | {"within.n": "10"})
    assert answer.status_code == 422
    assert "20 分钟内" in text_of(answer)
    assert draft.clauses.get(code="H-2.1").rules.get().body["within"] == "PT20M"
    house.client(house.cast.admin).post(answer.context["url"], mine | {"within.n": "10"})
    assert draft.clauses.get(code="H-2.1").rules.get().body["within"] == "PT10M"


def test_a_rule_is_moved_and_removed(house, editor, draft):
    editor.post(f"{base(draft)}clauses/H-2.2/rules/new/target/", {"title": "满意", **NEW["target"]})
    first, second = rule_urls(editor, draft, "H-2.2")
    editor.post(f"{second}up/")
    names = list(draft.clauses.get(code="H-2.2").rules.order_by("position").values_list("kind", flat=True))
    assert names == ["target", "commitment"]
    editor.post(f"{first}remove/")
    assert draft.clauses.get(code="H-2.2").rules.get().kind == "target"
    assert editor.post(f"{first}remove/").status_code == 409


def test_rows_are_added_and_dropped_with_all_that_was_typed(house, editor, draft):
    url = f"{base(draft)}clauses/H-1.1/rules/new/commitment/"
    typed = {
        "title": "没写完",
        "within.n": "x",
        "when.0.name": "channel",
        "when.0.values": ["phone"],
        "when.1.name": "level",
    }
    answer = editor.post(url, typed | {"_act": "add:when"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="没写完"' in page and 'value="x"' in page
    assert 'name="when.2.name"' in page
    assert "autofocus" in page
    fewer = editor.post(url, typed | {"_act": "drop:when.0"}, headers=HTMX).context["controls"]
    [when] = [c for c in fewer if c["at"] == "when"]
    assert [r["name"] for r in when["rows"]] == ["level"]
    assert draft.edits.count() == 0


def test_what_is_typed_is_read_out(house, editor, draft):
    url = f"{base(draft)}clauses/H-1.1/rules/new/commitment/"
    said = editor.post(url, {"title": "办结", **NEW["commitment"], "_say": "1"}, headers=HTMX)
    assert "自建立工单起，3 个工作日内须解决问题" in text_of(said)
    less = editor.post(url, {"title": "办结", "_say": "1"}, headers=HTMX)
    assert "还差" in text_of(less)


# -- taking back -----------------------------------------------------------------------------------------------------
def test_the_last_change_is_taken_back(house, editor, draft):
    url = f"{base(draft)}clauses/H-2.1/"
    before = draft.source
    clause = draft.clauses.get(code="H-2.1")
    editor.post(url, clause_form(clause, wording="改错了。", seen=editor.get(url).context["seen"]))
    undo = editor.get(url).context["undo"]
    answer = editor.post(undo["url"], {"edit": undo["edit"]})
    assert answer["Location"] == url
    draft.refresh_from_db()
    assert draft.source == before
    assert draft.clauses.get(code="H-2.1").wording == clause.wording
    assert editor.post(undo["url"], {"edit": undo["edit"]}).status_code == 409, "it is gone already"


def test_nobody_takes_back_what_he_has_not_seen(house, editor, draft):
    editor.post(f"{base(draft)}clauses/H-2.1/up/")
    undo = editor.get(f"{base(draft)}clauses/H-2.1/").context["undo"]
    house.client(house.cast.admin).post(f"{base(draft)}clauses/H-2.2/up/")
    assert editor.post(undo["url"], {"edit": undo["edit"]}).status_code == 409
    for wrong in ("", "x", "9" * 40):
        assert editor.post(undo["url"], {"edit": wrong}).status_code == 422


def test_the_questions_of_the_pages_do_not_grow(house, editor, draft):
    few = queries_of(editor, f"{base(draft)}clauses/H-2.1/")
    for n in range(5):
        editor.post(
            f"{base(draft)}clauses/new/",
            {"after": "H-2.2", "id": f"H-9.{n}", "title": "又一条", "wording": "又一条。"},
        )
        editor.post(f"{base(draft)}clauses/H-2.1/rules/new/target/", {"title": f"满意{n}", **NEW["target"]})
    assert queries_of(editor, f"{base(draft)}clauses/H-2.1/") == few


# -- what it would have done -----------------------------------------------------------------------------------------
def tried(client, draft, **changes):
    [url] = rule_urls(client, draft, "H-2.1")
    return client.post(url, filled(client, url) | {"_preview": "1"} | changes, headers=HTMX)


def test_a_changed_limit_is_tried_on_what_has_happened(house, editor, draft):
    day = house.at - timedelta(days=2)
    for minutes in (5, 15, 25, 50):
        case = make_case(f"{minutes} 分钟回的", owner=house.cast.agent, team=house.cast.team, at=day)
        reply_send(case_id=case.pk, text="好的", actor=house.agent, at=day + timedelta(minutes=minutes))
    clocks = Clock.objects.count()
    same = tried(editor, draft).context["said"]
    assert same["drafted"] == same["live"], "the rule as it is in force"
    assert (same["fresh"], same["saved"]) == (0, 0)
    shorter = tried(editor, draft, **{"within.n": "10"})
    said = shorter.context["said"]
    assert said["drafted"]["late"] == said["live"]["late"] + 2 == same["live"]["late"] + 2
    assert (said["fresh"], said["saved"]) == (2, 0)
    assert [c["label"][-7:] for c in said["cases"]] == ["25 分钟回的", "15 分钟回的"]
    assert f"{said['drafted']['late']} 次会超时" in text_of(shorter)
    longer = tried(editor, draft, **{"within.n": "1", "within.u": "PT#H"}).context["said"]
    assert (longer["fresh"], longer["saved"]) == (0, 1)
    assert Clock.objects.count() == clocks, "nothing is written"


def test_the_rule_in_force_replayed_agrees_with_its_clocks(house, editor, draft):
    while loop.fire_due(now()):
        continue
    said = tried(editor, draft).context["said"]["live"]
    mine = Clock.objects.filter(clause_code="H-2.1").exclude(state="cancelled")
    assert said["late"] == mine.filter(state="breached").count()
    assert said["decided"] == mine.filter(state__in=("met", "breached")).count()


def test_a_long_trial_goes_on_where_it_stopped(house, editor, draft, monkeypatch):
    monkeypatch.setattr(previews, "BUDGET", 0)
    monkeypatch.setattr(past, "BATCH", 1)
    whole = tried(editor, draft).context
    parts = 0
    while "token" in whole:
        whole = tried(editor, draft, _state=whole["token"]).context
        parts += 1
        assert parts < 20
    assert parts > 1
    monkeypatch.undo()
    assert whole["said"] == tried(editor, draft).context["said"]


def test_what_cannot_be_tried_says_why(house, editor, draft):
    assert "先把规则写全" in text_of(tried(editor, draft, **{"within.n": ""}))
    assert "时间还没有定" in text_of(tried(editor, draft, **{"within.n": "", "within.u": "unset"}))
    assert "没有日历 nowhere" in text_of(tried(editor, draft, calendar="nowhere"))
    assert "没有发生过" in text_of(tried(editor, draft, **{"from.0.event": "case.merged"}))
