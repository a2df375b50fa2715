"""Clauses and rules in forms: every shipped rule goes into its form and comes out the same; changes and undoing."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotAllowed, NotFound
from shounuo.policy import packs, services
from shounuo.policy.editing import sheets
from shounuo.policy.editing.changes import (
    ClauseMove,
    HeadSet,
    Moved,
    RuleSet,
    mark_of_head,
    mark_of_rule,
    next_id,
)
from shounuo.policy.editing.flat import Context, rows, scalar, scalar_text, split
from shounuo.policy.proposing import propose
from shounuo.policy.proposing.measure import all_gold
from shounuo.policy.queries import pack_of
from shounuo.policy.reading import PackInvalid, read_pack, read_rule_plain
from shounuo.policy.services.editing import MOST_UNDONE, next_label
from shounuo.policy.testing import make_draft, make_in_force, make_text
from shounuo.policy.tests.full import EXTRA, FULL
from shounuo.policy.vocabulary import current
from shounuo.policy.writing import rule_body

AT = datetime(2026, 10, 12, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
SYSTEM = Actor.system()


def context(pack, clause, rule):
    return Context(current(), pack, getattr(rule, "subject", ""), covers=clause.covers, rule=rule.name)


@pytest.mark.parametrize("file", packs.files(), ids=lambda p: p.stem)
def test_every_shipped_rule_comes_out_of_its_form_as_it_went_in(file):
    pack = read_pack(file.read_text(encoding="utf-8"), file.name)
    for clause, rule in pack.rules():
        around = context(pack, clause, rule)
        got, sheet = sheets.understood(rule.kind, sheets.filled(rule, around), around, clause.id)
        assert got == rule, (clause.id, rule.name, sheet.faults)


@pytest.mark.parametrize("gold", all_gold(), ids=lambda g: g.name)
def test_every_proposed_rule_opens_in_its_form_and_loses_nothing_there(gold):
    vocabulary, pack = current(), read_pack(make_text("REG-1"), "x")
    for proposal in propose(gold.text).proposals:
        around = Context(vocabulary, pack, str(proposal.rule.get("subject", "")))
        flat = sheets.filled_plain(proposal.kind, proposal.rule, around)
        got, sheet = sheets.understood(proposal.kind, flat, around, proposal.clause)
        try:
            meant = read_rule_plain(proposal.rule, proposal.clause, vocabulary)
        except PackInvalid:
            assert got is None and sheet.faults, proposal
        else:
            assert got == meant, (proposal, sheet.faults)


@pytest.mark.parametrize("text", [*FULL.values(), *EXTRA.values()], ids=[*FULL, *EXTRA])
def test_every_field_of_every_kind_has_its_control(text):
    rules = text + (FULL["commitment"] if "due_of" in text else "")
    whole = make_text("REG-1", rules=rules).replace("    rules:\n", "    covers: [REG-1-01]\n    rules:\n")
    pack = read_pack(whole, "x")
    clause, rule = next(pack.rules())
    around = context(pack, clause, rule)
    got, sheet = sheets.understood(rule.kind, sheets.filled(rule, around), around, clause.id)
    assert (got, sheet.faults) == (rule, {})
    known = {"title", "name", *(c.name for c in (*sheets.SHEETS[rule.kind], *sheets.ABOUT))}
    assert set(rule_body(rule)) <= known


@pytest.mark.parametrize("value", ["a", "12", 12, True, "true", "a, b", "甲、乙", "-3", ""])
def test_a_typed_value_is_the_one_that_was_shown(value):
    assert scalar(scalar_text(value)) == (value, str(value).lower() if value is True else str(value))
    assert split(scalar_text(value)) == [scalar_text(value)]


def test_rows_are_numbered_as_they_stand():
    flat = {
        "when.0.name": ["a"],
        "when.10.name": ["b"],
        "when.2.name": ["c"],
        "when.x": [""],
        "whenever.1": [""],
    }
    assert rows(flat, "when") == [0, 2, 10]
    assert rows({f"w.{n}": [""] for n in range(999)}, "w") == list(range(200)), "a form has its measure"
    down = sheets.acted(flat, "down:when.0")
    assert [down[f"when.{n}.name"] for n in range(3)] == [["c"], ["a"], ["b"]]
    for act in ("drop:when.7", "up:when.0", "drop:", "nonsense", "up:x.y"):
        assert rows(sheets.acted(flat, act), "when") == [0, 2, 10] or act == "up:when.0"


@pytest.mark.parametrize(
    ("label", "taken", "next_one"),
    [
        ("1", {"1"}, "2"),
        ("3.2", {"3.2", "3.3"}, "3.4"),
        ("试行", set(), "试行.1"),
        ("2026-9", set(), "2026-10"),
    ],
)
def test_the_next_version_is_called_after_the_last(label, taken, next_one):
    assert next_label(label, taken) == next_one


def test_a_new_clause_follows_those_of_its_chapter():
    pack = read_pack(make_text("T-1.1", "T-1.2", "T-2.1"), "x")
    assert next_id(pack, "") == "T-2.2"
    assert next_id(read_pack(make_text("T-1", "T-2"), "x"), "") == "T-3"


# -- services --------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_change_stands_in_the_source_and_in_the_rows_and_is_told():
    draft = make_draft(make_text("T-1", "T-2"), at=AT)
    services.draft_change(version_id=draft.pk, change=ClauseMove(code="T-2", step=-1), actor=SYSTEM, at=AT)
    draft.refresh_from_db()
    assert [c.id for c in read_pack(draft.source, "x").clauses] == ["T-2", "T-1"]
    assert list(draft.clauses.order_by("position").values_list("code", flat=True)) == ["T-2", "T-1"]
    event = Event.objects.get(kind="policy.edited")
    assert event.payload == {"version": draft.pk, "number": 1, "change": "clause_moved", "clause": "T-2"}


@pytest.mark.django_db
def test_a_change_of_nothing_is_no_change():
    draft = make_draft(at=AT)
    services.draft_change(version_id=draft.pk, change=ClauseMove(code="T-1", step=-1), actor=SYSTEM, at=AT)
    assert draft.edits.count() == 0


@pytest.mark.django_db
def test_the_reason_of_a_return_outlives_an_edit():
    draft = make_draft(make_text("T-1", "T-2"), at=AT)
    services.version_submit(version_id=draft.pk, actor=SYSTEM, at=AT)
    services.version_return(version_id=draft.pk, reason="写清楚", actor=SYSTEM, at=AT)
    services.draft_change(version_id=draft.pk, change=ClauseMove(code="T-2", step=-1), actor=SYSTEM, at=AT)
    draft.refresh_from_db()
    assert draft.note == "写清楚"


@pytest.mark.django_db
def test_only_a_draft_is_changed_and_only_by_who_may():
    live = make_in_force(at=AT)
    with pytest.raises(Conflict):
        services.draft_change(version_id=live.pk, change=ClauseMove(code="T-1", step=1), actor=SYSTEM, at=AT)
    nobody = Actor.customer(1)
    for act in (
        lambda: services.draft_begin(policy_code="test", actor=nobody, at=AT),
        lambda: services.draft_change(version_id=live.pk, change=ClauseMove(code="T-1"), actor=nobody, at=AT),
        lambda: services.draft_undo(version_id=live.pk, edit_id=1, actor=nobody, at=AT),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotFound):
        services.draft_begin(policy_code="nothing", actor=SYSTEM, at=AT)


@pytest.mark.django_db
def test_what_was_not_seen_is_not_overwritten():
    draft = make_draft(at=AT)
    pack = pack_of(draft)
    rule = pack.clauses[0].rules[0]
    with pytest.raises(Moved):
        services.draft_change(
            version_id=draft.pk, change=RuleSet(code="T-1", seen="0" * 16, rule=rule), actor=SYSTEM, at=AT
        )
    head = HeadSet(
        seen="0" * 16, title="x", title_en="", version="2", default_calendar="always", note="", chapters=()
    )
    with pytest.raises(Moved):
        services.draft_change(version_id=draft.pk, change=head, actor=SYSTEM, at=AT)
    assert mark_of_rule(rule) != mark_of_head(pack)


@pytest.mark.django_db
def test_a_draft_goes_back_a_bounded_number_of_steps():
    draft = make_draft(make_text("T-1", "T-2"), at=AT)
    for n in range(MOST_UNDONE + 3):
        services.draft_change(
            version_id=draft.pk,
            change=ClauseMove(code="T-2", step=-1 if n % 2 == 0 else 1),
            actor=SYSTEM,
            at=AT + timedelta(seconds=n),
        )
    assert draft.edits.count() == MOST_UNDONE
    steps = 0
    while (last := draft.edits.order_by("-id").first()) is not None:
        services.draft_undo(version_id=draft.pk, edit_id=last.pk, actor=SYSTEM, at=AT + timedelta(hours=1))
        steps += 1
    assert steps == MOST_UNDONE
