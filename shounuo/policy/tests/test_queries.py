"""Reading policies: who sees what, figures of coverage, what a version changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import queries, services
from shounuo.policy.queries import kept
from shounuo.policy.testing import make_draft, make_in_force, make_shipped, make_text
from shounuo.staff.models import Role
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OPERATOR = Actor.system()


@pytest.fixture
def cast():
    return make_cast()


def test_readers_see_what_was_published_and_drafters_the_drafts_too(cast):
    make_in_force(at=AT)
    make_draft(make_text("T-1", "T-2"), at=AT)
    seen = {
        who: set(queries.visible_to(cast.actor(getattr(cast, who))).values_list("state", flat=True))
        for who in ("agent", "manager", "nobody")
    }
    assert seen == {"agent": {"published"}, "manager": {"published", "draft"}, "nobody": set()}
    assert not queries.visible_to(Actor.customer(1)).exists()
    assert set(queries.visible_to(OPERATOR).values_list("state", flat=True)) == {"published", "draft"}


def test_one_version_is_found_only_by_those_who_may_see_it(cast):
    draft = make_draft(at=AT)
    assert queries.version_of(cast.actor(cast.manager), draft.pk) == draft
    with pytest.raises(NotFound):
        queries.version_of(cast.actor(cast.agent), draft.pk)


def test_the_list_of_policies_tells_what_runs_and_what_comes(cast):
    first = make_in_force(at=AT)
    coming = make_draft(make_text("T-1", "T-2"), at=AT)
    services.version_submit(version_id=coming.pk, actor=OPERATOR, at=AT)
    services.version_approve(version_id=coming.pk, actor=OPERATOR, at=AT)
    services.version_publish(version_id=coming.pk, effective_at=AT + HOUR, actor=OPERATOR, at=AT)
    draft = make_draft(make_text("T-3"), at=AT)
    [row] = queries.policies(cast.actor(cast.manager), AT)
    assert (row.current, row.coming, row.draft, row.clauses) == (first, coming, draft, 1)
    [row] = queries.policies(cast.actor(cast.agent), AT + HOUR)
    assert (row.current, row.coming, row.draft, row.clauses) == (coming, None, None, 2)
    assert queries.policies(cast.actor(cast.nobody), AT) == []


def test_clauses_in_force_in_the_order_of_the_documents(cast):
    make_in_force(make_text("T-2", "T-1"), at=AT)
    make_in_force(make_text("S-1", code="another"), at=AT)
    rows = queries.clauses_in_force(cast.actor(cast.agent), AT)
    assert [c.code for c in rows] == ["S-1", "T-2", "T-1"]
    assert not queries.clauses_in_force(cast.actor(cast.agent), AT - HOUR).exists()
    assert not queries.clauses_in_force(cast.actor(cast.nobody), AT).exists()


def test_the_number_of_queries_does_not_grow_with_the_clauses(cast, django_assert_num_queries):
    make_shipped("livestock", at=AT)
    agent = cast.actor(cast.agent)
    with django_assert_num_queries(2):
        views = queries.clause_views(queries.clauses_in_force(agent, AT))
    assert len(views) == 28
    with django_assert_num_queries(1):
        queries.policies(agent, AT)


def test_a_clause_tells_its_rules_in_words(cast):
    make_shipped("livestock", at=AT)
    view = queries.clause_view(cast.actor(cast.agent), "REG-2.2.1", AT)
    assert (view.title, view.row.number) == ("响应及时", "2.2.1")
    assert view.chapters == [("2", "服务原则与标准"), ("2.2", "服务标准")]
    assert view.rules[0].title == "首次响应"
    assert view.rules[0].sentence == "自收到客户消息起，30 分钟内须发出回复（含自动回执）或接通电话"
    assert view.rules[0].details[:2] == ["主渠道：电话、在线客服、工作邮箱", "按服务时间计时"]
    with translation.override("en"):
        view = queries.clause_view(cast.actor(cast.agent), "REG-2.2.1", AT)
    assert (view.title, view.rules[0].title) == ("Timely response", "First response")
    assert view.wording.startswith("Enquiries or requests")


def test_a_rule_that_borrows_a_due_time_names_the_other_by_its_title(cast):
    make_shipped("livestock", at=AT)
    actor = cast.actor(cast.agent)
    told = [r.sentence for r in queries.clause_view(actor, "REG-2.2.2", AT).rules]
    assert "自建立工单起，须在“方案或初步诊断”到期前先行告知客户延期" in told
    listed = queries.clause_views(queries.clauses_in_force(actor, AT))
    assert [r.sentence for v in listed if v.row.code == "REG-2.2.2" for r in v.rules] == told


def test_a_clause_out_of_force_is_not_found(cast):
    make_in_force(at=AT)
    for who, code in (("agent", "T-2"), ("nobody", "T-1")):
        with pytest.raises(NotFound):
            queries.clause_view(cast.actor(getattr(cast, who)), code, AT)


def test_coverage_counts_clauses_by_the_best_of_their_rules():
    waiting = "      - {commitment: x, subject: crisis, from: crisis.declared, until: crisis.handled, within: PT1H}\n"
    shown = "      - {cadence: y, activity: a, every: unset}\n"
    version = make_in_force(make_text("T-1", "T-2", rules=waiting + shown), at=AT)
    none = make_text("S-1", code="bare").partition("    rules:")[0]
    bare = make_in_force(none, at=AT)
    figures = queries.coverage([*queries.clauses_of(version), *queries.clauses_of(bare)])
    assert (figures.clauses, figures.live, figures.waiting, figures.shown, figures.none) == (3, 0, 2, 0, 1)
    assert figures.codes["none"] == ["S-1"]
    assert figures.rules == {"live": 0, "waiting": 2, "shown": 2}
    assert figures.gaps == 2


def test_a_diff_tells_clause_by_clause_what_changes():
    before = make_in_force(make_text("T-1", "T-2"), at=AT)
    text = make_text("T-1", "T-3").replace("PT30M", "PT15M", 1).replace("三十分钟", "十五分钟", 1)
    changes = queries.diff(before, make_draft(text, at=AT))
    assert [(c.code, c.change) for c in changes] == [("T-1", "changed"), ("T-3", "added"), ("T-2", "removed")]
    first = changes[0]
    assert first.fields == {"wording": ("三十分钟内须有首次响应。", "十五分钟内须有首次响应。")}
    assert [(r.name, r.change, r.fields) for r in first.rules] == [
        ("first-response", "changed", {"within": ("PT30M", "PT15M")})
    ]
    assert [(r.name, r.change) for r in changes[1].rules] == [("first-response", "added")]
    assert [(r.name, r.change) for r in changes[2].rules] == [("first-response", "removed")]


def test_a_diff_pairs_rules_of_one_name_by_whom_they_bind():
    rule = (
        "      - {{commitment: r, subject: case, from: case.opened, until: case.resolved, "
        "within: {within}, when: {{level: {level}}}}}\n"
    )
    old = "".join(rule.format(level=x, within=t) for x, t in (("L1", "PT5M"), ("L2", "PT15M")))
    new = "".join(
        rule.format(level=x, within=t) for x, t in (("L2", "PT10M"), ("L1", "PT5M"), ("L3", "PT30M"))
    )
    before = make_in_force(make_text(rules=old), at=AT)
    [clause] = queries.diff(before, make_draft(make_text(rules=new), at=AT))
    assert [(r.change, r.fields) for r in clause.rules] == [
        ("changed", {"within": ("PT15M", "PT10M")}),
        ("added", {}),
    ]


def test_equal_versions_have_no_diff():
    before = make_in_force(at=AT)
    assert queries.diff(before, make_draft(at=AT)) == []


def test_rules_in_force_of_one_kind():
    make_shipped("livestock", at=AT)
    found = queries.rules_in_force("record", AT)
    assert ("REG-3.2.2", "options") in {(row.clause.code, rule.name) for row, rule in found}
    assert queries.rules_in_force("record", AT - HOUR) == []


def test_the_kept_share_comes_from_whoever_registered(monkeypatch):
    monkeypatch.setattr(kept, "_provider", None)
    assert queries.kept_of(["T-1"], AT) == {"T-1": None}
    assert queries.now_of(["T-1"]) == {"T-1": None}
    owed = {"running": 3, "overdue": 1, "at_risk": 0}
    queries.register_kept(lambda codes, at: {"T-1": {"week": {"share": 0.97}}}, lambda codes: {"T-1": owed})
    assert queries.now_of(["T-1", "T-2"]) == {"T-1": owed, "T-2": None}
    assert queries.kept_of(["T-1", "T-2"], AT) == {"T-1": {"week": {"share": 0.97}}, "T-2": None}
    assert (queries.kept_of([], AT), queries.now_of([])) == ({}, {})
    with pytest.raises(RuntimeError):
        queries.register_kept(lambda codes, at: {}, lambda codes: {})


def test_a_policy_is_a_subject_whose_drafts_stay_with_their_drafters(cast):
    draft = make_draft(at=AT)
    subject, id = subjects.get("policy"), draft.policy_id
    assert subject.visible_ids(cast.actor(cast.agent), [id]) == set()
    assert subject.visible_ids(cast.actor(cast.manager), [id]) == {id}
    make_in_force(at=AT)
    assert subject.visible_ids(cast.actor(cast.agent), [id]) == {id}
    assert subject.visible_ids(cast.actor(cast.nobody), [id]) == set()
    assert subject.facts([id]) == {id: {"code": "test"}}
    assert subject.label([id]) == {id: "测试规定"}
    assert subject.people(id).owner_id is None
    assert subject.url(id)


def test_the_roles_that_live_rules_set_to_work_and_nobody_holds(db):
    cast = make_cast()
    rules = """      - {authority: revision, grant: policy_revision, who: management, per: organisation}
      - {authority: refund, grant: compensation, who: manager, approver: finance}
      - {record: award, title: 评奖, subject: case, fields: [solution], before: case.resolved, owner: hr}
      - commitment: first-response
        subject: case
        from: case.opened
        until: interaction.sent
        within: PT30M
        escalate: [{at: 100%, to: owner_supervisor}, {at: 150%, to: "role:general_manager"}]
"""
    version = make_in_force(make_text("N-1", "N-2", rules=rules), at=AT)
    found = queries.roles_lacking(version)
    assert {it.code: (it.exists, it.clauses) for it in found} == {
        "management": (False, ("N-1", "N-2")),
        "finance": (False, ("N-1", "N-2")),
        "general_manager": (False, ("N-1", "N-2")),
    }
    board = Role.objects.create(code="management", name="公司管理层")
    assert next(it.exists for it in queries.roles_lacking(version) if it.code == "management")
    cast.manager.roles.add(board)
    assert "management" not in {it.code for it in queries.roles_lacking(version)}
    cast.manager.is_active = False
    cast.manager.save()
    assert {"management", "manager"} <= {it.code for it in queries.roles_lacking(version)}, (
        "who left holds nothing"
    )
