"""What people decide about proposed rules, and the draft that the accepted ones make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.policy import events, permissions
from shounuo.policy.editing.changes import Moved, mark
from shounuo.policy.models import PolicyVersion, RuleProposal
from shounuo.policy.proposing import packing
from shounuo.policy.reading import PackInvalid, read_pack, read_rule_plain
from shounuo.policy.schema import AnyRule, Pack
from shounuo.policy.services.common import State as VersionState
from shounuo.policy.services.common import need, words
from shounuo.policy.services.drafts import version_discard, version_import
from shounuo.policy.services.uploads import SUBJECT, locked_document
from shounuo.policy.vocabulary import TRUSTED
from shounuo.policy.writing import dump, rule_body, rule_plain

State = RuleProposal.State
SURE = 90


def mark_of_proposal(row: RuleProposal) -> str:
    """What a person who decides saw: the proposal as it reads, and what was decided about it until then. Every act on one
    proposal takes it as `seen` and raises Moved where the proposal is no longer so; without it the act is done whatever
    stands there."""
    return mark([row.state, plain_of(row), row.final_name, row.final, row.decided_at, row.decided_by_id])


def proposal_accept(*, proposal_id: int, seen: str | None = None, actor: Actor, at: datetime) -> RuleProposal:
    """Takes a proposal as it stands. Needs policy.edit. Raises PackInvalid with what is missing for one with gaps that a
    pack cannot leave open, and Moved; publishes policy.proposal_decided."""
    need(actor, permissions.EDIT)
    vocabulary = words()
    with transaction.atomic():
        row = _locked(proposal_id, seen)
        read_rule_plain(plain_of(row), row.clause, vocabulary)
        return _decide([row], State.ACCEPTED, actor, at)[0]


def proposal_edit(
    *, proposal_id: int, rule: AnyRule, seen: str | None = None, actor: Actor, at: datetime
) -> RuleProposal:
    """Takes the rule that a person made of a proposal; it may be of another kind.

    Needs policy.edit. Raises PackInvalid when it no longer fits what the installation knows, and Moved; publishes
    policy.proposal_decided.
    """
    need(actor, permissions.EDIT)
    vocabulary = words()
    with transaction.atomic():
        row = _locked(proposal_id, seen)
        rule = read_rule_plain(rule_plain(rule), row.clause, vocabulary)
        row.final_name, row.final = rule.name, {"kind": rule.kind, "body": rule_body(rule)}
        return _decide([row], State.EDITED, actor, at)[0]


def proposal_fill(
    *, proposal_id: int, values: Mapping[str, str], seen: str | None = None, actor: Actor, at: datetime
) -> RuleProposal:
    """Takes a proposal with its gaps filled by a person: field -> code of an event or role. Other fields are not touched.

    Needs policy.edit. Raises PackInvalid with what is still missing or wrong, and Moved; publishes
    policy.proposal_decided.
    """
    need(actor, permissions.EDIT)
    vocabulary = words()
    with transaction.atomic():
        row = _locked(proposal_id, seen)
        filled = {name: value for name, value in values.items() if name in row.gaps and value}
        rule = read_rule_plain({**plain_of(row), **filled}, row.clause, vocabulary)
        row.final_name, row.final = rule.name, {"kind": rule.kind, "body": rule_body(rule)}
        return _decide([row], State.EDITED, actor, at)[0]


def proposal_reject(*, proposal_id: int, seen: str | None = None, actor: Actor, at: datetime) -> RuleProposal:
    """Leaves a proposal out. Needs policy.edit. Raises Moved; publishes policy.proposal_decided."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        return _decide([_locked(proposal_id, seen)], State.REJECTED, actor, at)[0]


def proposal_reopen(*, proposal_id: int, seen: str | None = None, actor: Actor, at: datetime) -> RuleProposal:
    """Takes a decision back. Needs policy.edit. Raises Moved; publishes policy.proposal_decided."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        return _decide([_locked(proposal_id, seen)], State.PROPOSED, actor, at)[0]


def proposals_accept_sure(*, document_id: int, actor: Actor, at: datetime) -> int:
    """Accepts every open proposal of an upload that the wording says itself (at least SURE percent, no gap that a pack
    cannot leave open). Needs policy.edit; returns how many; publishes policy.proposal_decided for each."""
    need(actor, permissions.EDIT)
    vocabulary = words()
    with transaction.atomic():
        document = locked_document(document_id)
        rows = []
        for row in document.proposals.select_for_update().filter(state=State.PROPOSED, confidence__gte=SURE):
            try:
                read_rule_plain(plain_of(row), row.clause, vocabulary)
            except PackInvalid:
                continue  # it stays open for a person to complete
            rows.append(row)
        return len(_decide(rows, State.ACCEPTED, actor, at))


def proposals_accept(*, document_id: int, actor: Actor, at: datetime) -> PolicyVersion:
    """Makes a draft of an upload's clauses with the rules that people accepted or edited.

    Where the policy exists, its newest draft (else what is in force, else its newest version) is taken over and these
    clauses go into it; the draft made of this upload before is discarded. Needs policy.edit. Raises Invalid when
    nothing is accepted yet, PackInvalid when the whole does not fit together; publishes policy.imported and
    policy.document_drafted.
    """
    need(actor, permissions.EDIT)
    with transaction.atomic():
        document = locked_document(document_id)
        rules: dict[str, list[AnyRule]] = defaultdict(list)
        count = 0
        taken = document.proposals.filter(state__in=(State.ACCEPTED, State.EDITED)).order_by("position")
        vocabulary = words()
        for row in taken:
            rules[row.clause].append(read_rule_plain(final_plain(row), row.clause, vocabulary))
            count += 1
        if not count:
            raise Invalid(_("还没有采纳任何规则"), code="nothing_accepted")
        earlier = document.version
        if earlier is not None and earlier.state == VersionState.DRAFT:
            document.version = None
            document.save(update_fields=["version"])
            version_discard(version_id=earlier.pk, actor=actor, at=at)
        base, label = _base(document.code)
        pack = packing.packed(
            code=document.code,
            title=document.title,
            prefix=document.prefix,
            version=label,
            text=document.text,
            wrapped=document.wrapped,
            chapters=document.chapters,
            clauses=document.clauses,
            rules=rules,
            base=base,
        )
        version = version_import(text=dump(pack), file_name=f"{document.code}.yaml", actor=actor, at=at)
        document.version = version
        document.save(update_fields=["version"])
        payload = {"version": version.pk, "rules": count}
        publish([NewEvent(events.DOCUMENT_DRAFTED, (SUBJECT, document.pk), at, actor, payload)])
    return version


def plain_of(row: RuleProposal) -> dict[str, Any]:
    """The rule as it was proposed, kind and name first."""
    return {row.kind: row.name, **row.body}


def final_plain(row: RuleProposal) -> dict[str, Any]:
    """The rule as a person left it: edited, or as proposed."""
    if row.state == State.EDITED and row.final is not None:
        return {row.final["kind"]: row.final_name, **row.final["body"]}
    return plain_of(row)


def _base(code: str) -> tuple[Pack | None, str]:
    """The pack to go on from, None for a new policy, and the label of the version to make."""
    versions = PolicyVersion.objects.filter(policy__code=code).order_by("-number")
    drafts = versions.filter(state=VersionState.DRAFT).first()
    found = drafts or versions.filter(state=VersionState.PUBLISHED).first() or versions.first()
    if found is None:
        return None, "1"
    pack = read_pack(found.source, found.file_name, TRUSTED)
    return pack, pack.version if drafts is not None else str(found.policy.last_number + 1)


def _locked(proposal_id: int, seen: str | None) -> RuleProposal:
    row = RuleProposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None:
        raise NotFound(_("没有这条提议"))
    if seen is not None and seen != mark_of_proposal(row):
        raise Moved(_("这条提议刚被别人定过或改过"))
    return row


def _decide(rows: list[RuleProposal], state: str, actor: Actor, at: datetime) -> list[RuleProposal]:
    happened = []
    for row in rows:
        was, row.state = row.state, state
        if state != State.EDITED:
            row.final_name, row.final = "", None
        row.decided_at = None if state == State.PROPOSED else at
        row.decided_by_id = None if state == State.PROPOSED else actor.person_id
        payload = {"proposal": row.pk, "state": str(state), "was": str(was)}
        happened.append(NewEvent(events.PROPOSAL_DECIDED, (SUBJECT, row.document_id), at, actor, payload))
    RuleProposal.objects.bulk_update(
        rows, ["state", "final_name", "final", "decided_at", "decided_by"], batch_size=500
    )
    publish(happened)
    return rows
