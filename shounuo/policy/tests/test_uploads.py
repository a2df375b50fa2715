"""An uploaded regulation on its way to a draft: proposals kept, decided by people, packed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError

from shounuo.calendars.services import ensure_defaults
from shounuo.events.models import Event
from shounuo.files import queries as files
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.policy import queries, services
from shounuo.policy.editing.changes import Moved
from shounuo.policy.models import PolicyDocument, PolicyVersion, RuleProposal
from shounuo.policy.reading import PackInvalid
from shounuo.policy.schema import Commitment, EventSpec
from shounuo.policy.services.proposals import mark_of_proposal
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
TEXT = """清源供水服务规定

一、响应
（一）接到投诉后，应在30分钟内响应。
（二）仓库收货确认后，3个工作日内完成退款。

二、管理
（一）客服主管每月组织一次业务培训。
（二）本规定由客服部解释。
"""

REFUND = Commitment(
    name="refund",
    subject="case",
    starts=(EventSpec("case.opened"),),
    until=(EventSpec("case.resolved"),),
    within=Span.parse("P3BD"),
)


@pytest.fixture
def cast(db):
    ensure_defaults(zone="Asia/Shanghai", at=AT)
    return make_cast()


@pytest.fixture
def editor(cast):
    return cast.actor(cast.manager)


def upload(actor, text=TEXT, **more):
    return services.document_upload(data=text.encode(), name="规定.txt", actor=actor, at=AT, **more)


def by_kind(document):
    return {
        p.kind if p.kind != "commitment" else f"commitment {p.clause}": p for p in document.proposals.all()
    }


def test_an_upload_is_kept_with_its_file_its_clauses_and_its_proposals(editor):
    document = upload(editor)
    assert document.title == "清源供水服务规定"
    assert (document.code, document.prefix) == ("qing-yuan-gong-shui-fu-wu-gui-ding", "QYGSFW")
    assert [c["number"] for c in document.clauses] == ["1.1", "1.2", "2.1", "2.2"]
    assert [(p.clause, p.kind, p.state) for p in queries.proposals_of(document)] == [
        ("1.1", "commitment", "proposed"),
        ("1.2", "commitment", "proposed"),
        ("2.1", "cadence", "proposed"),
    ]
    file = files.of_subject("policy_document", document.pk, internal=True).get()
    assert files.content(files.get(editor, file.pk)) == TEXT.encode()
    event = Event.objects.get(kind="policy.document_added")
    assert event.payload == {"clauses": 4, "rules": 3}


def test_the_same_file_for_the_same_policy_is_the_document_that_is_there(editor):
    assert upload(editor) == upload(editor)
    assert upload(editor, code="other") != upload(editor)
    assert RuleProposal.objects.count() == 6


def test_who_may_not_draft_uploads_nothing_and_sees_nothing(cast, editor):
    outsider = cast.actor(cast.agent)
    document = upload(editor)
    with pytest.raises(NotAllowed):
        upload(outsider, TEXT + "x")
    assert not queries.documents(outsider)
    with pytest.raises(NotFound):
        queries.document_of(outsider, document.pk)
    with pytest.raises(NotFound):
        queries.proposal_of(outsider, document.proposals.first().pk)
    file = files.of_subject("policy_document", document.pk, internal=True).get()
    with pytest.raises(NotFound):
        files.get(outsider, file.pk)
    proposal = document.proposals.first()
    for act in (services.proposal_accept, services.proposal_reject, services.proposal_reopen):
        with pytest.raises(NotAllowed):
            act(proposal_id=proposal.pk, actor=outsider, at=AT)
    with pytest.raises(NotAllowed):
        services.proposal_fill(proposal_id=proposal.pk, values={}, actor=outsider, at=AT)
    with pytest.raises(NotAllowed):
        services.proposal_edit(proposal_id=proposal.pk, rule=REFUND, actor=outsider, at=AT)
    for act in (services.proposals_accept, services.proposals_accept_sure, services.document_remove):
        with pytest.raises(NotAllowed):
            act(document_id=document.pk, actor=outsider, at=AT)


def test_an_act_on_a_proposal_that_moved_since_it_was_seen_is_refused(editor):
    proposal = upload(editor).proposals.first()
    seen = mark_of_proposal(proposal)
    acts = (services.proposal_accept, services.proposal_reject, services.proposal_reopen)
    services.proposal_reject(proposal_id=proposal.pk, seen=seen, actor=editor, at=AT)
    services.proposal_reopen(proposal_id=proposal.pk, actor=editor, at=AT)
    assert mark_of_proposal(RuleProposal.objects.get(pk=proposal.pk)) == seen, "nothing is otherwise"
    services.proposal_accept(proposal_id=proposal.pk, seen=seen, actor=editor, at=AT)
    for act in acts:
        with pytest.raises(Moved):
            act(proposal_id=proposal.pk, seen=seen, actor=editor, at=AT)
    with pytest.raises(Moved):
        services.proposal_fill(proposal_id=proposal.pk, values={}, seen=seen, actor=editor, at=AT)
    with pytest.raises(Moved):
        services.proposal_edit(proposal_id=proposal.pk, rule=REFUND, seen=seen, actor=editor, at=AT)
    assert RuleProposal.objects.get(pk=proposal.pk).state == "accepted"


def test_a_proposal_is_accepted_rejected_and_taken_up_again(editor):
    proposal = upload(editor).proposals.first()
    services.proposal_accept(proposal_id=proposal.pk, actor=editor, at=AT)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by_id) == ("accepted", editor.person_id)
    services.proposal_reject(proposal_id=proposal.pk, actor=editor, at=AT)
    services.proposal_reopen(proposal_id=proposal.pk, actor=editor, at=AT)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_at) == ("proposed", None)
    told = Event.objects.filter(kind="policy.proposal_decided").order_by("seq")
    assert [(e.payload["was"], e.payload["state"]) for e in told] == [
        ("proposed", "accepted"),
        ("accepted", "rejected"),
        ("rejected", "proposed"),
    ]


def test_a_proposal_with_a_gap_is_not_accepted_until_a_person_fills_it(editor):
    proposal = by_kind(upload(editor))["commitment 1.2"]
    with pytest.raises(PackInvalid) as refused:
        services.proposal_accept(proposal_id=proposal.pk, actor=editor, at=AT)
    assert {e.field for e in refused.value.errors} == {"from", "until"}
    unknown = replace(REFUND, starts=(EventSpec("case.opend"),))
    with pytest.raises(PackInvalid) as refused:
        services.proposal_edit(proposal_id=proposal.pk, rule=unknown, actor=editor, at=AT)
    assert [e.field for e in refused.value.errors] == ["from"]
    assert "case.opened" in str(refused.value)
    services.proposal_edit(proposal_id=proposal.pk, rule=REFUND, actor=editor, at=AT)
    proposal.refresh_from_db()
    assert proposal.state == "edited"
    assert proposal.final == {
        "kind": "commitment",
        "body": {"subject": "case", "from": "case.opened", "until": "case.resolved", "within": "P3BD"},
    }
    assert proposal.body["within"] == "P3BD"  # what was proposed stays


def test_gaps_are_filled_with_an_event_each_and_nothing_else_is_touched(editor):
    proposal = by_kind(upload(editor))["commitment 1.2"]
    with pytest.raises(PackInvalid) as refused:
        services.proposal_fill(
            proposal_id=proposal.pk, values={"from": "case.accepted", "within": "PT1M"}, actor=editor, at=AT
        )
    assert [e.field for e in refused.value.errors] == ["until"]
    values = {"from": "case.accepted", "until": "case.resolved", "within": "PT1M", "x": "y"}
    services.proposal_fill(proposal_id=proposal.pk, values=values, actor=editor, at=AT)
    proposal.refresh_from_db()
    assert proposal.state == "edited"
    assert proposal.final["body"] | {"title": ""} == {
        "title": "",
        "subject": "case",
        "from": "case.accepted",
        "until": "case.resolved",
        "within": "P3BD",
    }


def test_all_sure_ones_are_accepted_at_once_and_gaps_stay_open(editor):
    document = upload(editor)
    assert services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT) == 2
    assert [p.state for p in queries.proposals_of(document)] == ["accepted", "proposed", "accepted"]
    assert services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT) == 0


def test_accepted_rules_make_a_draft_with_every_clause(editor):
    document = upload(editor)
    with pytest.raises(Invalid):
        services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT)
    version = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    assert (version.state, version.title, version.policy.code) == ("draft", "清源供水服务规定", document.code)
    clauses = {c.code: c for c in queries.clauses_of(version)}
    assert list(clauses) == [f"QYGSFW-{n}" for n in ("1.1", "1.2", "2.1", "2.2")]
    assert clauses["QYGSFW-1.1"].wording == "接到投诉后，应在30分钟内响应。"
    assert clauses["QYGSFW-1.1"].chapter == [["1", "响应", ""]]
    assert [r.kind for r in clauses["QYGSFW-1.1"].rules.all()] == ["commitment"]
    assert not clauses["QYGSFW-2.2"].rules.all()
    document.refresh_from_db()
    assert document.version == version


def test_deciding_on_replaces_the_draft_made_before(editor):
    document = upload(editor)
    services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT)
    first = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    cadence = by_kind(document)["cadence"]
    services.proposal_reject(proposal_id=cadence.pk, actor=editor, at=AT)
    second = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    assert not PolicyVersion.objects.filter(pk=first.pk).exists()
    assert second.number == first.number + 1
    assert [r.kind for c in queries.clauses_of(second) for r in c.rules.all()] == ["commitment"]


def test_a_policy_in_force_is_extended_and_its_own_clauses_stay(editor):
    make_in_force(make_text("W-1", "W-2.1", code="water"), at=AT)
    document = upload(editor, code="water")
    assert document.prefix == "W"
    services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT)
    version = services.proposals_accept(document_id=document.pk, actor=editor, at=AT + timedelta(hours=1))
    clauses = {c.code: c for c in queries.clauses_of(version)}
    assert set(clauses) == {"W-1", "W-2.1", "W-1.1", "W-1.2", "W-2.2"}
    assert clauses["W-1"].wording == "三十分钟内须有首次响应。"
    assert clauses["W-2.1"].wording == "客服主管每月组织一次业务培训。"
    assert [r.kind for r in clauses["W-2.1"].rules.all()] == ["commitment", "cadence"]
    assert version.title == "测试规定"


def test_two_rules_of_one_name_in_a_clause_get_names_of_their_own(editor):
    document = upload(editor, "服务规定\n第一条 客户投诉1个工作日内答复。客户投诉1小时内回复。\n")
    for proposal in document.proposals.all():
        services.proposal_edit(
            proposal_id=proposal.pk, rule=replace(REFUND, name="same"), actor=editor, at=AT
        )
    version = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    assert [r.name for c in queries.clauses_of(version) for r in c.rules.all()] == ["same", "same-2"]


def test_lines_that_a_scanner_broke_are_whole_again_in_the_draft(editor):
    text = "服务规定\n" + "".join(
        f"第{n}条 收到客户投诉以后，客服专员应在30分\n钟内响应客户，并在三个工作日之内提\n出处理方案。\n"
        for n in "一二三"
    )
    document = upload(editor, text)
    services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT)
    version = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    clause = queries.clauses_of(version)[0]
    assert (
        clause.wording == "收到客户投诉以后，客服专员应在30分钟内响应客户，并在三个工作日之内提出处理方案。"
    )


def test_an_upload_is_removed_with_its_proposals_and_its_draft_stays(editor):
    document = upload(editor)
    services.proposals_accept_sure(document_id=document.pk, actor=editor, at=AT)
    version = services.proposals_accept(document_id=document.pk, actor=editor, at=AT)
    services.document_remove(document_id=document.pk, actor=editor, at=AT)
    assert not PolicyDocument.objects.exists() and not RuleProposal.objects.exists()
    assert PolicyVersion.objects.filter(pk=version.pk).exists()
    with pytest.raises(NotFound):
        services.document_remove(document_id=document.pk, actor=editor, at=AT)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"code": "Not A Code"}, "code"), ({"prefix": "a1"}, "prefix"), ({"prefix": "TOOLONGPREFIX"}, "prefix")],
)
def test_a_code_that_cannot_be_one_is_refused_at_its_field(editor, more, field):
    with pytest.raises(Invalid) as refused:
        upload(editor, **more)
    assert refused.value.field == field
    assert not PolicyDocument.objects.exists()


def test_a_decision_has_its_moment(editor):
    proposal = upload(editor).proposals.first()
    with pytest.raises(IntegrityError):
        RuleProposal.objects.filter(pk=proposal.pk).update(state="accepted")
