"""From a text to a draft, and into review."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import PurePath

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.text import clean
from shounuo.policy import events, permissions
from shounuo.policy.models import Clause, Policy, PolicyVersion, Rule
from shounuo.policy.reading import read_pack
from shounuo.policy.schema import Pack
from shounuo.policy.services import review
from shounuo.policy.services.common import State, locked, need, told, words
from shounuo.policy.standing import standing_of
from shounuo.policy.vocabulary import Vocabulary
from shounuo.policy.writing import evidence_plain, practice_plain, rule_body

LONGEST_NOTE = 2000


def version_import(*, text: str, file_name: str, actor: Actor, at: datetime) -> PolicyVersion:
    """Makes a draft of a pack. The same text as an open draft of the same pack is that draft, nothing is written.

    Needs policy.edit. Raises PackInvalid with every error of the file; publishes policy.imported.
    """
    need(actor, permissions.EDIT)
    file_name = PurePath(file_name.replace("\\", "/")).name[:200] or "pack.yaml"
    vocabulary = words()
    pack = read_pack(text, file_name, vocabulary)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        policy, _created = Policy.objects.get_or_create(
            code=pack.code, defaults={"title": pack.title, "created_at": at}
        )
        policy = Policy.objects.select_for_update().get(pk=policy.pk)
        same = policy.versions.filter(state=State.DRAFT, checksum=checksum).order_by("-number").first()
        if same is not None:
            return same
        policy.last_number += 1
        policy.save(update_fields=["last_number"])
        version = PolicyVersion.objects.create(
            policy=policy,
            number=policy.last_number,
            label=pack.version,
            title=pack.title,
            title_en=pack.title_en,
            default_calendar=pack.default_calendar,
            source=text,
            file_name=file_name,
            checksum=checksum,
            note=pack.note,
            not_built=dict(pack.not_built),
            created_at=at,
            created_by_id=actor.person_id,
        )
        clauses_write(version, pack, vocabulary)
        publish([told(events.IMPORTED, version, actor, at)])
    return version


def clauses_write(version: PolicyVersion, pack: Pack, vocabulary: Vocabulary) -> None:
    """The rows of a pack's clauses and rules, as they stand among the words of now; in the transaction of the version."""
    clauses = Clause.objects.bulk_create(
        Clause(
            version=version,
            code=c.id,
            number=c.number,
            title=c.title,
            title_en=c.title_en,
            wording=c.wording,
            wording_en=c.wording_en,
            source=c.source,
            chapter=pack.path(c),
            position=position,
            covers=list(c.covers),
            practices=[practice_plain(p) for p in c.practices],
            evidence=[evidence_plain(e) for e in c.evidence],
        )
        for position, c in enumerate(pack.clauses, 1)
    )
    rules = []
    for clause, row in zip(pack.clauses, clauses, strict=True):
        for position, rule in enumerate(clause.rules, 1):
            standing = standing_of(rule, vocabulary)
            rules.append(
                Rule(
                    clause=row,
                    kind=rule.kind,
                    name=rule.name,
                    title=rule.title,
                    title_en=rule.title_en,
                    position=position,
                    body=rule_body(rule),
                    covers=list(rule.covers),
                    gaps=list(rule.gaps),
                    status=standing.status,
                    waiting_for=list(standing.waiting_for),
                )
            )
    Rule.objects.bulk_create(rules)


def version_submit(*, version_id: int, actor: Actor, at: datetime) -> PolicyVersion:
    """Puts a draft before those who approve, for whom a duty waits. Needs policy.edit; publishes policy.submitted."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        version = locked(version_id, State.DRAFT)
        version.state = State.IN_REVIEW
        version.submitted_at, version.submitted_by_id = at, actor.person_id
        version.save(update_fields=["state", "submitted_at", "submitted_by"])
        publish([told(events.SUBMITTED, version, actor, at)])
        review.ask(version, actor, at)
    return version


def version_return(*, version_id: int, reason: str, actor: Actor, at: datetime) -> PolicyVersion:
    """Sends a version under review or approved back to its drafters with a reason, which is kept in its note.

    Needs policy.approve, or policy.edit for one's own; while it is under review also for who stands in for one that approves.
    Raises Invalid without a reason; publishes policy.returned.
    """
    reason = clean(reason).strip()
    if not 1 <= len(reason) <= LONGEST_NOTE:
        raise Invalid(_("请写明退回的理由，最多 %(max)s 字") % {"max": LONGEST_NOTE}, field="reason")
    with transaction.atomic():
        version = locked(version_id, State.IN_REVIEW, State.APPROVED)
        if not review.may_return(version, actor, at):
            raise NotAllowed(_("您没有做这件事的权限"))
        version.state = State.DRAFT
        version.submitted_at = version.approved_at = None
        version.submitted_by = version.approved_by = version.approved_for = None
        version.note = f"{version.note}\n{reason}".strip()
        version.save(
            update_fields=[
                "state",
                "submitted_at",
                "approved_at",
                "submitted_by",
                "approved_by",
                "approved_for",
                "note",
            ]
        )
        review.call_off(version, gettext("已退回起草人"), at)
        publish([told(events.RETURNED, version, actor, at)])
    return version


def version_discard(*, version_id: int, actor: Actor, at: datetime) -> None:
    """Deletes a version that was never published; its number is not given again. Needs policy.edit; publishes
    policy.discarded."""
    need(actor, permissions.EDIT)
    with transaction.atomic():
        version = locked(version_id, State.DRAFT, State.IN_REVIEW, State.APPROVED)
        review.call_off(version, gettext("草案已作废"), at)
        publish([told(events.DISCARDED, version, actor, at)])
        version.delete()
